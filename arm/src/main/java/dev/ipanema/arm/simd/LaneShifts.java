package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.Lanes.bits;
import static dev.ipanema.arm.simd.Lanes.lowBits;
import static dev.ipanema.arm.simd.Lanes.mask;
import static dev.ipanema.arm.simd.Lanes.replicate;
import static dev.ipanema.arm.simd.Lanes.signBits;
import static dev.ipanema.arm.simd.Lanes.signed;
import static dev.ipanema.arm.simd.Lanes.unsigned;

/// Shifts of lanes that do not saturate: by an immediate, and by the signed low byte of the lanes of another register
/// (to the left when positive). Right shifts are by 1 up to the width of a lane, left shifts by 0 up to the width less
/// 1.
///
/// The accumulating forms (SSRA, …) add to the destination; the narrowing forms (SHRN, …) take [Lanes#evenLanes] of
/// the shifted halves; the long forms (SSHLL, …) shift a widened source.
///
/// Source: Arm ARM DDI 0487, C7.2 by name.
public final class LaneShifts {
    private LaneShifts() {}

    /// {@return SHL}
    public static long shl(long a, int shift, int size) {
        return a << shift & replicate(mask(size) << shift, size);
    }

    /// {@return USHR}
    ///
    /// @param shift 0 to the width of a lane
    public static long ushr(long a, int shift, int size) {
        return shift == bits(size) ? 0 : a >>> shift & replicate(mask(size) >>> shift, size);
    }

    /// {@return SSHR}
    ///
    /// @param shift 0 to the width of a lane
    public static long sshr(long a, int shift, int size) {
        int within = Math.min(shift, bits(size) - 1);
        long signs = signBits(size) >>> within;
        return LaneArithmetic.sub(ushr(a, within, size) ^ signs, signs, size);
    }

    /// {@return URSHR: rounded half up}
    public static long urshr(long a, int shift, int size) {
        return LaneArithmetic.add(ushr(a, shift, size), ushr(a, shift - 1, size) & lowBits(size), size);
    }

    /// {@return SRSHR: rounded half up}
    public static long srshr(long a, int shift, int size) {
        return LaneArithmetic.add(sshr(a, shift, size), ushr(a, shift - 1, size) & lowBits(size), size);
    }

    /// {@return SLI: `a` to the left, the bits below kept from `d`}
    public static long sli(long a, int shift, long d, int size) {
        return Logic.select(replicate(mask(size) << shift, size), a << shift, d);
    }

    /// {@return SRI: `a` to the right, the bits above kept from `d`}
    public static long sri(long a, int shift, long d, int size) {
        return shift == bits(size) ? d : Logic.select(replicate(mask(size) >>> shift, size), a >>> shift, d);
    }

    /// {@return USHL}
    public static long ushl(long a, long shifts, int size) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long lane = unsigned(a, at, bits);
            int shift = (byte) (shifts >>> at);
            result |= (shift < 0 ? right(lane, -shift) : left(lane, shift) & mask(size)) << at;
        }
        return result;
    }

    /// {@return SSHL}
    public static long sshl(long a, long shifts, int size) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long lane = signed(a, at, bits);
            int shift = (byte) (shifts >>> at);
            result |= ((shift < 0 ? rightSigned(lane, -shift) : left(lane, shift)) & mask(size)) << at;
        }
        return result;
    }

    /// {@return URSHL: right shifts are rounded half up}
    public static long urshl(long a, long shifts, int size) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long lane = unsigned(a, at, bits);
            int shift = (byte) (shifts >>> at);
            result |= ((shift < 0 ? rightRounded(lane, -shift) : left(lane, shift)) & mask(size)) << at;
        }
        return result;
    }

    /// {@return SRSHL: right shifts are rounded half up}
    public static long srshl(long a, long shifts, int size) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long lane = signed(a, at, bits);
            int shift = (byte) (shifts >>> at);
            result |= ((shift < 0 ? rightSignedRounded(lane, -shift) : left(lane, shift)) & mask(size)) << at;
        }
        return result;
    }

    /// {@return a value shifted by 0 or more, modulo 2^64}
    static long left(long value, int shift) {
        return shift < Long.SIZE ? value << shift : 0;
    }

    /// {@return an unsigned value shifted by 1 or more}
    static long right(long value, int shift) {
        return shift < Long.SIZE ? value >>> shift : 0;
    }

    /// {@return a signed value shifted by 1 or more}
    static long rightSigned(long value, int shift) {
        return value >> Math.min(shift, Long.SIZE - 1);
    }

    /// {@return an unsigned value shifted by 1 or more, rounded half up}
    static long rightRounded(long value, int shift) {
        return right(value, shift) + (shift > Long.SIZE ? 0 : value >>> (shift - 1) & 1);
    }

    /// {@return a signed value shifted by 1 or more, rounded half up}
    static long rightSignedRounded(long value, int shift) {
        return rightSigned(value, shift) + (value >> Math.min(shift - 1, Long.SIZE - 1) & 1);
    }
}
