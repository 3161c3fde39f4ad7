package dev.ipanema.arm.fp;

/// Products of small formats, summed in single precision: FMLAL and the BFloat16 instructions.
///
/// Source: Arm ARM DDI 0487, shared pseudocode `FPMulAddH`, `FPProcessNaNs3H`, `BFDotAdd`, `BFMatMulAdd` (without
/// FEAT_EBF16).
public final class FpWidening {
    private FpWidening() {}

    /// {@return addend + a × b in single precision of half-precision factors, rounded once}
    static long fmaOfHalves(long addend, long first, long second, FpStatus status) {
        FpFormat single = FpFormat.SINGLE;
        FpFormat half = FpFormat.HALF;
        long c = single.flushed(addend, status);
        long a = widened(half.flushed(first, status));
        long b = widened(half.flushed(second, status));
        return FpArithmetic.fma(single, c, a, b, status);
    }

    /// {@return a half-precision number in single precision, where each is a normal number; NaNs keep their kind}
    private static long widened(long x) {
        FpFormat half = FpFormat.HALF;
        FpFormat single = FpFormat.SINGLE;
        long sign = single.zero(half.sign(x));
        if (half.isZero(x)) {
            return sign;
        }
        int gained = single.fractionBits() - half.fractionBits();
        if (half.abs(x) >= half.infinity()) {
            return sign | single.infinity() | (x & half.fractionMask()) << gained;
        }
        long significand = half.significand(x) >>> (63 - single.fractionBits());
        return sign | single.power(half.exponent(x)) | (significand & single.fractionMask());
    }

    /// {@return addend + a0 × b0 + a1 × b1 of BFloat16 factors (`BFDotAdd`)}
    ///
    /// Each step rounds to odd, overflows to infinity and takes denormals for zeros; there is one NaN and no flag.
    ///
    /// @param addend single precision, in bits 31:0
    /// @param a a0 in bits 15:0, a1 in bits 31:16
    /// @param b b0 in bits 15:0, b1 in bits 31:16
    public static long dotOfBfloats(long addend, long a, long b) {
        float first = product(a << 16, b << 16);
        float second = product(a & 0xffff_0000L, b & 0xffff_0000L);
        float sum = oddSum(withoutDenormals((int) addend), oddSum(first, second));
        return Float.isNaN(sum) ? FpFormat.SINGLE.defaultNan() : Float.floatToRawIntBits(sum) & 0xffff_ffffL;
    }

    /// {@return addend + a × b in single precision of BFloat16 factors, rounded once as FPCR says}
    ///
    /// @param a in bits 15:0
    /// @param b in bits 15:0
    public static long fmaOfBfloats(long addend, long a, long b, FpStatus status) {
        return Fp32.fma(addend, a << 16, b << 16, status);
    }

    private static float withoutDenormals(int bits) {
        float x = Float.intBitsToFloat(bits);
        return Math.abs(x) < Float.MIN_NORMAL ? Math.copySign(0, x) : x;
    }

    /// Products of 16 significant bits are exact.
    private static float product(long a, long b) {
        return (float) inRange((double) withoutDenormals((int) a) * withoutDenormals((int) b));
    }

    /// {@return x, or the zero or infinity that it is in single precision}
    private static double inRange(double x) {
        double size = Math.abs(x);
        if (size < Float.MIN_NORMAL) {
            return Math.copySign(0, x);
        }
        return size > Float.MAX_VALUE ? Math.copySign(Double.POSITIVE_INFINITY, x) : x;
    }

    /// What single precision drops of a double-precision significand.
    private static final long DROPPED = (1L << 29) - 1;

    /// {@return a + b rounded to odd}
    private static float oddSum(float a, float b) {
        double sum = (double) a + b;
        if (sum == 0 || Math.abs(sum) > Double.MAX_VALUE || Double.isNaN(sum)) {
            return (float) sum;
        }
        double virtual = sum - a;
        double error = (a - (sum - virtual)) + (b - virtual);
        long bits = Double.doubleToRawLongBits(sum);
        if (error != 0) {
            // Towards zero, then to odd.
            bits = (error < 0) == (sum < 0) ? bits | 1 : bits - 1 | 1;
        }
        bits = (bits & DROPPED) != 0 ? (bits & ~DROPPED) | DROPPED + 1 : bits;
        return (float) inRange(Double.longBitsToDouble(bits));
    }
}
