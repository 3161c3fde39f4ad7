package dev.ipanema.arm.simd;

/// The instructions of FEAT_SHA256, on registers of a register file: `v` holds two longs for each of 32 registers.
///
/// Source: Arm ARM DDI 0487, C7.2 (SHA256H, SHA256H2, SHA256SU0, SHA256SU1), shared pseudocode `SHA256hash`.
public final class Sha256 {
    private Sha256() {}

    /// SHA256H: four rounds on A to D in `d` and E to H in `n` with the words of `m`; A to D remain.
    public static void sha256h(long[] v, int d, int n, int m) {
        rounds(v, d, d, n, m, false);
    }

    /// SHA256H2: four rounds on A to D in `n` and E to H in `d` with the words of `m`; E to H remain.
    public static void sha256h2(long[] v, int d, int n, int m) {
        rounds(v, d, n, d, m, true);
    }

    /// Four rounds on A to D in `x` and E to H in `y`; one of both goes to `to`.
    private static void rounds(long[] v, int to, int x, int y, int words, boolean second) {
        int a = Words.get(v, x, 0);
        int b = Words.get(v, x, 1);
        int c = Words.get(v, x, 2);
        int d = Words.get(v, x, 3);
        int e = Words.get(v, y, 0);
        int f = Words.get(v, y, 1);
        int g = Words.get(v, y, 2);
        int h = Words.get(v, y, 3);
        for (int round = 0; round < 4; round++) {
            int sigma1 = Integer.rotateRight(e, 6) ^ Integer.rotateRight(e, 11) ^ Integer.rotateRight(e, 25);
            int sigma0 = Integer.rotateRight(a, 2) ^ Integer.rotateRight(a, 13) ^ Integer.rotateRight(a, 22);
            int sum = h + sigma1 + Words.choose(e, f, g) + Words.get(v, words, round);
            int next = sum + sigma0 + Words.majority(a, b, c);
            h = g;
            g = f;
            f = e;
            e = d + sum;
            d = c;
            c = b;
            b = a;
            a = next;
        }
        if (second) {
            Words.set(v, to, e, f, g, h);
        } else {
            Words.set(v, to, a, b, c, d);
        }
    }

    /// SHA256SU0: the first part of the message schedule.
    public static void sha256su0(long[] v, int d, int n) {
        int first = Words.get(v, d, 0) + sigma0(Words.get(v, d, 1));
        int second = Words.get(v, d, 1) + sigma0(Words.get(v, d, 2));
        int third = Words.get(v, d, 2) + sigma0(Words.get(v, d, 3));
        int fourth = Words.get(v, d, 3) + sigma0(Words.get(v, n, 0));
        Words.set(v, d, first, second, third, fourth);
    }

    /// SHA256SU1: the second part of the message schedule.
    public static void sha256su1(long[] v, int d, int n, int m) {
        int first = Words.get(v, d, 0) + sigma1(Words.get(v, m, 2)) + Words.get(v, n, 1);
        int second = Words.get(v, d, 1) + sigma1(Words.get(v, m, 3)) + Words.get(v, n, 2);
        int third = Words.get(v, d, 2) + sigma1(first) + Words.get(v, n, 3);
        int fourth = Words.get(v, d, 3) + sigma1(second) + Words.get(v, m, 0);
        Words.set(v, d, first, second, third, fourth);
    }

    private static int sigma0(int word) {
        return Integer.rotateRight(word, 7) ^ Integer.rotateRight(word, 18) ^ word >>> 3;
    }

    private static int sigma1(int word) {
        return Integer.rotateRight(word, 17) ^ Integer.rotateRight(word, 19) ^ word >>> 10;
    }
}
