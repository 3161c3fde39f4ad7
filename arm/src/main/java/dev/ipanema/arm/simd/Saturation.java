package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.Lanes.bits;
import static dev.ipanema.arm.simd.Lanes.mask;
import static dev.ipanema.arm.simd.Lanes.signed;
import static dev.ipanema.arm.simd.Lanes.unsigned;

import dev.ipanema.arm.fp.FpStatus;

/// Saturating addition, subtraction, negation and narrowing, lane by lane; FPSR.QC is set when a lane saturates.
///
/// A scalar form is the same function on lane 0 with zeros in the others, which never saturate.
///
/// Source: Arm ARM DDI 0487, C7.2 by name, shared pseudocode `SignedSatQ` and `UnsignedSatQ`.
public final class Saturation {
    private Saturation() {}

    /// {@return SQADD}
    public static long sqadd(long a, long b, int size, FpStatus status) {
        long sum = LaneArithmetic.add(a, b, size);
        return limited(sum, a, ~(a ^ b) & (a ^ sum), size, status);
    }

    /// {@return SQSUB}
    public static long sqsub(long a, long b, int size, FpStatus status) {
        long difference = LaneArithmetic.sub(a, b, size);
        return limited(difference, a, (a ^ b) & (a ^ difference), size, status);
    }

    /// {@return `lanes`, where the sign bits of `overflow` are set the least or greatest number by the sign of `a`}
    private static long limited(long lanes, long a, long overflow, int size, FpStatus status) {
        long over = Lanes.spread(overflow, size);
        if (over == 0) {
            return lanes;
        }
        saturated(status);
        return Logic.select(over, Lanes.spread(a, size) ^ ~Lanes.signBits(size), lanes);
    }

    /// {@return UQADD}
    public static long uqadd(long a, long b, int size, FpStatus status) {
        long sum = LaneArithmetic.add(a, b, size);
        long over = LaneArithmetic.cmhi(a, sum, size);
        if (over != 0) {
            saturated(status);
        }
        return sum | over;
    }

    /// {@return UQSUB}
    public static long uqsub(long a, long b, int size, FpStatus status) {
        long under = LaneArithmetic.cmhi(b, a, size);
        if (under != 0) {
            saturated(status);
        }
        return LaneArithmetic.sub(a, b, size) & ~under;
    }

    /// {@return SUQADD: the signed lanes of `d` plus the unsigned of `n`, signed}
    public static long suqadd(long n, long d, int size, FpStatus status) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long sum = plusUnsigned(signed(d, at, bits), unsigned(n, at, bits), bits, status);
            result |= (sum & mask(size)) << at;
        }
        return result;
    }

    /// {@return USQADD: the unsigned lanes of `d` plus the signed of `n`, unsigned}
    public static long usqadd(long n, long d, int size, FpStatus status) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            result |= plusSigned(unsigned(d, at, bits), signed(n, at, bits), bits, status) << at;
        }
        return result;
    }

    /// {@return SQABS}
    public static long sqabs(long a, int size, FpStatus status) {
        return upTo(LaneArithmetic.abs(a, size), size, status);
    }

    /// {@return SQNEG}
    public static long sqneg(long a, int size, FpStatus status) {
        long least = LaneArithmetic.cmeq(a, Lanes.signBits(size), size);
        if (least != 0) {
            saturated(status);
        }
        return LaneArithmetic.neg(a, size) ^ least;
    }

    /// Makes the least number, which ABS leaves, the greatest.
    private static long upTo(long absolute, int size, FpStatus status) {
        long least = Lanes.spread(absolute, size);
        if (least != 0) {
            saturated(status);
        }
        return absolute ^ least;
    }

    /// {@return SQXTN: both halves as signed lanes, narrowed to `size`}
    ///
    /// @param size of the result, 0 to 2
    public static long sqxtn(long low, long high, int size, FpStatus status) {
        int wide = bits(size + 1);
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += wide) {
            long first = clamp(signed(low, at, wide), bits, status) & mask(size);
            long second = clamp(signed(high, at, wide), bits, status) & mask(size);
            result |= first << (at >> 1) | second << ((at >> 1) + Integer.SIZE);
        }
        return result;
    }

    /// {@return UQXTN: both halves as unsigned lanes, narrowed to `size`}
    ///
    /// @param size of the result, 0 to 2
    public static long uqxtn(long low, long high, int size, FpStatus status) {
        long limits = Lanes.lowBits(size + 1) * mask(size);
        long overLow = LaneArithmetic.cmhi(low, limits, size + 1);
        long overHigh = LaneArithmetic.cmhi(high, limits, size + 1);
        if ((overLow | overHigh) != 0) {
            saturated(status);
        }
        return Lanes.evenLanes(low | overLow, high | overHigh, size);
    }

    /// {@return SQXTUN: both halves as signed lanes, narrowed to unsigned ones of `size`}
    ///
    /// @param size of the result, 0 to 2
    public static long sqxtun(long low, long high, int size, FpStatus status) {
        long negativeLow = Lanes.spread(low, size + 1);
        long negativeHigh = Lanes.spread(high, size + 1);
        if ((negativeLow | negativeHigh) != 0) {
            saturated(status);
        }
        return uqxtn(low & ~negativeLow, high & ~negativeHigh, size, status);
    }

    /// {@return a + b within `bits`}
    static long sum(long a, long b, int bits, FpStatus status) {
        long sum = a + b;
        if (bits < Long.SIZE) {
            return clamp(sum, bits, status);
        }
        return ((a ^ sum) & (b ^ sum)) < 0 ? limit(a, bits, status) : sum;
    }

    private static long plusUnsigned(long a, long b, int bits, FpStatus status) {
        long sum = a + b;
        if (bits < Long.SIZE) {
            return clamp(sum, bits, status);
        }
        boolean over = a >= 0 ? b < 0 || sum < 0 : b < 0 && sum < 0;
        return over ? limit(0, bits, status) : sum;
    }

    private static long plusSigned(long a, long b, int bits, FpStatus status) {
        long sum = a + b;
        if (bits < Long.SIZE) {
            return clampUnsigned(sum, bits, status);
        }
        boolean outside = b >= 0 ? Long.compareUnsigned(sum, a) < 0 : Long.compareUnsigned(sum, a) > 0;
        if (!outside) {
            return sum;
        }
        saturated(status);
        return b >= 0 ? -1 : 0;
    }

    /// {@return the nearest signed number of `bits`}
    static long clamp(long value, int bits, FpStatus status) {
        long extended = signed(value, 0, bits);
        return extended == value ? value : limit(value, bits, status);
    }

    /// {@return the nearest unsigned number of `bits`, fewer than 64, to a signed value}
    static long clampUnsigned(long value, int bits, FpStatus status) {
        if (value >>> bits == 0) {
            return value;
        }
        saturated(status);
        return value < 0 ? 0 : -1L >>> (Long.SIZE - bits);
    }

    /// {@return the least or greatest signed number of `bits`, by the sign of `value`}
    static long limit(long value, int bits, FpStatus status) {
        saturated(status);
        return value >> (Long.SIZE - 1) ^ -1L >>> (Long.SIZE - bits + 1);
    }

    static void saturated(FpStatus status) {
        status.fpsr |= FpStatus.QC;
    }
}
