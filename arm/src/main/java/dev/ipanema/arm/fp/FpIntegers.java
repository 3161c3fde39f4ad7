package dev.ipanema.arm.fp;

/// Rounding to integers, and conversions from and to integers and fixed-point numbers.
///
/// Source: Arm ARM DDI 0487, shared pseudocode `FPRoundInt`, `FPRoundIntN`, `FPToFixed`, `FixedToFP`, `FPToFixedJS`.
public final class FpIntegers {
    /// In the result of [#toJavaScript(long, FpStatus)]: the conversion was exact.
    public static final long JS_EXACT = 1L << 32;

    /// Integers below it are double-precision numbers.
    private static final long EXACT_IN_DOUBLE = 1L << 53;

    private FpIntegers() {}

    /// {@return the integer part of |x|, unsigned, whose exponent is below 64}
    private static long whole(int exponent, long significand) {
        return exponent < 0 ? 0 : significand >>> (63 - exponent);
    }

    /// {@return the rest of |x| behind its integer part, as [FpRounding#isAway] takes it}
    private static long rest(int exponent, long significand) {
        if (exponent >= 0) {
            return exponent == 63 ? 0 : significand << (exponent + 1);
        }
        return exponent == -1 ? significand : 1;
    }

    /// {@return x rounded to an integer (`FPRoundInt`)}
    ///
    /// @param mode one of [FpRounding] but ODD
    /// @param exact whether a result other than x is flagged inexact
    public static long round(FpFormat format, long operand, int mode, boolean exact, FpStatus status) {
        long x = format.flushed(operand, status);
        if (format.isNan(x)) {
            return FpNan.of(format, x, status);
        }
        if (format.isInfinite(x) || format.isZero(x)) {
            return x;
        }
        return rounded(format, x, mode, exact, status);
    }

    private static long rounded(FpFormat format, long x, int mode, boolean exact, FpStatus status) {
        int exponent = format.exponent(x);
        if (exponent >= format.fractionBits()) {
            return x;
        }
        int sign = format.sign(x);
        long whole = whole(exponent, format.significand(x));
        long rest = rest(exponent, format.significand(x));
        if (FpRounding.isAway(mode, sign, whole, rest)) {
            whole++;
        }
        if (rest != 0 && exact) {
            status.fpsr |= FpStatus.IXC;
        }
        if (whole == 0) {
            return format.zero(sign);
        }
        int up = Long.numberOfLeadingZeros(whole);
        return FpRounding.round(format, sign, 63 - up, whole << up, FpRounding.ZERO, status);
    }

    /// {@return x rounded to a signed integer of 32 or 64 bits, in its own format; what does not fit is invalid and
    /// gives the least integer (`FPRoundIntN`)}
    ///
    /// @param size 32 or 64
    public static long roundToSize(FpFormat format, long operand, int mode, int size, FpStatus status) {
        long x = format.flushed(operand, status);
        long least = format.signBit() | format.power(size - 1);
        if (format.abs(x) >= format.infinity()) {
            status.fpsr |= FpStatus.IOC;
            return least;
        }
        if (format.isZero(x)) {
            return x;
        }
        int before = status.fpsr;
        long result = rounded(format, x, mode, true, status);
        if (format.abs(result) >= format.abs(least) && result != least) {
            status.fpsr = before | FpStatus.IOC;
            return least;
        }
        return result;
    }

    /// {@return x × 2 to the power of `fractionBits` as an integer, zero-extended; the nearest one where it does not
    /// fit, 0 for a NaN (`FPToFixed`)}
    ///
    /// @param fractionBits 0 to 64
    /// @param size of the integer, 16, 32 or 64 bits
    /// @param mode one of [FpRounding] but ODD
    public static long toFixed(
            FpFormat format, long operand, int fractionBits, boolean unsigned, int size, int mode, FpStatus status) {
        if (mode == FpRounding.ZERO && format.bits() == 64 && fractionBits == 0 && !unsigned) {
            long whole = Fp64.truncated(operand, size, status);
            if (whole != Long.MIN_VALUE) {
                return whole & -1L >>> (64 - size);
            }
        }
        long x = format.flushed(operand, status);
        if (format.isNan(x)) {
            status.fpsr |= FpStatus.IOC;
            return 0;
        }
        if (format.isZero(x)) {
            return 0;
        }
        int sign = format.sign(x);
        int exponent = format.exponent(x) + fractionBits;
        if (format.isInfinite(x) || exponent > 63) {
            return saturated(sign, unsigned, size, status);
        }
        long whole = whole(exponent, format.significand(x));
        long rest = rest(exponent, format.significand(x));
        if (FpRounding.isAway(mode, sign, whole, rest)) {
            whole++;
            if (whole == 0) {
                return saturated(sign, unsigned, size, status);
            }
        }
        long limit = limit(sign, unsigned, size);
        if (Long.compareUnsigned(whole, limit) > 0) {
            return saturated(sign, unsigned, size, status);
        }
        if (rest != 0) {
            status.fpsr |= FpStatus.IXC;
        }
        return (sign != 0 ? -whole : whole) & -1L >>> (64 - size);
    }

    /// {@return the greatest magnitude of a number with this sign}
    private static long limit(int sign, boolean unsigned, int size) {
        if (unsigned) {
            return sign != 0 ? 0 : -1L >>> (64 - size);
        }
        return (1L << (size - 1)) - 1 + sign;
    }

    private static long saturated(int sign, boolean unsigned, int size, FpStatus status) {
        status.fpsr |= FpStatus.IOC;
        long limit = limit(sign, unsigned, size);
        return (sign != 0 ? -limit : limit) & -1L >>> (64 - size);
    }

    /// {@return an integer divided by 2 to the power of `fractionBits`, rounded as FPCR says (`FixedToFP`)}
    ///
    /// @param value sign- or zero-extended to 64 bits
    /// @param fractionBits 0 to 64
    public static long fromFixed(FpFormat format, long value, int fractionBits, boolean unsigned, FpStatus status) {
        if (fractionBits == 0
                && format.bits() == 64
                && Math.abs(value) < EXACT_IN_DOUBLE
                && (value >= 0 || !unsigned)) {
            return Double.doubleToRawLongBits((double) value);
        }
        if (value == 0) {
            return 0;
        }
        int sign = !unsigned && value < 0 ? 1 : 0;
        long magnitude = sign != 0 ? -value : value;
        int up = Long.numberOfLeadingZeros(magnitude);
        return FpRounding.round(format, sign, 63 - up - fractionBits, magnitude << up, status.rounding(), status);
    }

    /// {@return a double-precision number as ECMAScript's ToInt32 has it, in bits 31:0, with [#JS_EXACT] where the
    /// number
    /// was that integer and not −0 (FJCVTZS)}
    public static long toJavaScript(long operand, FpStatus status) {
        FpFormat format = FpFormat.DOUBLE;
        long x = format.flushed(operand, status);
        if (format.isZero(x)) {
            return operand == 0 ? JS_EXACT : 0;
        }
        int exponent = format.exponent(x);
        if (format.abs(x) >= format.infinity()) {
            status.fpsr |= FpStatus.IOC;
            return 0;
        }
        int sign = format.sign(x);
        long low = low32(exponent, format.significand(x));
        long rest = exponent > 62 ? 0 : rest(exponent, format.significand(x));
        boolean fits = exponent < 31 || (exponent == 31 && sign != 0 && low == 1L << 31);
        status.fpsr |= fits ? rest != 0 ? FpStatus.IXC : 0 : FpStatus.IOC;
        long result = (sign != 0 ? -low : low) & 0xffff_ffffL;
        return fits && rest == 0 ? result | JS_EXACT : result;
    }

    /// {@return bits 31:0 of the integer part}
    private static long low32(int exponent, long significand) {
        if (exponent < 64) {
            return whole(exponent, significand) & 0xffff_ffffL;
        }
        return exponent - 63 < 32 ? significand << (exponent - 63) & 0xffff_ffffL : 0;
    }
}
