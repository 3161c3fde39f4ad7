package dev.ipanema.arm.register;

/// Fields of `PMEVTYPER<n>_EL0` and `PMCCFILTR_EL0`: what a counter counts, and where.
///
/// Source: Arm ARM DDI 0487, D24.5 "PMEVTYPER<n>_EL0".
public final class PmevtyperEl0 {
    /// Does not count at EL1.
    public static final long P = 1L << 31;

    /// Does not count at EL0.
    public static final long U = 1L << 30;

    /// Turns the meaning of [#P] round in Non-secure state.
    public static final long NSK = 1L << 29;

    /// Turns the meaning of [#U] round in Non-secure state.
    public static final long NSU = 1L << 28;

    /// Counts at EL2.
    public static final long NSH = 1L << 27;

    private static final int EVENTS_OF_PMUV3 = 1 << 10;
    private static final int EVENTS_OF_PMUV3P1 = 1 << 16;

    private PmevtyperEl0() {}

    /// {@return how many event numbers a version of the PMU has: evtCount is 10 or 16 bits wide}
    ///
    /// @param pmuVer `ID_AA64DFR0_EL1.PMUVer`
    public static int events(int pmuVer) {
        return pmuVer >= IdAa64Dfr0El1.V3P1 ? EVENTS_OF_PMUV3P1 : EVENTS_OF_PMUV3;
    }

    /// {@return whether the filter lets Non-secure EL1 be counted}
    public static boolean countsEl1(long value) {
        return (value & P) != 0 == ((value & NSK) != 0);
    }

    /// {@return whether the filter lets Non-secure EL0 be counted}
    public static boolean countsEl0(long value) {
        return (value & U) != 0 == ((value & NSU) != 0);
    }
}
