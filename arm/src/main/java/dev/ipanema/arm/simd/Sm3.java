package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.Words.get;

/// The instructions of FEAT_SM3, on registers of a register file: `v` holds two longs for each of 32 registers.
///
/// Source: Arm ARM DDI 0487, C7.2 (SM3SS1, SM3TT1A, SM3TT1B, SM3TT2A, SM3TT2B, SM3PARTW1, SM3PARTW2).
public final class Sm3 {
    private Sm3() {}

    /// SM3SS1: in word 3, the others are zero.
    public static void sm3ss1(long[] v, int d, int n, int m, int a) {
        int sum = Integer.rotateLeft(get(v, n, 3), 12) + get(v, m, 3) + get(v, a, 3);
        Words.set(v, d, 0, 0, 0, Integer.rotateLeft(sum, 7));
    }

    /// SM3TT1A: rounds 0 to 15, words A to D, with word `index` of `m`.
    public static void sm3tt1a(long[] v, int d, int n, int m, int index) {
        first(v, d, n, get(v, m, index), get(v, d, 1) ^ get(v, d, 2) ^ get(v, d, 3));
    }

    /// SM3TT1B: rounds 16 to 63, words A to D, with word `index` of `m`.
    public static void sm3tt1b(long[] v, int d, int n, int m, int index) {
        first(v, d, n, get(v, m, index), Words.majority(get(v, d, 1), get(v, d, 2), get(v, d, 3)));
    }

    private static void first(long[] v, int d, int n, int word, int mixed) {
        int top = get(v, d, 3);
        int sum = mixed + get(v, d, 0) + (get(v, n, 3) ^ Integer.rotateLeft(top, 12)) + word;
        Words.set(v, d, get(v, d, 1), Integer.rotateLeft(get(v, d, 2), 9), top, sum);
    }

    /// SM3TT2A: rounds 0 to 15, words E to H, with word `index` of `m`.
    public static void sm3tt2a(long[] v, int d, int n, int m, int index) {
        second(v, d, n, get(v, m, index), get(v, d, 1) ^ get(v, d, 2) ^ get(v, d, 3));
    }

    /// SM3TT2B: rounds 16 to 63, words E to H, with word `index` of `m`.
    public static void sm3tt2b(long[] v, int d, int n, int m, int index) {
        second(v, d, n, get(v, m, index), Words.choose(get(v, d, 3), get(v, d, 2), get(v, d, 1)));
    }

    private static void second(long[] v, int d, int n, int word, int mixed) {
        int sum = mixed + get(v, d, 0) + get(v, n, 3) + word;
        int permuted = sum ^ Integer.rotateLeft(sum, 9) ^ Integer.rotateLeft(sum, 17);
        Words.set(v, d, get(v, d, 1), Integer.rotateLeft(get(v, d, 2), 19), get(v, d, 3), permuted);
    }

    /// SM3PARTW1: the first part of four words of the message expansion.
    public static void sm3partw1(long[] v, int d, int n, int m) {
        int first = permuted(get(v, d, 0) ^ get(v, n, 0) ^ Integer.rotateLeft(get(v, m, 1), 15));
        int second = permuted(get(v, d, 1) ^ get(v, n, 1) ^ Integer.rotateLeft(get(v, m, 2), 15));
        int third = permuted(get(v, d, 2) ^ get(v, n, 2) ^ Integer.rotateLeft(get(v, m, 3), 15));
        int fourth = permuted(get(v, d, 3) ^ get(v, n, 3) ^ Integer.rotateLeft(first, 15));
        Words.set(v, d, first, second, third, fourth);
    }

    /// SM3PARTW2: the second part of four words of the message expansion.
    public static void sm3partw2(long[] v, int d, int n, int m) {
        int first = get(v, n, 0) ^ Integer.rotateLeft(get(v, m, 0), 7);
        int second = get(v, n, 1) ^ Integer.rotateLeft(get(v, m, 1), 7);
        int third = get(v, n, 2) ^ Integer.rotateLeft(get(v, m, 2), 7);
        int fourth = get(v, n, 3) ^ Integer.rotateLeft(get(v, m, 3), 7) ^ permuted(Integer.rotateLeft(first, 15));
        Words.set(v, d, get(v, d, 0) ^ first, get(v, d, 1) ^ second, get(v, d, 2) ^ third, get(v, d, 3) ^ fourth);
    }

    /// P1 of the hash function.
    private static int permuted(int word) {
        return word ^ Integer.rotateLeft(word, 15) ^ Integer.rotateLeft(word, 23);
    }
}
