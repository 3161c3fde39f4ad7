package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.Lanes.lowBits;

/// Products of polynomials over {0, 1}: multiplication without carries.
///
/// Source: Arm ARM DDI 0487, C7.2 (PMUL, PMULL), shared pseudocode `PolynomialMult`.
public final class Polynomials {
    /// Every fourth bit. A column of the integer product of two such numbers counts at most 16 terms, and it is the
    /// last column of the low half that has 16: what leaves a column's four bits there leaves the half.
    private static final long FOURTH = 0x1111_1111_1111_1111L;

    private Polynomials() {}

    /// {@return PMUL: the low 8 bits of the products of bytes}
    public static long pmul(long a, long b) {
        long ones = lowBits(0);
        long result = 0;
        for (int bit = 0; bit < Byte.SIZE; bit++) {
            result ^= LaneShifts.shl(a, bit, 0) & (b >>> bit & ones) * 0xFF;
        }
        return result;
    }

    /// {@return PMULL of bytes: the 16-bit products of the four low bytes of both}
    public static long pmull8(long a, long b) {
        long first = Lanes.widenUnsigned(a, 0);
        long second = Lanes.widenUnsigned(b, 0);
        long ones = lowBits(1);
        long result = 0;
        for (int bit = 0; bit < Byte.SIZE; bit++) {
            result ^= first << bit & (second >>> bit & ones) * 0xFFFF;
        }
        return result;
    }

    /// {@return the low half of PMULL of 64 bits}
    public static long pmullLow(long a, long b) {
        long result = 0;
        for (int column = 0; column < 4; column++) {
            long sum = 0;
            for (int i = 0; i < 4; i++) {
                sum ^= (a & FOURTH << i) * (b & FOURTH << (column - i & 3));
            }
            result |= sum & FOURTH << column;
        }
        return result;
    }

    /// {@return the high half of PMULL of 64 bits}: the low half of the product of the reversed factors, reversed, is
    /// the product from bit 63 up
    public static long pmullHigh(long a, long b) {
        return Long.reverse(pmullLow(Long.reverse(a), Long.reverse(b))) >>> 1;
    }
}
