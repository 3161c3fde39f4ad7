package dev.ipanema.arm.simd;

/// The instructions of FEAT_SHA3, on a half of each register.
///
/// Source: Arm ARM DDI 0487, C7.2 (BCAX, EOR3, RAX1, XAR).
public final class Sha3 {
    private Sha3() {}

    /// {@return EOR3}
    public static long eor3(long n, long m, long a) {
        return n ^ m ^ a;
    }

    /// {@return BCAX: `n` and, of `m`, the bits that `a` has not, added}
    public static long bcax(long n, long m, long a) {
        return n ^ (m & ~a);
    }

    /// {@return RAX1: `n` and `m` rotated left by 1, added}
    public static long rax1(long n, long m) {
        return n ^ Long.rotateLeft(m, 1);
    }

    /// {@return XAR: the sum rotated right by 0 to 63}
    public static long xar(long n, long m, int by) {
        return Long.rotateRight(n ^ m, by);
    }
}
