package dev.ipanema.arm.simd;

/// The instructions of FEAT_SHA1, on registers of a register file: `v` holds two longs for each of 32 registers.
///
/// Source: Arm ARM DDI 0487, C7.2 (SHA1C, SHA1H, SHA1M, SHA1P, SHA1SU0, SHA1SU1).
public final class Sha1 {
    private enum Choice {
        CHOOSE,
        PARITY,
        MAJORITY
    }

    private Sha1() {}

    /// SHA1C: four rounds on A to D in `d` and E in `n` with the words of `m`, choosing.
    public static void sha1c(long[] v, int d, int n, int m) {
        rounds(v, d, n, m, Choice.CHOOSE);
    }

    /// SHA1P: four rounds on A to D in `d` and E in `n` with the words of `m`, by parity.
    public static void sha1p(long[] v, int d, int n, int m) {
        rounds(v, d, n, m, Choice.PARITY);
    }

    /// SHA1M: four rounds on A to D in `d` and E in `n` with the words of `m`, by majority.
    public static void sha1m(long[] v, int d, int n, int m) {
        rounds(v, d, n, m, Choice.MAJORITY);
    }

    private static void rounds(long[] v, int d, int n, int m, Choice choice) {
        int a = Words.get(v, d, 0);
        int b = Words.get(v, d, 1);
        int c = Words.get(v, d, 2);
        int dd = Words.get(v, d, 3);
        int e = Words.get(v, n, 0);
        for (int round = 0; round < 4; round++) {
            int chosen = switch (choice) {
                case CHOOSE -> Words.choose(b, c, dd);
                case PARITY -> b ^ c ^ dd;
                case MAJORITY -> Words.majority(b, c, dd);
            };
            int next = Integer.rotateLeft(a, 5) + chosen + e + Words.get(v, m, round);
            e = dd;
            dd = c;
            c = Integer.rotateLeft(b, 30);
            b = a;
            a = next;
        }
        Words.set(v, d, a, b, c, dd);
    }

    /// SHA1H: the word of `n` rotated as E of the next four rounds; a scalar, so that the rest of `d` is zero.
    public static void sha1h(long[] v, int d, int n) {
        Words.set(v, d, Integer.rotateLeft(Words.get(v, n, 0), 30), 0, 0, 0);
    }

    /// SHA1SU0: the first part of the message schedule.
    public static void sha1su0(long[] v, int d, int n, int m) {
        long low = v[2 * d];
        long high = v[2 * d + 1];
        long next = v[2 * n];
        v[2 * d] = high ^ low ^ v[2 * m];
        v[2 * d + 1] = next ^ high ^ v[2 * m + 1];
    }

    /// SHA1SU1: the second part of the message schedule.
    public static void sha1su1(long[] v, int d, int n) {
        int first = Words.get(v, d, 0) ^ Words.get(v, n, 1);
        int second = Words.get(v, d, 1) ^ Words.get(v, n, 2);
        int third = Words.get(v, d, 2) ^ Words.get(v, n, 3);
        int fourth = Words.get(v, d, 3);
        Words.set(
                v,
                d,
                Integer.rotateLeft(first, 1),
                Integer.rotateLeft(second, 1),
                Integer.rotateLeft(third, 1),
                Integer.rotateLeft(fourth, 1) ^ Integer.rotateLeft(first, 2));
    }
}
