package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.Words.get;

/// The instructions of FEAT_SM4, on registers of a register file: `v` holds two longs for each of 32 registers.
///
/// The S-box is computed: an affine map, the inverse in a field of 256 elements, and the same affine map again
/// (GB/T 32907; its structure: Ji and Hu, "The design of SMS4 S-box").
///
/// Source: Arm ARM DDI 0487, C7.2 (SM4E, SM4EKEY).
public final class Sm4 {
    private static final int MODULUS = 0x1F5;
    private static final int AFFINE_ROW = 0xA7;
    private static final int AFFINE_CONSTANT = 0xD3;

    private static final byte[] S_BOX = new byte[256];

    static {
        Gf256 field = new Gf256(MODULUS);
        for (int i = 0; i < S_BOX.length; i++) {
            S_BOX[i] = (byte) affine(field.inverse(affine(i)));
        }
    }

    private Sm4() {}

    private static int affine(int a) {
        return Gf256.transform(a, AFFINE_ROW) ^ AFFINE_CONSTANT;
    }

    /// SM4E: four rounds on `d` with the round keys in `n`.
    public static void sm4e(long[] v, int d, int n) {
        rounds(v, d, d, n, false);
    }

    /// SM4EKEY: four round keys from the key words in `n` and the constants in `m`.
    public static void sm4ekey(long[] v, int d, int n, int m) {
        rounds(v, d, n, m, true);
    }

    private static void rounds(long[] v, int to, int from, int words, boolean key) {
        int first = get(v, from, 0);
        int second = get(v, from, 1);
        int third = get(v, from, 2);
        int fourth = get(v, from, 3);
        for (int round = 0; round < 4; round++) {
            int substituted = substitute(second ^ third ^ fourth ^ get(v, words, round));
            int next = first ^ (key ? keyLinear(substituted) : linear(substituted));
            first = second;
            second = third;
            third = fourth;
            fourth = next;
        }
        Words.set(v, to, first, second, third, fourth);
    }

    private static int substitute(int word) {
        return (S_BOX[word & 0xFF] & 0xFF)
                | (S_BOX[word >>> 8 & 0xFF] & 0xFF) << 8
                | (S_BOX[word >>> 16 & 0xFF] & 0xFF) << 16
                | S_BOX[word >>> 24] << 24;
    }

    private static int linear(int word) {
        return word
                ^ Integer.rotateLeft(word, 2)
                ^ Integer.rotateLeft(word, 10)
                ^ Integer.rotateLeft(word, 18)
                ^ Integer.rotateLeft(word, 24);
    }

    private static int keyLinear(int word) {
        return word ^ Integer.rotateLeft(word, 13) ^ Integer.rotateLeft(word, 23);
    }
}
