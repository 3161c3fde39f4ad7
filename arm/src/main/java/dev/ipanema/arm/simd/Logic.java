package dev.ipanema.arm.simd;

/// Bitwise choice.
///
/// Source: Arm ARM DDI 0487, C7.2.36 to C7.2.38 (BIF, BIT, BSL).
public final class Logic {
    private Logic() {}

    /// {@return the bits of `a` where `mask` has ones, else those of `b`}: BSL is `select(d, n, m)`, BIT `select(m, n,
    /// d)`, BIF `select(m, d, n)`
    public static long select(long mask, long a, long b) {
        return b ^ ((a ^ b) & mask);
    }
}
