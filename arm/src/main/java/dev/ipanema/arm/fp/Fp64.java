package dev.ipanema.arm.fp;

/// Double-precision arithmetic on the bits of numbers: by the JVM's where rounding is to nearest, nothing is flushed
/// and
/// the result's flags are known, else by [FpArithmetic].
///
/// The JVM rounds to nearest, ties to even, once (JLS 15.4). A finite result above the smallest normal number raises no
/// flag but IXC; whether it does is told by the error of the operation, which is a number itself: by Knuth's TwoSum for
/// sums, by a fused multiply-add for the others, as long as the error does not underflow. A NaN, an infinity or a
/// small result is left to the exact form, so which NaN the JVM makes does not matter.
final class Fp64 {
    private static final int OTHER_MODES = 3 << FpStatus.RMODE_SHIFT | FpStatus.FZ;

    /// Above it, the error of a product, quotient or root is no denormal number.
    private static final double ERROR_IS_NORMAL = 0x1p-900;

    /// Below it, the steps of TwoSum do not overflow.
    private static final double STEPS_ARE_FINITE = 0x1p1020;

    private Fp64() {}

    private static boolean isPlain(FpStatus status) {
        return (status.fpcr & OTHER_MODES) == 0;
    }

    private static boolean isInexactKnown(FpStatus status) {
        return (status.fpsr & FpStatus.IXC) != 0;
    }

    static long add(long first, long second, FpStatus status) {
        if (isPlain(status)) {
            double a = Double.longBitsToDouble(first);
            double b = Double.longBitsToDouble(second);
            double sum = a + b;
            if (Math.abs(sum) < STEPS_ARE_FINITE) {
                if (!isInexactKnown(status)) {
                    double virtual = sum - a;
                    if ((a - (sum - virtual)) + (b - virtual) != 0) {
                        status.fpsr |= FpStatus.IXC;
                    }
                }
                return Double.doubleToRawLongBits(sum);
            }
        }
        return FpArithmetic.add(FpFormat.DOUBLE, first, second, status);
    }

    static long mul(long first, long second, boolean extended, FpStatus status) {
        if (isPlain(status)) {
            double a = Double.longBitsToDouble(first);
            double b = Double.longBitsToDouble(second);
            double product = a * b;
            double size = Math.abs(product);
            if (size > ERROR_IS_NORMAL && size <= Double.MAX_VALUE) {
                if (!isInexactKnown(status) && Math.fma(a, b, -product) != 0) {
                    status.fpsr |= FpStatus.IXC;
                }
                return Double.doubleToRawLongBits(product);
            }
        }
        return FpArithmetic.mul(FpFormat.DOUBLE, first, second, extended, status);
    }

    static long div(long first, long second, FpStatus status) {
        if (isPlain(status)) {
            double a = Double.longBitsToDouble(first);
            double b = Double.longBitsToDouble(second);
            double quotient = a / b;
            double size = Math.abs(quotient);
            if (Math.abs(a) > ERROR_IS_NORMAL && size > Double.MIN_NORMAL && size <= Double.MAX_VALUE) {
                if (!isInexactKnown(status) && Math.fma(quotient, b, -a) != 0) {
                    status.fpsr |= FpStatus.IXC;
                }
                return Double.doubleToRawLongBits(quotient);
            }
        }
        return FpArithmetic.div(FpFormat.DOUBLE, first, second, status);
    }

    static long sqrt(long operand, FpStatus status) {
        if (isPlain(status)) {
            double x = Double.longBitsToDouble(operand);
            if (x > ERROR_IS_NORMAL && x <= Double.MAX_VALUE) {
                double root = Math.sqrt(x);
                if (!isInexactKnown(status) && Math.fma(root, root, -x) != 0) {
                    status.fpsr |= FpStatus.IXC;
                }
                return Double.doubleToRawLongBits(root);
            }
        }
        return FpArithmetic.sqrt(FpFormat.DOUBLE, operand, status);
    }

    static long fma(long addend, long first, long second, FpStatus status) {
        if (isPlain(status) && isInexactKnown(status)) {
            double sum = Math.fma(
                    Double.longBitsToDouble(first), Double.longBitsToDouble(second), Double.longBitsToDouble(addend));
            double size = Math.abs(sum);
            if (size > Double.MIN_NORMAL && size <= Double.MAX_VALUE) {
                return Double.doubleToRawLongBits(sum);
            }
        }
        return FpArithmetic.fma(FpFormat.DOUBLE, addend, first, second, status);
    }

    /// {@return x as a signed integer, rounded towards zero, or `Long.MIN_VALUE` when that is to be found out exactly}
    ///
    /// @param size of the integer in bits, 64 or fewer
    static long truncated(long operand, int size, FpStatus status) {
        double x = Double.longBitsToDouble(operand);
        long whole = (long) x;
        double limit = -(double) (Long.MIN_VALUE >> (Long.SIZE - size));
        if (!(Math.abs(x) < limit) || Math.abs(x) < 1) {
            return Long.MIN_VALUE;
        }
        if (whole != x) {
            status.fpsr |= FpStatus.IXC;
        }
        return whole;
    }
}
