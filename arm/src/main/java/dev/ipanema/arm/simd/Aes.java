package dev.ipanema.arm.simd;

/// The instructions of FEAT_AES, on registers of a register file: `v` holds two longs for each of 32 registers.
///
/// Byte r + 4c of a register is row r, column c of the state. The tables are computed as FIPS 197 defines them.
///
/// Source: Arm ARM DDI 0487, C7.2 (AESE, AESD, AESMC, AESIMC); FIPS 197, 5.1 and 5.3.
public final class Aes {
    private static final int MODULUS = 0x11B;
    private static final int AFFINE_ROW = 0b1111_0001;
    private static final int AFFINE_CONSTANT = 0x63;

    private static final byte[] S_BOX = new byte[256];
    private static final byte[] INVERSE_S_BOX = new byte[256];

    /// Byte i of the shifted rows comes from byte 5i modulo 16, of the inversely shifted from 13i.
    private static final int SHIFT_ROWS = 5;

    private static final int INVERSE_SHIFT_ROWS = 13;

    static {
        Gf256 field = new Gf256(MODULUS);
        for (int i = 0; i < S_BOX.length; i++) {
            int substituted = Gf256.transform(field.inverse(i), AFFINE_ROW) ^ AFFINE_CONSTANT;
            S_BOX[i] = (byte) substituted;
            INVERSE_S_BOX[substituted] = (byte) i;
        }
    }

    private Aes() {}

    /// AESE: adds the round key `n`, substitutes and shifts rows.
    public static void aese(long[] v, int d, int n) {
        round(v, d, n, S_BOX, SHIFT_ROWS);
    }

    /// AESD: adds the round key `n`, inversely substitutes and shifts rows.
    public static void aesd(long[] v, int d, int n) {
        round(v, d, n, INVERSE_S_BOX, INVERSE_SHIFT_ROWS);
    }

    /// AESMC: mixes columns.
    public static void aesmc(long[] v, int d, int n) {
        v[2 * d] = mix(v[2 * n]);
        v[2 * d + 1] = mix(v[2 * n + 1]);
    }

    /// AESIMC: inversely mixes columns.
    public static void aesimc(long[] v, int d, int n) {
        v[2 * d] = mix(prepare(v[2 * n]));
        v[2 * d + 1] = mix(prepare(v[2 * n + 1]));
    }

    private static void round(long[] v, int d, int n, byte[] box, int stride) {
        long low = v[2 * d] ^ v[2 * n];
        long high = v[2 * d + 1] ^ v[2 * n + 1];
        v[2 * d] = substitute(low, high, 0, box, stride);
        v[2 * d + 1] = substitute(low, high, Long.BYTES * stride, box, stride);
    }

    private static long substitute(long low, long high, int first, byte[] box, int stride) {
        long result = 0;
        int from = first;
        for (int at = 0; at < Long.SIZE; at += Byte.SIZE) {
            long half = (from & Long.BYTES) == 0 ? low : high;
            result |= (box[(int) (half >>> (from * Byte.SIZE)) & 0xFF] & 0xFFL) << at;
            from += stride;
        }
        return result;
    }

    /// Two columns: each byte doubled, the next one trebled, the two after it added.
    private static long mix(long columns) {
        long next = rotate(columns, 8);
        return doubled(columns ^ next) ^ next ^ rotate(columns, 16) ^ rotate(columns, 24);
    }

    /// What makes [#mix] its own inverse: to each byte four times the sum of it and the one two rows on.
    private static long prepare(long columns) {
        return columns ^ doubled(doubled(columns ^ rotate(columns, 16)));
    }

    private static long doubled(long bytes) {
        return LaneShifts.shl(bytes, 1, 0) ^ (bytes >>> 7 & Lanes.lowBits(0)) * (MODULUS & 0xFF);
    }

    /// Rotates both 32-bit lanes to the right.
    private static long rotate(long lanes, int by) {
        return LaneShifts.sli(lanes, Integer.SIZE - by, LaneShifts.ushr(lanes, by, 2), 2);
    }
}
