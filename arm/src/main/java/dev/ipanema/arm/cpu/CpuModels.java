package dev.ipanema.arm.cpu;

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
import static dev.ipanema.arm.register.SysReg.ID_AA64ZFR0_EL1;
import static dev.ipanema.arm.register.SysReg.MIDR_EL1;
import static dev.ipanema.arm.register.SysReg.PMCR_EL0;

import dev.ipanema.arm.cpu.CacheGeometry.Cache;
import dev.ipanema.arm.register.PmcrEl0;
import dev.ipanema.arm.register.SysReg;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The models known by name, with their identification and cache registers.
///
/// Sources: the values that QEMU's `target/arm/tcg/cpu64.c` cites from Arm's Technical Reference Manuals and
/// Fujitsu's A64FX specification; of PMCR_EL0 only N, the number of event counters. Not checked against a
/// manual: parts of `cortex-a53`, `cortex-a57` and `cortex-a78`, and `neoverse-v2`, which has the values of
/// `neoverse-n2` but for MIDR_EL1.
/// AArch32 identification registers are left zero: no processing element here has an AArch32 state.
/// `max` is no product: every feature whose architecture this project models, with 52-bit addresses.
final class CpuModels {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    /// Block of DC ZVA as `DCZID_EL0.BS`: log2 of the size in words.
    private static final long DCZ_64_BYTES = 4;

    private static final long DCZ_256_BYTES = 6;

    private static final long SIX_COUNTERS = PmcrEl0.withN(0, 6);

    private static final Map<String, CpuModel> BY_NAME = new TreeMap<>();

    static {
        Cache l1d32 = new Cache(4, 64, 32 * KIB);
        Cache l1x64 = new Cache(4, 64, 64 * KIB);
        Cache a5xL1i = new Cache(2, 64, 32 * KIB);
        Cache a7xL1i = new Cache(3, 64, 48 * KIB);
        CacheGeometry big = new CacheGeometry(l1x64, l1x64, new Cache(8, 64, 512 * KIB));
        CacheGeometry bigger = new CacheGeometry(l1x64, l1x64, new Cache(8, 64, MIB));
        CacheGeometry a57Caches = new CacheGeometry(new Cache(2, 64, 32 * KIB), a7xL1i, new Cache(16, 64, 2 * MIB));

        model("cortex-a53", new CacheGeometry(l1d32, a5xL1i, new Cache(16, 64, MIB)))
                .set(MIDR_EL1, 0x410f_d034L)
                .set(CTR_EL0, 0x8444_8004L)
                .set(CLIDR_EL1, 0x0a20_0023L)
                .set(ID_AA64PFR0_EL1, 0x2222)
                .set(ID_AA64DFR0_EL1, 0x1030_5106L)
                .set(ID_AA64ISAR0_EL1, 0x0001_1120L)
                .set(ID_AA64MMFR0_EL1, 0x1122)
                .set(PMCR_EL0, SIX_COUNTERS)
                .add();
        model("cortex-a57", a57Caches)
                .set(MIDR_EL1, 0x411f_d070L)
                .set(CTR_EL0, 0x8444_c004L)
                .set(CLIDR_EL1, 0x0a20_0023L)
                .set(ID_AA64PFR0_EL1, 0x2222)
                .set(ID_AA64DFR0_EL1, 0x1030_5106L)
                .set(ID_AA64ISAR0_EL1, 0x0001_1120L)
                .set(ID_AA64MMFR0_EL1, 0x1124)
                .set(PMCR_EL0, SIX_COUNTERS)
                .add();
        model("cortex-a72", new CacheGeometry(new Cache(2, 64, 32 * KIB), a7xL1i, new Cache(16, 64, MIB)))
                .set(MIDR_EL1, 0x410f_d083L)
                .set(CTR_EL0, 0x8444_c004L)
                .set(CLIDR_EL1, 0x0a20_0023L)
                .set(ID_AA64PFR0_EL1, 0x2222)
                .set(ID_AA64DFR0_EL1, 0x1030_5106L)
                .set(ID_AA64ISAR0_EL1, 0x0001_1120L)
                .set(ID_AA64MMFR0_EL1, 0x1124)
                .set(PMCR_EL0, SIX_COUNTERS)
                .add();
        model("cortex-a55", new CacheGeometry(l1d32, l1d32, new Cache(4, 64, 256 * KIB)))
                .set(MIDR_EL1, 0x412f_d050L)
                .set(CTR_EL0, 0x8444_8004L)
                .set(CLIDR_EL1, 0x8200_0023L)
                .set(ID_AA64PFR0_EL1, 0x1000_0000_1011_2222L)
                .set(ID_AA64PFR1_EL1, 0x10)
                .set(ID_AA64DFR0_EL1, 0x1030_5408L)
                .set(ID_AA64ISAR0_EL1, 0x0000_1000_1021_1120L)
                .set(ID_AA64ISAR1_EL1, 0x0010_0001L)
                .set(ID_AA64MMFR0_EL1, 0x0010_1122L)
                .set(ID_AA64MMFR1_EL1, 0x1021_2122L)
                .set(ID_AA64MMFR2_EL1, 0x1011)
                .set(PMCR_EL0, SIX_COUNTERS)
                .add();
        model("cortex-a76", big)
                .armv82(0x414f_d0b1L)
                .set(ID_AA64MMFR0_EL1, 0x0010_1122L)
                .set(PMCR_EL0, SIX_COUNTERS)
                .add();
        model("neoverse-n1", bigger)
                .armv82(0x414f_d0c1L)
                .set(ID_AA64PFR1_EL1, 0x20)
                .set(ID_AA64DFR0_EL1, 0x1_1030_5408L)
                .set(ID_AA64MMFR0_EL1, 0x0010_1125L)
                .set(PMCR_EL0, SIX_COUNTERS)
                .add();
        model("cortex-a78", big)
                .armv82(0x411f_d411L)
                .set(CTR_EL0, 0x9444_c004L)
                .set(ID_AA64DFR0_EL1, 0x1_1030_5408L)
                .set(ID_AA64ISAR0_EL1, 0x0010_1000_1021_1120L)
                .set(ID_AA64ISAR1_EL1, 0x0120_0031L)
                .set(ID_AA64MMFR0_EL1, 0x0010_1122L)
                .set(ID_AA64MMFR2_EL1, 0x1_0000_1011L)
                .set(PMCR_EL0, SIX_COUNTERS)
                .add();
        model("neoverse-v1", bigger)
                .armv82(0x411f_d402L)
                .set(CTR_EL0, 0xb444_c004L)
                .set(ID_AA64PFR0_EL1, 0x1101_1101_2011_1112L)
                .set(ID_AA64PFR1_EL1, 0x20)
                .set(ID_AA64DFR0_EL1, 0x0000_01f2_1030_5519L)
                .set(ID_AA64ISAR0_EL1, 0x1011_1111_1021_2120L)
                .set(ID_AA64ISAR1_EL1, 0x0011_0000_0121_1032L)
                .set(ID_AA64MMFR0_EL1, 0x0010_1125L)
                .set(ID_AA64MMFR2_EL1, 0x0220_0111_0210_1011L)
                .set(ID_AA64ZFR0_EL1, 0x0000_1000_0010_0000L)
                .set(PMCR_EL0, SIX_COUNTERS)
                .add();
        model("cortex-a710", big)
                .armv9(0x412f_d471L)
                .set(CTR_EL0, 0x4_9444_c004L)
                .set(ID_AA64DFR0_EL1, 0x0000_11f0_1030_5619L)
                .set(ID_AA64ISAR0_EL1, 0x0221_1111_1021_2120L)
                .set(ID_AA64ISAR1_EL1, 0x0010_1111_0121_1052L)
                .set(ID_AA64MMFR0_EL1, 0x0000_0222_0010_1122L)
                .set(ID_AA64MMFR2_EL1, 0x1221_0111_1010_1011L)
                .set(PMCR_EL0, PmcrEl0.withN(0, 20))
                .add();
        model("neoverse-n2", bigger)
                .armv9(0x410f_d493L)
                .set(PMCR_EL0, SIX_COUNTERS)
                .add();
        model("neoverse-v2", new CacheGeometry(l1x64, l1x64, new Cache(8, 64, 2 * MIB)))
                .armv9(0x410f_d4f0L)
                .set(PMCR_EL0, SIX_COUNTERS)
                .add();
        Cache a64fxL1 = new Cache(4, 256, 64 * KIB);
        model("a64fx", new CacheGeometry(a64fxL1, a64fxL1, new Cache(16, 256, 8 * MIB)))
                .set(MIDR_EL1, 0x461f_0010L)
                .set(CTR_EL0, 0x8666_8006L)
                .set(CLIDR_EL1, 0x8000_0023L)
                .set(DCZID_EL0, DCZ_256_BYTES)
                .set(ID_AA64PFR0_EL1, 0x1_0111_1111L)
                .set(ID_AA64DFR0_EL1, 0x1030_5408L)
                .set(ID_AA64ISAR0_EL1, 0x1021_1120L)
                .set(ID_AA64ISAR1_EL1, 0x0001_0001L)
                .set(ID_AA64MMFR0_EL1, 0x1122)
                .set(ID_AA64MMFR1_EL1, 0x1121_2100L)
                .set(ID_AA64MMFR2_EL1, 0x1011)
                .set(PMCR_EL0, PmcrEl0.withN(0, 8))
                .add();
        // MIDR: implementer 0 (reserved for software), architecture 0xf (see the ID registers), part 'I'.
        model("max", a57Caches)
                .set(MIDR_EL1, 0x000f_0490L)
                .set(CTR_EL0, 0xb444_c004L)
                .set(CLIDR_EL1, 0x0200_0023L)
                .set(ID_AA64PFR0_EL1, 0x1101_0011_1011_1111L)
                .set(ID_AA64PFR1_EL1, 0x0221)
                .set(ID_AA64DFR0_EL1, 0x0000_00f0_1030_5606L)
                .set(ID_AA64ISAR0_EL1, 0x1221_1111_1021_2120L)
                .set(ID_AA64ISAR1_EL1, 0x0010_1011_0121_1052L)
                .set(ID_AA64ISAR2_EL1, 0x0010_0002L)
                .set(ID_AA64MMFR0_EL1, 0x1000_0323_1021_1126L)
                .set(ID_AA64MMFR1_EL1, 0x0000_0000_1031_2122L)
                .set(ID_AA64MMFR2_EL1, 0x1021_0111_1001_1011L)
                .set(PMCR_EL0, SIX_COUNTERS)
                .add();
    }

    private CpuModels() {}

    static List<String> names() {
        return List.copyOf(BY_NAME.keySet());
    }

    static CpuModel of(String name) {
        CpuModel model = BY_NAME.get(name);
        if (model == null) {
            throw new IllegalArgumentException("No CPU model " + name);
        }
        return model;
    }

    private static Builder model(String name, CacheGeometry caches) {
        return new Builder(name, caches).set(DCZID_EL0, DCZ_64_BYTES);
    }

    private static final class Builder {
        private final String name;
        private final CacheGeometry caches;
        private final Map<SysReg, Long> ids = new EnumMap<>(SysReg.class);

        Builder(String name, CacheGeometry caches) {
            this.name = name;
            this.caches = caches;
        }

        Builder set(SysReg register, long value) {
            ids.put(register, value);
            return this;
        }

        /// What the Armv8.2 cores (A76, N1, A78, V1) have in common; the later ones override some.
        Builder armv82(long midr) {
            return set(MIDR_EL1, midr)
                    .set(CTR_EL0, 0x8444_c004L)
                    .set(CLIDR_EL1, 0x8200_0023L)
                    .set(ID_AA64PFR0_EL1, 0x1100_0000_1011_1112L)
                    .set(ID_AA64PFR1_EL1, 0x10)
                    .set(ID_AA64DFR0_EL1, 0x1030_5408L)
                    .set(ID_AA64ISAR0_EL1, 0x0000_1000_1021_1120L)
                    .set(ID_AA64ISAR1_EL1, 0x0010_0001L)
                    .set(ID_AA64MMFR1_EL1, 0x1021_2122L)
                    .set(ID_AA64MMFR2_EL1, 0x1011);
        }

        /// What the Armv9.0 cores (A710, N2, V2) have in common; the values are the Neoverse N2's.
        Builder armv9(long midr) {
            return set(MIDR_EL1, midr)
                    .set(CTR_EL0, 0x4_b444_c004L)
                    .set(CLIDR_EL1, 0x14_8200_0023L)
                    .set(ID_AA64PFR0_EL1, 0x1201_1111_2011_1112L)
                    .set(ID_AA64PFR1_EL1, 0x0221)
                    .set(ID_AA64ZFR0_EL1, 0x0000_1101_0011_0021L)
                    .set(ID_AA64DFR0_EL1, 0x0000_11f2_1030_5619L)
                    .set(ID_AA64ISAR0_EL1, 0x1221_1111_1021_2120L)
                    .set(ID_AA64ISAR1_EL1, 0x0011_1111_0121_1052L)
                    .set(ID_AA64MMFR0_EL1, 0x0000_0222_0010_1125L)
                    .set(ID_AA64MMFR1_EL1, 0x1021_2122L)
                    .set(ID_AA64MMFR2_EL1, 0x1221_0111_1210_1011L);
        }

        void add() {
            BY_NAME.put(name, new CpuModel(name, ids, caches));
        }
    }
}
