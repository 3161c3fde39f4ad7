package dev.ipanema.arm.fp;

/// The tables of reciprocal estimates, which floating point and integer instructions share.
///
/// Source: Arm ARM DDI 0487, shared pseudocode `RecipEstimate`, `RecipSqrtEstimate`.
public final class Estimates {
    private Estimates() {}

    /// {@return 256 to 511, the estimate of 1/x as a number from 1 to 2 in units of 1/256}
    ///
    /// @param a 256 to 511: x from 0.5 to 1 in units of 1/512
    public static int reciprocal(int a) {
        int midpoint = 2 * a + 1;
        return ((1 << 19) / midpoint + 1) >> 1;
    }

    /// {@return 256 to 511, the estimate of 1/√x as a number from 1 to 2 in units of 1/256}
    ///
    /// @param a 128 to 511: x from 0.25 to 1 in units of 1/512
    public static int reciprocalSquareRoot(int a) {
        int midpoint = a < 256 ? 2 * a + 1 : (a | 1) * 2;
        int b = 512;
        while ((long) midpoint * (b + 1) * (b + 1) < 1L << 28) {
            b++;
        }
        return (b + 1) / 2;
    }
}
