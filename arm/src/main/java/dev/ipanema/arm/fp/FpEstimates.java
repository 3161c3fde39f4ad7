package dev.ipanema.arm.fp;

/// Reciprocals and reciprocal square roots: estimates of 8 bits, the steps that refine them, and FRECPX.
///
/// Source: Arm ARM DDI 0487, shared pseudocode `FPRecipEstimate`, `FPRSqrtEstimate`, `FPRecipStepFused`,
/// `FPRSqrtStepFused`, `FPRecpX`.
public final class FpEstimates {
    /// How many bits of a significand an estimate looks at and gives.
    private static final int BITS = 8;

    private FpEstimates() {}

    /// {@return about 1 ÷ x}
    public static long reciprocal(FpFormat format, long operand, FpStatus status) {
        long x = format.flushed(operand, status);
        if (format.isNan(x)) {
            return FpNan.of(format, x, status);
        }
        int sign = format.sign(x);
        if (format.isInfinite(x)) {
            return format.zero(sign);
        }
        if (format.isZero(x)) {
            status.fpsr |= FpStatus.DZC;
            return format.zero(sign) | format.infinity();
        }
        int exponent = format.exponent(x);
        if (exponent < -format.bias() - 1) {
            return FpRounding.overflow(format, sign, status.rounding(), status);
        }
        if ((status.fpcr & format.flush()) != 0 && exponent >= format.bias() - 1) {
            status.fpsr |= FpStatus.UFC;
            return format.zero(sign);
        }
        int estimate = Estimates.reciprocal((int) (format.significand(x) >>> (63 - BITS)));
        return format.zero(sign) | scaled(format, -exponent - 1, estimate);
    }

    /// {@return an estimate as the bits of a number that may be denormal; what does not fit is cut off}
    ///
    /// @param exponent of the estimate's first bit
    private static long scaled(FpFormat format, int exponent, int estimate) {
        int biased = exponent + format.bias();
        long significand = (long) estimate << (format.fractionBits() - BITS);
        return biased < 1 ? significand >>> (1 - biased) : ((long) (biased - 1) << format.fractionBits()) + significand;
    }

    /// {@return about 1 ÷ √x}
    public static long reciprocalSquareRoot(FpFormat format, long operand, FpStatus status) {
        long x = format.flushed(operand, status);
        if (format.isNan(x)) {
            return FpNan.of(format, x, status);
        }
        if (format.isZero(x)) {
            status.fpsr |= FpStatus.DZC;
            return x | format.infinity();
        }
        if (format.sign(x) != 0) {
            return FpNan.invalid(format, status);
        }
        if (format.isInfinite(x)) {
            return 0;
        }
        int exponent = format.exponent(x);
        int odd = exponent & 1;
        int estimate = Estimates.reciprocalSquareRoot((int) (format.significand(x) >>> (64 - BITS - odd)));
        return scaled(format, -(exponent >> 1) - 1, estimate);
    }

    /// {@return 2 − a × b, rounded once (FRECPS)}
    public static long reciprocalStep(FpFormat format, long a, long b, FpStatus status) {
        return step(format, format.neg(a), b, format.power(1), 0, status);
    }

    /// {@return (3 − a × b) ÷ 2, rounded once (FRSQRTS)}
    public static long reciprocalSquareRootStep(FpFormat format, long a, long b, FpStatus status) {
        return step(format, format.neg(a), b, format.power(1) | format.quietBit(), -1, status);
    }

    /// {@return (constant + a × b) × 2 to the power of `scale`; the constant alone where infinity meets zero}
    private static long step(FpFormat format, long first, long second, long constant, int scale, FpStatus status) {
        long a = format.flushed(first, status);
        long b = format.flushed(second, status);
        if (format.isNan(a) || format.isNan(b)) {
            return FpNan.of(format, a, b, status);
        }
        if (format.isZero(a) || format.isZero(b)) {
            return constant + ((long) scale << format.fractionBits());
        }
        if (format.isInfinite(a) || format.isInfinite(b)) {
            return format.zero(format.sign(a) ^ format.sign(b)) | format.infinity();
        }
        return FpArithmetic.sumOfProduct(format, constant, format, a, b, scale, status);
    }

    /// {@return a power of two whose exponent is the inverse of x's (FRECPX)}
    public static long reciprocalExponent(FpFormat format, long operand, FpStatus status) {
        long x = format.flushed(operand, status);
        if (format.isNan(x)) {
            return FpNan.of(format, x, status);
        }
        long field = x & format.infinity();
        long greatest = format.infinity() - (1L << format.fractionBits());
        return format.zero(format.sign(x)) | (field == 0 ? greatest : ~field & format.infinity());
    }
}
