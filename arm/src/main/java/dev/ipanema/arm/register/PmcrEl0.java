package dev.ipanema.arm.register;

/// Fields of `PMCR_EL0`, the control of the performance monitors.
///
/// Source: Arm ARM DDI 0487, D24.5 "PMCR_EL0".
public final class PmcrEl0 {
    /// Counters count.
    public static final long E = 1;

    /// Written: resets all event counters.
    public static final long P = 1L << 1;

    /// Written: resets the cycle counter.
    public static final long C = 1L << 2;

    /// The cycle counter counts every 64th cycle.
    public static final long D = 1L << 3;

    /// Exports events.
    public static final long X = 1L << 4;

    /// The cycle counter stands still where counting is prohibited.
    public static final long DP = 1L << 5;

    /// The cycle counter overflows at 64 bits; RES1 without AArch32.
    public static final long LC = 1L << 6;

    /// Event counters overflow at 64 bits (FEAT_PMUv3p5).
    public static final long LP = 1L << 7;

    private static final int N_SHIFT = 11;
    private static final long N = 0x1f;

    private PmcrEl0() {}

    /// {@return how many event counters there are}
    public static int n(long value) {
        return (int) (value >>> N_SHIFT & N);
    }

    /// {@return the register with another number of event counters}
    public static long withN(long value, int n) {
        return (value & ~(N << N_SHIFT)) | (n & N) << N_SHIFT;
    }
}
