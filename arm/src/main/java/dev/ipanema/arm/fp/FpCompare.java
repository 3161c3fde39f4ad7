package dev.ipanema.arm.fp;

/// Comparisons, whose results are truth values or condition flags.
///
/// Source: Arm ARM DDI 0487, shared pseudocode `FPCompare`, `FPCompareEQ`, `FPCompareGE`, `FPCompareGT`.
public final class FpCompare {
    /// NZCV of equal operands.
    private static final int EQUAL = 0b0110;
    /// NZCV where the first is less.
    private static final int LESS = 0b1000;
    /// NZCV where the first is greater.
    private static final int GREATER = 0b0010;
    /// NZCV where one is a NaN.
    private static final int UNORDERED = 0b0011;

    private FpCompare() {}

    /// {@return an integer that orders numbers as they are, −0 just below +0}
    static long key(FpFormat format, long x) {
        return format.sign(x) != 0 ? ~format.abs(x) : format.abs(x);
    }

    /// {@return NZCV, N in bit 3, of comparing a with b}
    ///
    /// @param signal whether a quiet NaN is an invalid operation too
    public static int flags(FpFormat format, long first, long second, boolean signal, FpStatus status) {
        if (format.bits() == 64 && (status.fpcr & FpStatus.FZ) == 0) {
            double a = Double.longBitsToDouble(first);
            double b = Double.longBitsToDouble(second);
            if (a < b) {
                return LESS;
            }
            if (a >= b) {
                return a == b ? EQUAL : GREATER;
            }
        }
        long a = format.flushed(first, status);
        long b = format.flushed(second, status);
        if (isUnordered(format, a, b, signal, status)) {
            return UNORDERED;
        }
        if (isEqual(format, a, b)) {
            return EQUAL;
        }
        return key(format, a) < key(format, b) ? LESS : GREATER;
    }

    /// {@return a = b}
    public static boolean equal(FpFormat format, long first, long second, FpStatus status) {
        long a = format.flushed(first, status);
        long b = format.flushed(second, status);
        return !isUnordered(format, a, b, false, status) && isEqual(format, a, b);
    }

    /// {@return a ≥ b}
    public static boolean greaterOrEqual(FpFormat format, long first, long second, FpStatus status) {
        long a = format.flushed(first, status);
        long b = format.flushed(second, status);
        return !isUnordered(format, a, b, true, status) && (isEqual(format, a, b) || key(format, a) > key(format, b));
    }

    /// {@return a > b}
    public static boolean greater(FpFormat format, long first, long second, FpStatus status) {
        long a = format.flushed(first, status);
        long b = format.flushed(second, status);
        return !isUnordered(format, a, b, true, status) && !isEqual(format, a, b) && key(format, a) > key(format, b);
    }

    private static boolean isEqual(FpFormat format, long a, long b) {
        return a == b || (format.isZero(a) && format.isZero(b));
    }

    private static boolean isUnordered(FpFormat format, long a, long b, boolean signal, FpStatus status) {
        if (!format.isNan(a) && !format.isNan(b)) {
            return false;
        }
        if (signal || format.isSignallingNan(a) || format.isSignallingNan(b)) {
            status.fpsr |= FpStatus.IOC;
        }
        return true;
    }
}
