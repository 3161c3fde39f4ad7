package dev.ipanema.arm.fp;

/// The rounding modes, the first four as FPCR.RMode numbers them; and rounding itself.
///
/// Source: Arm ARM DDI 0487, shared pseudocode `FPRounding`, `FPRoundBase`.
public final class FpRounding {
    /// To nearest, ties to even.
    public static final int TIE_EVEN = 0;
    /// Towards plus infinity.
    public static final int PLUS_INFINITY = 1;
    /// Towards minus infinity.
    public static final int MINUS_INFINITY = 2;
    /// Towards zero.
    public static final int ZERO = 3;
    /// To nearest, ties away from zero.
    public static final int TIE_AWAY = 4;
    /// To odd: an inexact result has its last bit set.
    public static final int ODD = 5;

    private FpRounding() {}

    /// {@return whether a number is rounded away from zero}
    ///
    /// @param mode how
    /// @param sign 1 when the number is negative
    /// @param kept what remains of its significand, not yet rounded
    /// @param rest what is dropped as a fraction of the last bit kept, its half in bit 63; a small one counts as 1
    static boolean isAway(int mode, int sign, long kept, long rest) {
        return switch (mode) {
            case TIE_EVEN -> rest < 0 && (rest != Long.MIN_VALUE || (kept & 1) != 0);
            case PLUS_INFINITY -> rest != 0 && sign == 0;
            case MINUS_INFINITY -> rest != 0 && sign != 0;
            case TIE_AWAY -> rest < 0;
            case ODD -> rest != 0 && (kept & 1) == 0;
            default -> false;
        };
    }

    /// {@return the bits of a number, rounded to a format, as `FPRound` does; the flags it raises are set}
    ///
    /// @param sign 1 when the number is negative
    /// @param exponent the power of two of bit 63 of the significand
    /// @param significand with bit 63 set; the low bits, but the two behind those that the format keeps, may be one
    ///     that is set when any is
    /// @param mode how to round
    static long round(FpFormat format, int sign, int exponent, long significand, int mode, FpStatus status) {
        int biased = exponent + format.bias();
        int dropped = 63 - format.fractionBits();
        if (biased < 1) {
            if ((status.fpcr & format.flush()) != 0) {
                status.fpsr |= FpStatus.UFC;
                return format.zero(sign);
            }
            dropped += 1 - biased;
            biased = 0;
        }
        long kept = dropped < 64 ? significand >>> dropped : 0;
        long rest = dropped < 64 ? significand << (64 - dropped) : dropped == 64 ? significand : 1;
        if (rest != 0 && biased == 0) {
            status.fpsr |= FpStatus.UFC;
        }
        if (isAway(mode, sign, kept, rest)) {
            kept++;
        }
        // A significand that became one bit longer increments the exponent by addition.
        long magnitude = biased == 0 ? kept : ((long) (biased - 1) << format.fractionBits()) + kept;
        int greatest = format.alternative() ? format.maxExponent() : format.maxExponent() - 1;
        if (biased > greatest || magnitude > format.greatest()) {
            return overflow(format, sign, mode, status);
        }
        if (rest != 0) {
            status.fpsr |= FpStatus.IXC;
        }
        return format.zero(sign) | magnitude;
    }

    /// {@return what a number beyond the format's becomes}
    static long overflow(FpFormat format, int sign, int mode, FpStatus status) {
        if (format.alternative()) {
            status.fpsr |= FpStatus.IOC;
            return format.zero(sign) | format.greatest();
        }
        status.fpsr |= FpStatus.OFC | FpStatus.IXC;
        boolean toInfinity = switch (mode) {
            case PLUS_INFINITY -> sign == 0;
            case MINUS_INFINITY -> sign != 0;
            case ZERO, ODD -> false;
            default -> true;
        };
        return format.zero(sign) | (toInfinity ? format.infinity() : format.greatest());
    }
}
