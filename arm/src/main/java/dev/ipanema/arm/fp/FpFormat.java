package dev.ipanema.arm.fp;

/// A binary interchange format: sign, exponent, fraction, from the top bit down. Numbers are handled as `long`s that
/// hold
/// the bits, zero-extended.
///
/// A record, because the JVM then treats its fields as constants where the format is one.
///
/// Source: IEEE 754-2008, 3.4; Arm ARM DDI 0487, A1.4.2 (half precision and its alternative), A1.4.5 (BFloat16).
///
/// @param bits 16, 32 or 64
/// @param fractionBits width of the fraction
/// @param flush the bits of FPCR that turn denormal operands and results into zeros, 0 for none
/// @param inputDenormal the bits of FPSR that a flushed operand sets
/// @param alternative the greatest exponent is one of numbers: there are neither infinities nor NaNs
public record FpFormat(int bits, int fractionBits, int flush, int inputDenormal, boolean alternative) {
    /// Half precision in data processing.
    public static final FpFormat HALF = new FpFormat(16, 10, FpStatus.FZ16, 0, false);
    /// Single precision.
    public static final FpFormat SINGLE = new FpFormat(32, 23, FpStatus.FZ, FpStatus.IDC, false);
    /// Double precision.
    public static final FpFormat DOUBLE = new FpFormat(64, 52, FpStatus.FZ, FpStatus.IDC, false);
    /// Half precision in conversions from and to other formats, which FPCR.FZ16 does not concern.
    public static final FpFormat CONVERTED_HALF = new FpFormat(16, 10, 0, 0, false);
    /// The alternative half precision of FPCR.AHP.
    public static final FpFormat ALTERNATIVE_HALF = new FpFormat(16, 10, 0, 0, true);
    /// The upper half of single precision.
    public static final FpFormat BFLOAT16 = new FpFormat(16, 7, FpStatus.FZ, FpStatus.IDC, false);

    /// {@return the format of elements of `1 << log2Size` bytes in data processing}
    ///
    /// @param log2Size 1 to 3
    public static FpFormat of(int log2Size) {
        return switch (log2Size) {
            case 1 -> HALF;
            case 2 -> SINGLE;
            case 3 -> DOUBLE;
            default -> throw new IllegalArgumentException("No floating-point format of 2^" + log2Size + " bytes");
        };
    }

    /// {@return the half-precision format that conversions use}
    ///
    /// @param fpcr FPCR
    public static FpFormat convertedHalf(int fpcr) {
        return (fpcr & FpStatus.AHP) != 0 ? ALTERNATIVE_HALF : CONVERTED_HALF;
    }

    /// {@return the sign bit}
    public long signBit() {
        return 1L << (bits - 1);
    }

    /// {@return the bits of the fraction}
    long fractionMask() {
        return (1L << fractionBits) - 1;
    }

    /// {@return the top bit of the fraction, set in a quiet NaN}
    long quietBit() {
        return 1L << (fractionBits - 1);
    }

    /// {@return the greatest value of the exponent field}
    int maxExponent() {
        return (1 << (bits - 1 - fractionBits)) - 1;
    }

    /// {@return what the exponent field of 1.0 holds}
    int bias() {
        return maxExponent() >> 1;
    }

    /// {@return the bits of plus infinity, which are also those of the exponent field}
    public long infinity() {
        return (long) maxExponent() << fractionBits;
    }

    /// {@return the bits of the greatest finite number}
    long greatest() {
        return alternative ? signBit() - 1 : infinity() - 1;
    }

    /// {@return the NaN that invalid operations give}
    long defaultNan() {
        return infinity() | quietBit();
    }

    /// {@return 2 to the power of `exponent`, a normal number}
    long power(int exponent) {
        return (long) (bias() + exponent) << fractionBits;
    }

    /// {@return the sign, 0 or 1}
    int sign(long x) {
        return (int) (x >>> (bits - 1)) & 1;
    }

    /// {@return a zero with a sign}
    long zero(int sign) {
        return (long) sign << (bits - 1);
    }

    /// {@return x without its sign}
    public long abs(long x) {
        return x & signBit() - 1;
    }

    /// {@return x with the other sign}
    public long neg(long x) {
        return x ^ signBit();
    }

    boolean isNan(long x) {
        return abs(x) > infinity();
    }

    boolean isSignallingNan(long x) {
        return isNan(x) && (x & quietBit()) == 0;
    }

    boolean isInfinite(long x) {
        return abs(x) == infinity();
    }

    boolean isZero(long x) {
        return abs(x) == 0;
    }

    /// {@return the exponent of a number that is neither zero nor special: it is 1 to 2 times 2 to that power}
    int exponent(long x) {
        int field = (int) (abs(x) >>> fractionBits);
        return field != 0 ? field - bias() : 1 - bias() - (Long.numberOfLeadingZeros(abs(x)) - (63 - fractionBits));
    }

    /// {@return the significand of a number that is not zero, its first bit in bit 63}
    long significand(long x) {
        long fraction = x & fractionMask();
        return abs(x) > fractionMask()
                ? (fraction | fractionMask() + 1) << (63 - fractionBits)
                : fraction << Long.numberOfLeadingZeros(fraction);
    }

    /// {@return the operand, or a zero of its sign where it is denormal and FPCR flushes those}
    long flushed(long x, FpStatus status) {
        if ((status.fpcr & flush) != 0 && abs(x) <= fractionMask() && abs(x) != 0) {
            status.fpsr |= inputDenormal;
            return x & signBit();
        }
        return x;
    }
}
