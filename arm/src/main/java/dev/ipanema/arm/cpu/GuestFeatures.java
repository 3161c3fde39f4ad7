package dev.ipanema.arm.cpu;

import static dev.ipanema.arm.register.SysReg.CCSIDR2_EL1;
import static dev.ipanema.arm.register.SysReg.CLIDR_EL1;
import static dev.ipanema.arm.register.SysReg.CTR_EL0;
import static dev.ipanema.arm.register.SysReg.DCZID_EL0;
import static dev.ipanema.arm.register.SysReg.ID_AA64DFR0_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64ISAR0_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64ISAR1_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64ISAR2_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64MMFR0_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64MMFR1_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64MMFR2_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64PFR0_EL1;
import static dev.ipanema.arm.register.SysReg.ID_AA64PFR1_EL1;
import static dev.ipanema.arm.register.SysReg.MIDR_EL1;
import static dev.ipanema.arm.register.SysReg.REVIDR_EL1;

import dev.ipanema.arm.register.IdAa64Dfr0El1;
import dev.ipanema.arm.register.SysReg;
import java.util.List;

/// What a guest may be told about the processor: for each field of the identification registers the highest value that
/// guest execution here honours. A field that is not listed reads zero.
///
/// Hidden on purpose: EL2 and EL3 (a guest runs at EL1 and EL0), AArch32, SVE and SME (as KVM hides them unless asked),
/// memory tagging, trace, statistical profiling, AMU and MPAM. The performance monitors are promised as far
/// as a
/// hypervisor can emulate them over the events that a processing element counts; KVM hides them unless asked.
final class GuestFeatures {
    private record Field(SysReg register, int shift, int ceiling) {
        long of(long value) {
            return value >>> shift & 0xf;
        }
    }

    /// Registers that a guest sees as they are.
    private static final List<SysReg> UNCHANGED =
            List.of(MIDR_EL1, REVIDR_EL1, CTR_EL0, CLIDR_EL1, DCZID_EL0, CCSIDR2_EL1);

    private static final List<Field> CEILINGS = List.of(
            new Field(ID_AA64PFR0_EL1, 28, 1), // RAS
            new Field(ID_AA64PFR0_EL1, 48, 1), // DIT
            new Field(ID_AA64PFR0_EL1, 56, 1), // CSV2: 2 would add SCXTNUM_EL1
            new Field(ID_AA64PFR0_EL1, 60, 1), // CSV3
            new Field(ID_AA64PFR1_EL1, 0, 1), // BT
            new Field(ID_AA64PFR1_EL1, 4, 2), // SSBS
            new Field(ID_AA64DFR0_EL1, 12, 0xf), // BRPs
            new Field(ID_AA64DFR0_EL1, 20, 0xf), // WRPs
            new Field(ID_AA64DFR0_EL1, 28, 0xf), // CTX_CMPs
            new Field(ID_AA64ISAR0_EL1, 4, 2), // AES, with PMULL
            new Field(ID_AA64ISAR0_EL1, 8, 1), // SHA1
            new Field(ID_AA64ISAR0_EL1, 12, 2), // SHA2, with SHA512
            new Field(ID_AA64ISAR0_EL1, 16, 1), // CRC32
            new Field(ID_AA64ISAR0_EL1, 20, 2), // Atomic: 3 would add LSE128
            new Field(ID_AA64ISAR0_EL1, 28, 1), // RDM
            new Field(ID_AA64ISAR0_EL1, 32, 1), // SHA3
            new Field(ID_AA64ISAR0_EL1, 36, 1), // SM3
            new Field(ID_AA64ISAR0_EL1, 40, 1), // SM4
            new Field(ID_AA64ISAR0_EL1, 44, 1), // DP
            new Field(ID_AA64ISAR0_EL1, 48, 1), // FHM
            new Field(ID_AA64ISAR0_EL1, 52, 2), // TS
            new Field(ID_AA64ISAR0_EL1, 56, 2), // TLB
            new Field(ID_AA64ISAR0_EL1, 60, 1), // RNDR
            new Field(ID_AA64ISAR1_EL1, 0, 2), // DPB
            new Field(ID_AA64ISAR1_EL1, 4, 5), // APA
            new Field(ID_AA64ISAR1_EL1, 12, 1), // JSCVT
            new Field(ID_AA64ISAR1_EL1, 16, 1), // FCMA
            new Field(ID_AA64ISAR1_EL1, 20, 2), // LRCPC
            new Field(ID_AA64ISAR1_EL1, 24, 1), // GPA
            new Field(ID_AA64ISAR1_EL1, 32, 1), // FRINTTS
            new Field(ID_AA64ISAR1_EL1, 36, 1), // SB
            new Field(ID_AA64ISAR1_EL1, 44, 1), // BF16: 2 would add EBF16
            new Field(ID_AA64ISAR1_EL1, 52, 1), // I8MM
            new Field(ID_AA64ISAR2_EL1, 0, 2), // WFxT
            new Field(ID_AA64ISAR2_EL1, 8, 1), // GPA3
            new Field(ID_AA64ISAR2_EL1, 12, 5), // APA3
            new Field(ID_AA64ISAR2_EL1, 20, 1), // BC
            new Field(ID_AA64MMFR0_EL1, 0, 7), // PARange
            new Field(ID_AA64MMFR0_EL1, 4, 2), // ASIDBits
            new Field(ID_AA64MMFR0_EL1, 12, 1), // SNSMem
            new Field(ID_AA64MMFR0_EL1, 20, 2), // TGran16
            new Field(ID_AA64MMFR0_EL1, 24, 0xf), // TGran64
            new Field(ID_AA64MMFR0_EL1, 28, 0xf), // TGran4
            new Field(ID_AA64MMFR0_EL1, 60, 1), // ECV: 2 is a control of EL2
            new Field(ID_AA64MMFR1_EL1, 0, 2), // HAFDBS
            new Field(ID_AA64MMFR1_EL1, 12, 1), // HPDS
            new Field(ID_AA64MMFR1_EL1, 20, 3), // PAN
            new Field(ID_AA64MMFR2_EL1, 0, 1), // CnP
            new Field(ID_AA64MMFR2_EL1, 4, 1), // UAO
            new Field(ID_AA64MMFR2_EL1, 16, 1), // VARange
            new Field(ID_AA64MMFR2_EL1, 20, 1), // CCIDX
            new Field(ID_AA64MMFR2_EL1, 28, 1), // ST
            new Field(ID_AA64MMFR2_EL1, 32, 1), // AT, which is FEAT_LSE2
            new Field(ID_AA64MMFR2_EL1, 36, 1), // IDS
            new Field(ID_AA64MMFR2_EL1, 48, 1), // TTL
            new Field(ID_AA64MMFR2_EL1, 52, 2), // BBM
            new Field(ID_AA64MMFR2_EL1, 60, 1)); // E0PD

    /// EL0 and EL1 in AArch64 only.
    private static final long PFR0_FIXED = 0x11;

    /// `ID_AA64PFR0_EL1` FP and AdvSIMD: 0b1111 is not implemented, 1 adds half precision.
    private static final List<Field> FLOATING_POINT =
            List.of(new Field(ID_AA64PFR0_EL1, 16, 1), new Field(ID_AA64PFR0_EL1, 20, 1));

    private static final long NOT_IMPLEMENTED = 0xf;

    /// DebugVer 6 (Armv8), DoubleLock 0b1111 (not implemented).
    private static final long DFR0_FIXED = 0xf0_0000_0006L;

    private GuestFeatures() {}

    /// {@return the guest's view of a set of identification registers, both indexed by [SysReg#index()]}
    static long[] sanitise(long[] hardware) {
        long[] guest = new long[hardware.length];
        for (SysReg reg : UNCHANGED) {
            guest[reg.index()] = hardware[reg.index()];
        }
        for (Field field : CEILINGS) {
            int reg = field.register.index();
            guest[reg] |= Math.min(field.of(hardware[reg]), field.ceiling) << field.shift;
        }
        for (Field field : FLOATING_POINT) {
            int reg = field.register.index();
            long value = field.of(hardware[reg]);
            guest[reg] |= (value == NOT_IMPLEMENTED ? value : Math.min(value, field.ceiling)) << field.shift;
        }
        guest[ID_AA64PFR0_EL1.index()] |= PFR0_FIXED;
        guest[ID_AA64DFR0_EL1.index()] |= DFR0_FIXED;
        int pmu = IdAa64Dfr0El1.pmuVer(hardware[ID_AA64DFR0_EL1.index()]);
        guest[ID_AA64DFR0_EL1.index()] =
                IdAa64Dfr0El1.withPmuVer(guest[ID_AA64DFR0_EL1.index()], Math.min(pmu, IdAa64Dfr0El1.V3P5));
        return guest;
    }
}
