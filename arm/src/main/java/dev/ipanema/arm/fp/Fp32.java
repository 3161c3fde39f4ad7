package dev.ipanema.arm.fp;

/// Single-precision arithmetic on the bits of numbers, as [Fp64]; products are exact in double precision, which makes
/// most of the questions simpler.
final class Fp32 {
    private static final int OTHER_MODES = 3 << FpStatus.RMODE_SHIFT | FpStatus.FZ;

    /// Below it, the steps of TwoSum do not overflow.
    private static final float STEPS_ARE_FINITE = 0x1p126f;

    private Fp32() {}

    private static boolean isPlain(FpStatus status) {
        return (status.fpcr & OTHER_MODES) == 0;
    }

    private static boolean isInexactKnown(FpStatus status) {
        return (status.fpsr & FpStatus.IXC) != 0;
    }

    private static boolean isNormal(float x) {
        float size = Math.abs(x);
        return size > Float.MIN_NORMAL && size <= Float.MAX_VALUE;
    }

    private static long bits(float x) {
        return Float.floatToRawIntBits(x) & 0xffff_ffffL;
    }

    static long add(long first, long second, FpStatus status) {
        if (isPlain(status)) {
            float a = Float.intBitsToFloat((int) first);
            float b = Float.intBitsToFloat((int) second);
            float sum = a + b;
            if (Math.abs(sum) < STEPS_ARE_FINITE) {
                if (!isInexactKnown(status)) {
                    float virtual = sum - a;
                    if ((a - (sum - virtual)) + (b - virtual) != 0) {
                        status.fpsr |= FpStatus.IXC;
                    }
                }
                return bits(sum);
            }
        }
        return FpArithmetic.add(FpFormat.SINGLE, first, second, status);
    }

    static long mul(long first, long second, boolean extended, FpStatus status) {
        if (isPlain(status)) {
            double exact = (double) Float.intBitsToFloat((int) first) * Float.intBitsToFloat((int) second);
            float product = (float) exact;
            if (isNormal(product) || exact == 0) {
                if (product != exact) {
                    status.fpsr |= FpStatus.IXC;
                }
                return bits(product);
            }
        }
        return FpArithmetic.mul(FpFormat.SINGLE, first, second, extended, status);
    }

    static long div(long first, long second, FpStatus status) {
        if (isPlain(status)) {
            float a = Float.intBitsToFloat((int) first);
            float b = Float.intBitsToFloat((int) second);
            float quotient = a / b;
            if (isNormal(quotient) && Math.abs(b) <= Float.MAX_VALUE) {
                if ((double) quotient * b != a) {
                    status.fpsr |= FpStatus.IXC;
                }
                return bits(quotient);
            }
        }
        return FpArithmetic.div(FpFormat.SINGLE, first, second, status);
    }

    /// The root of a single-precision number, rounded to double precision and then to single, is rounded as if once: 53
    /// is at least twice 24 and 2 (Figueroa, "When is double rounding innocuous?", 1995).
    static long sqrt(long operand, FpStatus status) {
        if (isPlain(status)) {
            double x = Float.intBitsToFloat((int) operand);
            if (x > 0 && x <= Float.MAX_VALUE) {
                float root = (float) Math.sqrt(x);
                if ((double) root * root != x) {
                    status.fpsr |= FpStatus.IXC;
                }
                return bits(root);
            }
        }
        return FpArithmetic.sqrt(FpFormat.SINGLE, operand, status);
    }

    static long fma(long addend, long first, long second, FpStatus status) {
        if (isPlain(status) && isInexactKnown(status)) {
            float sum = Math.fma(
                    Float.intBitsToFloat((int) first), Float.intBitsToFloat((int) second), Float.intBitsToFloat((int)
                            addend));
            if (isNormal(sum)) {
                return bits(sum);
            }
        }
        return FpArithmetic.fma(FpFormat.SINGLE, addend, first, second, status);
    }
}
