package dev.ipanema.arm.cpu;

import static dev.ipanema.arm.register.SysReg.CTR_EL0;
import static dev.ipanema.arm.register.SysReg.ID_AA64DFR0_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64ISAR0_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64ISAR1_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64ISAR2_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64MMFR0_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64MMFR1_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64MMFR2_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64PFR0_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64PFR1_EL1;

import dev.ipanema.arm.register.Clidr;
import dev.ipanema.arm.register.SysReg;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A feature of the architecture that a model has or lacks and that a user may switch: the value of one field of one
/// identification register.
///
/// A model *has* a feature when the field is at least [#minimum()] (signed where the architecture says so); turning it
/// on
/// raises the field to that value, turning it off lowers it to [#absent()]. So the registers are the only truth.
///
/// Source: Arm ARM DDI 0487, the register descriptions of `ID_AA64*_EL1` and `CTR_EL0`.
public enum CpuFeature {
    /// FEAT_S2FWB: stage 2 can force the write-back attribute.
    FWB(ID_AA64MMFR2_EL1, 40, 4, 1, 0),
    /// Instruction cache invalidation to the point of unification is not needed (`CTR_EL0.DIC`).
    DIC(CTR_EL0, 29, 1, 1, 0),
    /// Data cache clean to the point of unification is not needed (`CTR_EL0.IDC`).
    IDC(CTR_EL0, 28, 1, 1, 0),
    /// FEAT_LSE: single-instruction atomics.
    LSE(ID_AA64ISAR0_EL1, 20, 4, 2, 0),
    /// FEAT_LSE2: unaligned atomicity inside 16 bytes.
    LSE2(ID_AA64MMFR2_EL1, 32, 4, 1, 0),
    /// FEAT_MTE2: memory tagging with tags in memory.
    MTE(ID_AA64PFR1_EL1, 8, 4, 2, 0),
    /// FEAT_LPA2 for the 4 KiB granule: 52-bit addresses (`TGran4`, a signed field).
    LPA2(ID_AA64MMFR0_EL1, 28, 4, 1, 0),
    /// FEAT_LVA: 52-bit virtual addresses with the 64 KiB granule.
    LVA(ID_AA64MMFR2_EL1, 16, 4, 1, 0),
    /// FEAT_PAN.
    PAN(ID_AA64MMFR1_EL1, 20, 4, 1, 0),
    /// FEAT_PAN2: AT S1E1RP and S1E1WP.
    PAN2(ID_AA64MMFR1_EL1, 20, 4, 2, 1),
    /// FEAT_PAN3: PAN can cover pages that EL0 may execute.
    PAN3(ID_AA64MMFR1_EL1, 20, 4, 3, 2),
    /// FEAT_UAO.
    UAO(ID_AA64MMFR2_EL1, 4, 4, 1, 0),
    /// FEAT_HAFDBS: hardware update of the access flag (1) and of the dirty state (2).
    HAFDBS(ID_AA64MMFR1_EL1, 0, 4, 2, 0),
    /// FEAT_VMID16.
    VMID16(ID_AA64MMFR1_EL1, 4, 4, 2, 0),
    /// FEAT_XNX: execute-never by exception level at stage 2.
    XNX(ID_AA64MMFR1_EL1, 28, 4, 1, 0),
    /// FEAT_HPDS: hierarchical permissions can be disabled.
    HPDS(ID_AA64MMFR1_EL1, 12, 4, 1, 0),
    /// FEAT_TTST: small translation tables.
    TTST(ID_AA64MMFR2_EL1, 28, 4, 1, 0),
    /// FEAT_LOR: limited ordering regions.
    LOR(ID_AA64MMFR1_EL1, 16, 4, 1, 0),
    /// FEAT_TLBIOS: outer-shareable TLB maintenance.
    TLBIOS(ID_AA64ISAR0_EL1, 56, 4, 1, 0),
    /// FEAT_TLBIRANGE: TLB maintenance by range.
    TLBIRANGE(ID_AA64ISAR0_EL1, 56, 4, 2, 1),
    /// FEAT_TTL: level hint in TLB maintenance.
    TTL(ID_AA64MMFR2_EL1, 48, 4, 1, 0),
    /// FEAT_FP: floating point (a signed field); a processor has it with Advanced SIMD or neither.
    FP(ID_AA64PFR0_EL1, 16, 4, 0, -1),
    /// FEAT_AdvSIMD.
    ADVSIMD(ID_AA64PFR0_EL1, 20, 4, 0, -1),
    /// FEAT_FP16: half-precision data processing.
    FP16(ID_AA64PFR0_EL1, 16, 4, 1, 0),
    /// FEAT_AES: AESE and its like.
    AES(ID_AA64ISAR0_EL1, 4, 4, 1, 0),
    /// FEAT_PMULL: PMULL of 64 bits.
    PMULL(ID_AA64ISAR0_EL1, 4, 4, 2, 1),
    /// FEAT_SHA1.
    SHA1(ID_AA64ISAR0_EL1, 8, 4, 1, 0),
    /// FEAT_SHA256.
    SHA256(ID_AA64ISAR0_EL1, 12, 4, 1, 0),
    /// FEAT_SHA512.
    SHA512(ID_AA64ISAR0_EL1, 12, 4, 2, 1),
    /// FEAT_RDM: SQRDMLAH and SQRDMLSH.
    RDM(ID_AA64ISAR0_EL1, 28, 4, 1, 0),
    /// FEAT_SHA3: EOR3, RAX1, XAR, BCAX.
    SHA3(ID_AA64ISAR0_EL1, 32, 4, 1, 0),
    /// FEAT_SM3.
    SM3(ID_AA64ISAR0_EL1, 36, 4, 1, 0),
    /// FEAT_SM4.
    SM4(ID_AA64ISAR0_EL1, 40, 4, 1, 0),
    /// FEAT_DotProd.
    DOTPROD(ID_AA64ISAR0_EL1, 44, 4, 1, 0),
    /// FEAT_FHM: FMLAL and FMLSL.
    FHM(ID_AA64ISAR0_EL1, 48, 4, 1, 0),
    /// FEAT_JSCVT: FJCVTZS.
    JSCVT(ID_AA64ISAR1_EL1, 12, 4, 1, 0),
    /// FEAT_FCMA: FCADD and FCMLA.
    FCMA(ID_AA64ISAR1_EL1, 16, 4, 1, 0),
    /// FEAT_FRINTTS: FRINT32X and its like.
    FRINTTS(ID_AA64ISAR1_EL1, 32, 4, 1, 0),
    /// FEAT_BF16.
    BF16(ID_AA64ISAR1_EL1, 44, 4, 1, 0),
    /// FEAT_I8MM: products of 8-bit matrices.
    I8MM(ID_AA64ISAR1_EL1, 52, 4, 1, 0),
    /// FEAT_RNG: RNDR and RNDRRS.
    RNG(ID_AA64ISAR0_EL1, 60, 4, 1, 0),
    /// FEAT_WFxT: WFET and WFIT.
    WFXT(ID_AA64ISAR2_EL1, 0, 4, 2, 0),
    /// FEAT_RAS.
    RAS(ID_AA64PFR0_EL1, 28, 4, 1, 0),
    /// FEAT_DIT.
    DIT(ID_AA64PFR0_EL1, 48, 4, 1, 0),
    /// FEAT_SSBS: PSTATE.SSBS.
    SSBS(ID_AA64PFR1_EL1, 4, 4, 1, 0),
    /// FEAT_SSBS2: the MSR and MRS forms.
    SSBS2(ID_AA64PFR1_EL1, 4, 4, 2, 1),
    /// FEAT_BTI.
    BTI(ID_AA64PFR1_EL1, 0, 4, 1, 0),
    /// FEAT_PAuth with QARMA5.
    PAUTH(ID_AA64ISAR1_EL1, 4, 4, 1, 0),
    /// FEAT_EPAC: a code put into a bad pointer is zero.
    EPAC(ID_AA64ISAR1_EL1, 4, 4, 2, 1),
    /// FEAT_PAuth2: codes are xor-ed into pointers.
    PAUTH2(ID_AA64ISAR1_EL1, 4, 4, 3, 2),
    /// FEAT_FPAC: AUT instructions fault.
    FPAC(ID_AA64ISAR1_EL1, 4, 4, 4, 3),
    /// FEAT_FPACCOMBINE.
    FPACCOMBINE(ID_AA64ISAR1_EL1, 4, 4, 5, 4),
    /// FEAT_PACQARMA3: pointer authentication with QARMA3 in place of QARMA5.
    PACQARMA3(ID_AA64ISAR2_EL1, 12, 4, 1, 0),
    /// FEAT_HBC: BC.cond, a branch with a hint.
    HBC(ID_AA64ISAR2_EL1, 20, 4, 1, 0),
    /// FEAT_SVE.
    SVE(ID_AA64PFR0_EL1, 32, 4, 1, 0),
    /// FEAT_FlagM: CFINV, RMIF, SETF8, SETF16.
    FLAGM(ID_AA64ISAR0_EL1, 52, 4, 1, 0),
    /// FEAT_FlagM2: AXFLAG, XAFLAG.
    FLAGM2(ID_AA64ISAR0_EL1, 52, 4, 2, 1),
    /// FEAT_CRC32.
    CRC32(ID_AA64ISAR0_EL1, 16, 4, 1, 0),
    /// FEAT_LRCPC: LDAPR.
    LRCPC(ID_AA64ISAR1_EL1, 20, 4, 1, 0),
    /// FEAT_LRCPC2: LDAPUR, STLUR.
    LRCPC2(ID_AA64ISAR1_EL1, 20, 4, 2, 1),
    /// FEAT_DPB: DC CVAP.
    DPB(ID_AA64ISAR1_EL1, 0, 4, 1, 0),
    /// FEAT_DPB2: DC CVADP.
    DPB2(ID_AA64ISAR1_EL1, 0, 4, 2, 1),
    /// FEAT_SB: the speculation barrier SB.
    SB(ID_AA64ISAR1_EL1, 36, 4, 1, 0),
    /// FEAT_E0PD.
    E0PD(ID_AA64MMFR2_EL1, 60, 4, 1, 0),
    /// FEAT_CNP: common-not-private translations.
    CNP(ID_AA64MMFR2_EL1, 0, 4, 1, 0),
    /// FEAT_IDST: an EL0 read of an identification register reports itself (EC 0x18).
    IDST(ID_AA64MMFR2_EL1, 36, 4, 1, 0),
    /// FEAT_ECV: self-synchronised counter views.
    ECV(ID_AA64MMFR0_EL1, 60, 4, 1, 0),
    /// FEAT_PMUv3: performance monitors (15 is an IMPLEMENTATION DEFINED kind, so a signed field).
    PMU(ID_AA64DFR0_EL1, 8, 4, 1, 0),
    /// FEAT_PMUv3p4: PMMIR_EL1.
    PMUV3P4(ID_AA64DFR0_EL1, 8, 4, 5, 4),
    /// FEAT_PMUv3p5: 64-bit event counters.
    PMUV3P5(ID_AA64DFR0_EL1, 8, 4, 6, 5);

    private final SysReg register;
    private final int shift;
    private final int width;
    private final int minimum;
    private final int absent;

    CpuFeature(SysReg register, int shift, int width, int minimum, int absent) {
        this.register = register;
        this.shift = shift;
        this.width = width;
        this.minimum = minimum;
        this.absent = absent;
    }

    /// {@return the name a user writes behind `+` or `-`: lower case}
    public String optionName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// {@return the feature a user means by `name`, or null}
    public static @Nullable CpuFeature ofOptionName(String name) {
        for (CpuFeature feature : values()) {
            if (feature.optionName().equals(name)) {
                return feature;
            }
        }
        return null;
    }

    /// {@return the register whose field says whether the feature is there}
    public SysReg register() {
        return register;
    }

    /// {@return the lowest bit of the field in [#register()]}
    public int shift() {
        return shift;
    }

    /// {@return the lowest field value with which the feature is there}
    public int minimum() {
        return minimum;
    }

    /// {@return the highest field value without it}
    public int absent() {
        return absent;
    }

    boolean in(long registerValue) {
        return field(registerValue) >= minimum;
    }

    /// Switches the feature in a model's registers (indexed by [SysReg#index()]), with the fields that go with it:
    /// LPA2 covers the 16 KiB granule and stage 2 too, and brings 52 physical address bits; floating point and SIMD
    /// go together; pointer authentication has
    /// its generic code, and one cipher.
    void set(long[] ids, boolean on) {
        int reg = register.index();
        ids[reg] = insert(ids[reg], shift, width, on ? minimum : absent);
        if (this == LPA2) {
            long mmfr0 = insert(ids[reg], 0, 4, on ? PA_RANGE_52 : Math.min(PA_RANGE_48, ids[reg] & 0xf));
            mmfr0 = insert(mmfr0, 20, 4, on ? 2 : 1);
            mmfr0 = insert(mmfr0, 32, 4, on ? 3 : 2);
            ids[reg] = insert(mmfr0, 40, 4, on ? 3 : 2);
        }
        if (this == FP || this == ADVSIMD || this == FP16) {
            long value = ids[reg] >>> shift & 0xf;
            ids[reg] = insert(insert(ids[reg], 16, 4, value), 20, 4, value);
        }
        if (this == PAUTH || this == PACQARMA3) {
            setPointerAuthentication(ids, on);
        }
        if (this == FWB || this == IDC) {
            setLevelsOfUnification(ids);
        }
    }

    /// FEAT_S2FWB requires `CLIDR_EL1.{LoUU, LoUIS}` to be zero, as IDC does; without both somebody asked for a point
    /// of unification at level 2.
    private static void setLevelsOfUnification(long[] ids) {
        int clidr = SysReg.CLIDR_EL1.index();
        boolean none = FWB.in(ids[FWB.register.index()]) || IDC.in(ids[IDC.register.index()]);
        ids[clidr] = (ids[clidr] & ~Clidr.LOU) | (none ? 0 : Clidr.LOU_LEVEL_1);
    }

    /// Address and generic code of one cipher go together, at the level the model has; the other cipher goes.
    private void setPointerAuthentication(long[] ids, boolean on) {
        int isar1 = ID_AA64ISAR1_EL1.index();
        int isar2 = ID_AA64ISAR2_EL1.index();
        long level = Math.max(Math.max(ids[isar1] >>> 4 & 0xf, ids[isar2] >>> 12 & 0xf), 1);
        long five = on && this == PAUTH ? level : 0;
        long three = on && this == PACQARMA3 ? level : 0;
        ids[isar1] = insert(insert(ids[isar1], 4, 8, five), 24, 8, Math.min(five, 1));
        ids[isar2] = insert(insert(ids[isar2], 12, 4, three), 8, 4, Math.min(three, 1));
    }

    private static final int PA_RANGE_48 = 5;
    private static final int PA_RANGE_52 = 6;

    private long field(long registerValue) {
        long value = registerValue >>> shift & (1L << width) - 1;
        return switch (this) {
            case LPA2, FP, ADVSIMD, FP16, PMU, PMUV3P4, PMUV3P5 -> value << 60 >> 60;
            default -> value;
        };
    }

    private static long insert(long registerValue, int shift, int width, long value) {
        long mask = ((1L << width) - 1) << shift;
        return (registerValue & ~mask) | ((value << shift) & mask);
    }
}
