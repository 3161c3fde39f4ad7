package dev.ipanema.arm.fp;

/// Floating-point arithmetic as the instructions have it, on the bits of numbers of a format: results exact in each
/// rounding mode, NaNs chosen and flags accumulated as the architecture says.
///
/// Numbers are zero-extended in a `long`. `status` gives the modes (FPCR) and takes the flags (FPSR). Nothing allocates
/// and nothing fails.
///
/// Source: Arm ARM DDI 0487, shared pseudocode, by the names given.
public final class Fp {
    private static final int SINGLE_BITS = 32;
    private static final int DOUBLE_BITS = 64;

    private Fp() {}

    /// {@return a + b (`FPAdd`)}
    public static long add(FpFormat format, long a, long b, FpStatus status) {
        return switch (format.bits()) {
            case DOUBLE_BITS -> Fp64.add(a, b, status);
            case SINGLE_BITS -> Fp32.add(a, b, status);
            default -> FpArithmetic.add(format, a, b, status);
        };
    }

    /// {@return a − b (`FPSub`)}
    public static long sub(FpFormat format, long a, long b, FpStatus status) {
        return format.isNan(b) ? add(format, a, b, status) : add(format, a, format.neg(b), status);
    }

    /// {@return |a − b| (FABD)}
    public static long absoluteDifference(FpFormat format, long a, long b, FpStatus status) {
        return format.abs(sub(format, a, b, status));
    }

    /// {@return a × b (`FPMul`)}
    public static long mul(FpFormat format, long a, long b, FpStatus status) {
        return mul(format, a, b, false, status);
    }

    /// {@return a × b, where infinity times zero is 2 with the product's sign (`FPMulX`)}
    public static long mulx(FpFormat format, long a, long b, FpStatus status) {
        return mul(format, a, b, true, status);
    }

    private static long mul(FpFormat format, long a, long b, boolean extended, FpStatus status) {
        return switch (format.bits()) {
            case DOUBLE_BITS -> Fp64.mul(a, b, extended, status);
            case SINGLE_BITS -> Fp32.mul(a, b, extended, status);
            default -> FpArithmetic.mul(format, a, b, extended, status);
        };
    }

    /// {@return addend + a × b, rounded once (`FPMulAdd`)}
    public static long fma(FpFormat format, long addend, long a, long b, FpStatus status) {
        return switch (format.bits()) {
            case DOUBLE_BITS -> Fp64.fma(addend, a, b, status);
            case SINGLE_BITS -> Fp32.fma(addend, a, b, status);
            default -> FpArithmetic.fma(format, addend, a, b, status);
        };
    }

    /// {@return addend + a × b in single precision of half-precision factors, rounded once (`FPMulAddH`)}
    public static long fmaOfHalves(long addend, long a, long b, FpStatus status) {
        return FpWidening.fmaOfHalves(addend, a, b, status);
    }

    /// {@return a ÷ b (`FPDiv`)}
    public static long div(FpFormat format, long a, long b, FpStatus status) {
        return switch (format.bits()) {
            case DOUBLE_BITS -> Fp64.div(a, b, status);
            case SINGLE_BITS -> Fp32.div(a, b, status);
            default -> FpArithmetic.div(format, a, b, status);
        };
    }

    /// {@return √x (`FPSqrt`)}
    public static long sqrt(FpFormat format, long x, FpStatus status) {
        return switch (format.bits()) {
            case DOUBLE_BITS -> Fp64.sqrt(x, status);
            case SINGLE_BITS -> Fp32.sqrt(x, status);
            default -> FpArithmetic.sqrt(format, x, status);
        };
    }

    /// {@return the greater of a and b; +0 of two zeros of different sign (`FPMax`)}
    public static long max(FpFormat format, long a, long b, FpStatus status) {
        return extreme(format, a, b, false, status);
    }

    /// {@return the smaller of a and b; −0 of two zeros of different sign (`FPMin`)}
    public static long min(FpFormat format, long a, long b, FpStatus status) {
        return extreme(format, a, b, true, status);
    }

    private static long extreme(FpFormat format, long first, long second, boolean least, FpStatus status) {
        long a = format.flushed(first, status);
        long b = format.flushed(second, status);
        if (format.isNan(a) || format.isNan(b)) {
            return FpNan.of(format, a, b, status);
        }
        return FpCompare.key(format, a) < FpCompare.key(format, b) == least ? a : b;
    }

    /// {@return the greater of a and b, the number where the other is a quiet NaN (`FPMaxNum`)}
    public static long maxNum(FpFormat format, long a, long b, FpStatus status) {
        long least = format.neg(format.infinity());
        return max(format, unlessQuiet(format, a, b, least), unlessQuiet(format, b, a, least), status);
    }

    /// {@return the smaller of a and b, the number where the other is a quiet NaN (`FPMinNum`)}
    public static long minNum(FpFormat format, long a, long b, FpStatus status) {
        long greatest = format.infinity();
        return min(format, unlessQuiet(format, a, b, greatest), unlessQuiet(format, b, a, greatest), status);
    }

    private static long unlessQuiet(FpFormat format, long x, long other, long neutral) {
        return isQuiet(format, x) && !isQuiet(format, other) ? neutral : x;
    }

    private static boolean isQuiet(FpFormat format, long x) {
        return format.isNan(x) && !format.isSignallingNan(x);
    }
}
