package dev.ipanema.machine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.A64Feature;
import dev.ipanema.arm.a64.Encoding;
import dev.ipanema.arm.a64.EncodingTable;
import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TlbiOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// For each CPU model: nothing that the guest's identification registers promise is missing, and the instructions and
/// registers of features that the model has not are UNDEFINED.
class AdvertisedFeaturesTest {
    private static final int WORDS_PER_ROW = Boolean.getBoolean("ipanema.long") ? 100 : 3;

    /// Instructions that are UNDEFINED at EL1 of every guest (no EL3, no halting debug, no Debug state), and
    /// those that name a register or an operation, which [#registersAndOperationsExistAsPromised] asks.
    private static final Set<String> UNDEFINED_ANYWAY =
            Set.of("SMC", "HLT", "UDF", "DCPS1", "DCPS2", "DCPS3", "DRPS", "MRS", "MSR", "SYS", "SYSL");

    /// Fields that promise no instruction and have no [CpuFeature]: the largest value that is honoured.
    ///
    /// By the register's name and the lowest bit of the field. This package honours exception levels and debug
    /// registers, `machine.mmu` sizes and granules; CSV2, CSV3 and DGH are about speculation and ask for nothing.
    private static final Map<String, Integer> OTHER_FIELDS = Map.ofEntries(
            Map.entry("ID_AA64PFR0_EL1.0", 1), // EL0
            Map.entry("ID_AA64PFR0_EL1.4", 1), // EL1
            Map.entry("ID_AA64PFR0_EL1.20", 1), // AdvSIMD, as FP: FP16
            Map.entry("ID_AA64PFR0_EL1.56", 1), // CSV2
            Map.entry("ID_AA64PFR0_EL1.60", 1), // CSV3
            Map.entry("ID_AA64DFR0_EL1.0", 6), // DebugVer
            Map.entry("ID_AA64DFR0_EL1.12", 5), // BRPs
            Map.entry("ID_AA64DFR0_EL1.20", 3), // WRPs
            Map.entry("ID_AA64DFR0_EL1.28", 1), // CTX_CMPs
            Map.entry("ID_AA64DFR0_EL1.36", 15), // DoubleLock: not implemented
            Map.entry("ID_AA64ISAR1_EL1.24", 1), // GPA
            Map.entry("ID_AA64ISAR1_EL1.48", 1), // DGH
            Map.entry("ID_AA64ISAR2_EL1.8", 1), // GPA3
            Map.entry("ID_AA64ISAR2_EL1.12", 5), // APA3: PauthLevel
            Map.entry("ID_AA64MMFR0_EL1.0", 7), // PARange
            Map.entry("ID_AA64MMFR0_EL1.4", 2), // ASIDBits
            Map.entry("ID_AA64MMFR0_EL1.12", 1), // SNSMem
            Map.entry("ID_AA64MMFR0_EL1.20", 2), // TGran16
            Map.entry("ID_AA64MMFR0_EL1.24", 15), // TGran64
            Map.entry("ID_AA64MMFR2_EL1.20", 1), // CCIDX
            Map.entry("ID_AA64MMFR2_EL1.52", 2)); // BBM

    /// Features of processors that are no matter of instructions, each with what honours it.
    private static final Set<CpuFeature> BY_OTHER_CODE = Set.of(
            CpuFeature.LSE2, // GuestAccess, AlignmentRules
            CpuFeature.LPA2, // Stage1Half
            CpuFeature.LVA, // Stage1Half
            CpuFeature.PAN2, // SystemInstructions
            CpuFeature.PAN3, // Translator
            CpuFeature.HAFDBS, // Stage1Walker
            CpuFeature.HPDS, // Stage1Half
            CpuFeature.TTST, // Stage1Size
            CpuFeature.TLBIOS, // SystemInstructions
            CpuFeature.TLBIRANGE, // SystemInstructions
            CpuFeature.TTL, // TlbMaintenance
            CpuFeature.RAS, // Exceptions, SystemRegisters
            CpuFeature.SSBS, // Exceptions
            CpuFeature.BTI, // BranchTargets
            CpuFeature.EPAC, // AuthenticatedPointer
            CpuFeature.PAUTH2, // AuthenticatedPointer
            CpuFeature.FPAC, // PointerCodes
            CpuFeature.FPACCOMBINE, // PointerCodes
            CpuFeature.RNG, // SystemRegisters
            CpuFeature.DPB, // SystemInstructions
            CpuFeature.DPB2, // SystemInstructions
            CpuFeature.E0PD, // Stage1Half
            CpuFeature.CNP, // ArchTlb
            CpuFeature.IDST, // SystemRegisters
            CpuFeature.ECV, // GenericTimer
            CpuFeature.PMU, // EventCounts, SystemRegisters, and a hypervisor
            CpuFeature.PMUV3P4, // as PMU
            CpuFeature.PMUV3P5); // as PMU

    private static List<String> models() {
        List<String> models = new ArrayList<>(CpuModel.names());
        models.add("cortex-a53+lse+pauth");
        models.add("neoverse-v2-pauth-bti");
        models.add("max+pacqarma3");
        return models;
    }

    private static Rig rig(String cpu) {
        Rig rig = new Rig(cpu);
        rig.ctx.set(SysReg.CPACR_EL1, 3L << 20);
        rig.ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.UCI | SctlrEl1.DZE);
        return rig.hcr(HcrEl2.API | HcrEl2.APK);
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyFieldOfTheIdentificationRegistersIsHonoured(String cpu) {
        CpuModel model = CpuModel.parse(cpu);
        for (SysReg reg : SysReg.values()) {
            if (reg.isFeatureId()) {
                for (int shift = 0; shift < Long.SIZE; shift += 4) {
                    int promised = (int) (model.guestId(reg) >>> shift & 0xf);
                    assertThat(promised == 0 || isHonoured(model, reg, shift, promised))
                            .as("%s: %s bits %d to %d are %d", cpu, reg, shift + 3, shift, promised)
                            .isTrue();
                }
            }
        }
    }

    private static boolean isHonoured(CpuModel model, SysReg reg, int shift, int promised) {
        if (OTHER_FIELDS.getOrDefault(reg + "." + shift, 0) >= promised) {
            return true;
        }
        Predicate<CpuFeature> isField = feature -> feature.register() == reg && feature.shift() == shift;
        Set<A64Feature> executed = A64Feature.of(model);
        int honoured = 0;
        for (A64Feature feature : executed) {
            for (CpuFeature cpuFeature : feature.cpuFeatures()) {
                if (isField.test(cpuFeature)) {
                    honoured = Math.max(honoured, cpuFeature.minimum());
                }
            }
        }
        for (CpuFeature cpuFeature : BY_OTHER_CODE) {
            if (isField.test(cpuFeature)) {
                honoured = Math.max(honoured, cpuFeature.minimum());
            }
        }
        boolean floatingPointIsAbsent =
                (isField.test(CpuFeature.FP) || isField.test(CpuFeature.ADVSIMD)) && promised == 15;
        return promised <= honoured || floatingPointIsAbsent;
    }

    @ParameterizedTest
    @MethodSource("models")
    void instructionsAreUndefinedExactlyWhenTheirFeatureIsAbsent(String cpu) {
        SplittableRandom random = new SplittableRandom(Long.getLong("ipanema.seed", 71));
        CpuModel model = CpuModel.parse(cpu);
        Set<A64Feature> features = A64Feature.of(model);
        List<String> wrong = new ArrayList<>();
        try (Rig rig = rig(cpu)) {
            for (Encoding row : EncodingTable.table().rows()) {
                if (isHidden(row, model)) {
                    continue;
                }
                boolean present = row.feature() == null || features.contains(row.feature());
                for (int i = 0; i < WORDS_PER_ROW && !UNDEFINED_ANYWAY.contains(row.name()); i++) {
                    int word = word(row, random);
                    if (isUndefined(rig, word) == present) {
                        wrong.add("%s %08x of %s".formatted(row, word, row.feature()));
                    }
                }
            }
        }

        assertThat(wrong).as(cpu).isEmpty();
    }

    /// What the processor has and guests are not told of may do anything.
    private static boolean isHidden(Encoding row, CpuModel model) {
        A64Feature feature = row.feature();
        return feature != null
                && feature.cpuFeatures().stream().anyMatch(model::has)
                && feature.cpuFeatures().stream().noneMatch(model::guestHas);
    }

    private static int word(Encoding row, SplittableRandom random) {
        while (true) {
            int word = row.canonical(random.nextInt());
            if (row.matches(word)) {
                return word;
            }
        }
    }

    private static boolean isUndefined(Rig rig, int word) {
        rig.ctx.setPstate(Pstate.EL1H | Pstate.DAIF);
        for (int n = 0; n < 31; n++) {
            rig.ctx.setX(n, Rig.DATA);
        }
        rig.ctx.setSp(Rig.STACK);
        rig.ctx.set(SysReg.ESR_EL1, -1);
        rig.step(asm -> asm.raw(word));
        return rig.ctx.get(SysReg.ESR_EL1) == Esr.unknown();
    }

    @ParameterizedTest
    @MethodSource("models")
    void registersAndOperationsExistAsPromised(String cpu) {
        CpuModel model = CpuModel.parse(cpu);
        Map<SysReg, Boolean> registers = Map.ofEntries(
                Map.entry(SysReg.PAN, model.guestHas(CpuFeature.PAN)),
                Map.entry(SysReg.UAO, model.guestHas(CpuFeature.UAO)),
                Map.entry(SysReg.DIT, model.guestHas(CpuFeature.DIT)),
                Map.entry(SysReg.SSBS, model.guestHas(CpuFeature.SSBS2)),
                Map.entry(SysReg.RNDR, model.guestHas(CpuFeature.RNG)),
                Map.entry(SysReg.RNDRRS, model.guestHas(CpuFeature.RNG)),
                Map.entry(SysReg.CNTVCTSS_EL0, model.guestHas(CpuFeature.ECV)),
                Map.entry(SysReg.ERRIDR_EL1, model.guestHas(CpuFeature.RAS)),
                Map.entry(SysReg.DISR_EL1, model.guestHas(CpuFeature.RAS)),
                Map.entry(SysReg.APIAKeyLo_EL1, model.pauthLevel() > 0),
                Map.entry(SysReg.APGAKeyHi_EL1, model.pauthLevel() > 0),
                Map.entry(SysReg.LORC_EL1, model.guestHas(CpuFeature.LOR)),
                Map.entry(SysReg.GMID_EL1, model.guestHas(CpuFeature.MTE)));
        Encoding mrs = EncodingTable.table().row("MRS");
        try (Rig rig = rig(cpu)) {
            registers.forEach((register, present) -> assertThat(isUndefined(rig, mrs.encode(1, register.encoding())))
                    .as("%s: %s", cpu, register)
                    .isEqualTo(!present));
            assertThat(isUndefined(rig, sys(CacheOp.DC_CVAP.encoding())))
                    .as("%s: DC CVAP", cpu)
                    .isEqualTo(!model.guestHas(CpuFeature.DPB));
            assertThat(isUndefined(rig, sys(CacheOp.DC_CVADP.encoding())))
                    .as("%s: DC CVADP", cpu)
                    .isEqualTo(!model.guestHas(CpuFeature.DPB2));
            for (TlbiOp op : TlbiOp.values()) {
                boolean outer = op.reach() == TlbiOp.Reach.OUTER;
                boolean present = (!op.kind().isRange() || model.guestHas(CpuFeature.TLBIRANGE))
                        && (!outer || model.guestHas(CpuFeature.TLBIOS))
                        && !isOfEl2(op);
                assertThat(isUndefined(rig, sys(op.encoding())))
                        .as("%s: %s", cpu, op)
                        .isEqualTo(!present);
            }
        }
    }

    private static boolean isOfEl2(TlbiOp op) {
        return (op.encoding() >>> 11 & 7) == 4;
    }

    private static int sys(int encoding) {
        return EncodingTable.table().row("SYS").encode(encoding, 1);
    }

    @ParameterizedTest
    @MethodSource("models")
    void breakpointAndWatchpointRegistersAreAsManyAsPromised(String cpu) {
        CpuModel model = CpuModel.parse(cpu);
        long dfr0 = model.guestId(SysReg.ID_AA64DFR0_EL1);
        Encoding mrs = EncodingTable.table().row("MRS");
        try (Rig rig = rig(cpu)) {
            for (int n = 0; n < 16; n++) {
                boolean breakpoint = n <= (dfr0 >>> 12 & 0xf);
                boolean watchpoint = n <= (dfr0 >>> 20 & 0xf);
                assertThat(isUndefined(rig, mrs.encode(1, SysReg.encoding(2, 0, 0, n, 5))))
                        .as("%s: DBGBCR%d_EL1", cpu, n)
                        .isEqualTo(!breakpoint);
                assertThat(isUndefined(rig, mrs.encode(1, SysReg.encoding(2, 0, 0, n, 7))))
                        .as("%s: DBGWCR%d_EL1", cpu, n)
                        .isEqualTo(!watchpoint);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void unallocatedWordsAreUndefined(String cpu) {
        try (Rig rig = rig(cpu)) {
            assertThat(isUndefined(rig, 0x0000_0000)).isTrue();
            assertThat(isUndefined(rig, 0xffff_ffff)).isTrue();
        }
    }
}
