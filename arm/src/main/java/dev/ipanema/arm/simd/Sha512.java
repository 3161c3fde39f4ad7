package dev.ipanema.arm.simd;

/// The instructions of FEAT_SHA512, on registers of a register file: `v` holds two longs for each of 32 registers.
///
/// Source: Arm ARM DDI 0487, C7.2 (SHA512H, SHA512H2, SHA512SU0, SHA512SU1).
public final class Sha512 {
    private Sha512() {}

    /// SHA512H: the first part of two rounds.
    public static void sha512h(long[] v, int d, int n, int m) {
        long low = v[2 * n];
        long high = v[2 * n + 1];
        long e = v[2 * m + 1];
        long second = choose(e, low, high) + bigSigma1(e) + v[2 * d + 1];
        long next = second + v[2 * m];
        v[2 * d] += choose(next, e, low) + bigSigma1(next);
        v[2 * d + 1] = second;
    }

    /// SHA512H2: the second part of two rounds.
    public static void sha512h2(long[] v, int d, int n, int m) {
        long c = v[2 * n];
        long a = v[2 * m];
        long b = v[2 * m + 1];
        long second = majority(c, b, a) + bigSigma0(a) + v[2 * d + 1];
        v[2 * d] += majority(second, a, b) + bigSigma0(second);
        v[2 * d + 1] = second;
    }

    /// SHA512SU0: the first part of the message schedule.
    public static void sha512su0(long[] v, int d, int n) {
        long next = v[2 * n];
        v[2 * d] += sigma0(v[2 * d + 1]);
        v[2 * d + 1] += sigma0(next);
    }

    /// SHA512SU1: the second part of the message schedule.
    public static void sha512su1(long[] v, int d, int n, int m) {
        long low = sigma1(v[2 * n]) + v[2 * m];
        long high = sigma1(v[2 * n + 1]) + v[2 * m + 1];
        v[2 * d] += low;
        v[2 * d + 1] += high;
    }

    private static long choose(long a, long b, long c) {
        return Logic.select(a, b, c);
    }

    private static long majority(long a, long b, long c) {
        return (a & b) | ((a | b) & c);
    }

    private static long bigSigma0(long word) {
        return Long.rotateRight(word, 28) ^ Long.rotateRight(word, 34) ^ Long.rotateRight(word, 39);
    }

    private static long bigSigma1(long word) {
        return Long.rotateRight(word, 14) ^ Long.rotateRight(word, 18) ^ Long.rotateRight(word, 41);
    }

    private static long sigma0(long word) {
        return Long.rotateRight(word, 1) ^ Long.rotateRight(word, 8) ^ word >>> 7;
    }

    private static long sigma1(long word) {
        return Long.rotateRight(word, 19) ^ Long.rotateRight(word, 61) ^ word >>> 6;
    }
}
