package dev.ipanema.arm.register;

/// The field PMUVer of `ID_AA64DFR0_EL1`.
///
/// Source: Arm ARM DDI 0487, D24.2 "ID_AA64DFR0_EL1".
public final class IdAa64Dfr0El1 {
    /// FEAT_PMUv3.
    public static final int V3 = 1;

    /// FEAT_PMUv3p1: 16-bit event numbers.
    public static final int V3P1 = 4;

    /// FEAT_PMUv3p4: PMMIR_EL1.
    public static final int V3P4 = 5;

    /// FEAT_PMUv3p5: 64-bit event counters.
    public static final int V3P5 = 6;

    private static final int PMUVER_SHIFT = 8;
    private static final long FIELD = 0xf;

    /// PMUVer: performance monitors, but not those of the architecture.
    private static final int IMPLEMENTATION_DEFINED = 0xf;

    private IdAa64Dfr0El1() {}

    /// {@return the version of the performance monitors, 0 for none or IMPLEMENTATION DEFINED ones}
    public static int pmuVer(long value) {
        int version = (int) (value >>> PMUVER_SHIFT & FIELD);
        return version == IMPLEMENTATION_DEFINED ? 0 : version;
    }

    /// {@return the register with another version}
    public static long withPmuVer(long value, int version) {
        return (value & ~(FIELD << PMUVER_SHIFT)) | (version & FIELD) << PMUVER_SHIFT;
    }
}
