package dev.ipanema.arm.fp;

/// Conversions between formats.
///
/// Source: Arm ARM DDI 0487, shared pseudocode `FPConvert`, `FPConvertBF`; FPCR.FZ16 does not apply to them.
public final class FpConvert {
    private FpConvert() {}

    /// {@return x in another format, rounded as FPCR says}
    ///
    /// @param from half precision is [FpFormat#convertedHalf(int)]
    /// @param to half precision is [FpFormat#convertedHalf(int)]
    public static long convert(FpFormat from, FpFormat to, long x, FpStatus status) {
        return convert(from, to, x, status.rounding(), status);
    }

    /// {@return a double-precision number in single precision, rounded to odd (FCVTXN)}
    public static long toOdd(long x, FpStatus status) {
        return convert(FpFormat.DOUBLE, FpFormat.SINGLE, x, FpRounding.ODD, status);
    }

    private static boolean isNormal(long single) {
        float size = Math.abs(Float.intBitsToFloat((int) single));
        return size >= Float.MIN_NORMAL && size <= Float.MAX_VALUE;
    }

    private static long convert(FpFormat from, FpFormat to, long operand, int mode, FpStatus status) {
        if (from.bits() == 32 && to.bits() == 64 && isNormal(operand)) {
            return Double.doubleToRawLongBits(Float.intBitsToFloat((int) operand));
        }
        long x = from.flushed(operand, status);
        int sign = from.sign(x);
        if (from.isZero(x)) {
            return to.zero(sign);
        }
        if (!from.alternative() && from.abs(x) >= from.infinity()) {
            return special(from, to, x, status);
        }
        return FpRounding.round(to, sign, from.exponent(x), from.significand(x), mode, status);
    }

    /// {@return an infinity or a NaN in another format}
    private static long special(FpFormat from, FpFormat to, long x, FpStatus status) {
        if (from.isInfinite(x)) {
            return to.alternative()
                    ? FpRounding.overflow(to, from.sign(x), FpRounding.ZERO, status)
                    : to.zero(from.sign(x)) | to.infinity();
        }
        if (to.alternative() || from.isSignallingNan(x)) {
            status.fpsr |= FpStatus.IOC;
        }
        if (to.alternative()) {
            return to.zero(from.sign(x));
        }
        return (status.fpcr & FpStatus.DN) != 0 ? to.defaultNan() : FpNan.convert(from, to, x);
    }
}
