package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.Lanes.bits;
import static dev.ipanema.arm.simd.Lanes.mask;
import static dev.ipanema.arm.simd.Lanes.signed;
import static dev.ipanema.arm.simd.Lanes.unsigned;

import dev.ipanema.arm.fp.FpStatus;

/// Shifts of lanes to the left that saturate: by the signed low byte of the lanes of another register, where a negative
/// one shifts to the right and never saturates, or by an immediate. FPSR.QC is set when a lane saturates.
///
/// The narrowing forms (SQSHRN, …) are [Saturation#sqxtn] and its like of the shifted halves.
///
/// Source: Arm ARM DDI 0487, C7.2 by name.
public final class SaturatingShifts {
    private SaturatingShifts() {}

    /// {@return SQSHL (register)}
    public static long sqshl(long a, long shifts, int size, FpStatus status) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long lane = signed(a, at, bits);
            int shift = (byte) (shifts >>> at);
            long shifted = shift < 0 ? LaneShifts.rightSigned(lane, -shift) : leftSigned(lane, shift, bits, status);
            result |= (shifted & mask(size)) << at;
        }
        return result;
    }

    /// {@return SQRSHL}
    public static long sqrshl(long a, long shifts, int size, FpStatus status) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long lane = signed(a, at, bits);
            int shift = (byte) (shifts >>> at);
            long shifted =
                    shift < 0 ? LaneShifts.rightSignedRounded(lane, -shift) : leftSigned(lane, shift, bits, status);
            result |= (shifted & mask(size)) << at;
        }
        return result;
    }

    /// {@return UQSHL (register)}
    public static long uqshl(long a, long shifts, int size, FpStatus status) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long lane = unsigned(a, at, bits);
            int shift = (byte) (shifts >>> at);
            result |= (shift < 0 ? LaneShifts.right(lane, -shift) : left(lane, shift, bits, status)) << at;
        }
        return result;
    }

    /// {@return UQRSHL}
    public static long uqrshl(long a, long shifts, int size, FpStatus status) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long lane = unsigned(a, at, bits);
            int shift = (byte) (shifts >>> at);
            result |= (shift < 0 ? LaneShifts.rightRounded(lane, -shift) : left(lane, shift, bits, status)) << at;
        }
        return result;
    }

    /// {@return SQSHL (immediate)}
    public static long sqshl(long a, int shift, int size, FpStatus status) {
        return sqshl(a, Lanes.replicate(shift, size), size, status);
    }

    /// {@return UQSHL (immediate)}
    public static long uqshl(long a, int shift, int size, FpStatus status) {
        return uqshl(a, Lanes.replicate(shift, size), size, status);
    }

    /// {@return SQSHLU: signed lanes to the left, saturated to unsigned ones}
    public static long sqshlu(long a, int shift, int size, FpStatus status) {
        long negative = Lanes.spread(a, size);
        if (negative != 0) {
            Saturation.saturated(status);
        }
        return uqshl(a & ~negative, shift, size, status);
    }

    private static long leftSigned(long value, int shift, int bits, FpStatus status) {
        if (value == 0) {
            return 0;
        }
        if (shift >= bits) {
            return Saturation.limit(value, bits, status);
        }
        long shifted = value << (Long.SIZE - bits + shift) >> (Long.SIZE - bits);
        return shifted >> shift == value ? shifted : Saturation.limit(value, bits, status);
    }

    private static long left(long value, int shift, int bits, FpStatus status) {
        if (value == 0) {
            return 0;
        }
        if (shift < bits) {
            long shifted = value << (Long.SIZE - bits + shift) >>> (Long.SIZE - bits);
            if (shifted >>> shift == value) {
                return shifted;
            }
        }
        Saturation.saturated(status);
        return -1L >>> (Long.SIZE - bits);
    }
}
