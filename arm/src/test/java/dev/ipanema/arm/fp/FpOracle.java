package dev.ipanema.arm.fp;

import java.math.BigInteger;

/// Floating point by rational numbers of any size, rounded once: what the implementation is compared with. It shares
/// nothing with that but the numbers of bits.
final class FpOracle {
    /// A finite number: numerator ÷ denominator, the denominator above 0.
    record Ratio(BigInteger numerator, BigInteger denominator) {
        static final Ratio ZERO = new Ratio(BigInteger.ZERO, BigInteger.ONE);

        static Ratio of(long integer) {
            return new Ratio(BigInteger.valueOf(integer), BigInteger.ONE);
        }

        Ratio times(Ratio other) {
            return new Ratio(numerator.multiply(other.numerator), denominator.multiply(other.denominator));
        }

        Ratio plus(Ratio other) {
            return new Ratio(
                    numerator.multiply(other.denominator).add(other.numerator.multiply(denominator)),
                    denominator.multiply(other.denominator));
        }

        Ratio dividedBy(Ratio other) {
            BigInteger top = numerator.multiply(other.denominator);
            BigInteger bottom = denominator.multiply(other.numerator);
            return bottom.signum() < 0 ? new Ratio(top.negate(), bottom.negate()) : new Ratio(top, bottom);
        }

        Ratio scaled(int exponent) {
            return exponent >= 0
                    ? new Ratio(numerator.shiftLeft(exponent), denominator)
                    : new Ratio(numerator, denominator.shiftLeft(-exponent));
        }

        /// {@return a number that rounds as the root does: cut after 200 bits, with a bit more when it does not end
        /// there}
        Ratio root() {
            BigInteger squared = numerator.shiftLeft(4800).divide(denominator);
            BigInteger root = squared.sqrt();
            boolean exact = root.multiply(root).multiply(denominator).equals(numerator.shiftLeft(4800));
            return new Ratio(root.shiftLeft(1).add(exact ? BigInteger.ZERO : BigInteger.ONE), BigInteger.ONE)
                    .scaled(-2401);
        }

        int compareTo(Ratio other) {
            return numerator.multiply(other.denominator).compareTo(other.numerator.multiply(denominator));
        }

        int signum() {
            return numerator.signum();
        }
    }

    final FpFormat format;
    final int fpcr;
    int fpsr;
    private final int fractionBits;
    private final int exponentBits;

    FpOracle(FpFormat format, int fpcr, int fpsr) {
        this.format = format;
        this.fpcr = fpcr;
        this.fpsr = fpsr;
        this.fractionBits = format.fractionBits();
        this.exponentBits = format.bits() - 1 - fractionBits;
    }

    int mode() {
        return fpcr >> 22 & 3;
    }

    private int field(long x) {
        return (int) (x >>> fractionBits) & (1 << exponentBits) - 1;
    }

    private long fraction(long x) {
        return x & (1L << fractionBits) - 1;
    }

    boolean isNegative(long x) {
        return (x >>> (format.bits() - 1) & 1) != 0;
    }

    private boolean isSpecial(long x) {
        return !format.alternative() && field(x) == (1 << exponentBits) - 1;
    }

    boolean isNan(long x) {
        return isSpecial(x) && fraction(x) != 0;
    }

    boolean isSignalling(long x) {
        return isNan(x) && fraction(x) < 1L << (fractionBits - 1);
    }

    boolean isInfinite(long x) {
        return isSpecial(x) && fraction(x) == 0;
    }

    long zero(boolean negative) {
        return negative ? 1L << (format.bits() - 1) : 0;
    }

    long infinity(boolean negative) {
        return zero(negative) + (((1L << exponentBits) - 1) << fractionBits);
    }

    long defaultNan() {
        return infinity(false) + (1L << (fractionBits - 1));
    }

    long invalid() {
        fpsr |= FpStatus.IOC;
        return defaultNan();
    }

    /// {@return the operand as it is looked at: denormals flushed where FPCR says so}
    long input(long x) {
        boolean denormal = field(x) == 0 && fraction(x) != 0;
        if (denormal && (fpcr & format.flush()) != 0) {
            fpsr |= format.inputDenormal();
            return zero(isNegative(x));
        }
        return x;
    }

    /// {@return the value of a number that is finite}
    Ratio value(long x) {
        int bias = (1 << (exponentBits - 1)) - 1;
        long significand = field(x) == 0 ? fraction(x) : fraction(x) + (1L << fractionBits);
        int exponent = Math.max(field(x), 1) - bias - fractionBits;
        return Ratio.of(isNegative(x) ? -significand : significand).scaled(exponent);
    }

    /// {@return a NaN among the operands as a result: a signalling one first, else the first}
    long nan(long... operands) {
        for (long x : operands) {
            if (isSignalling(x)) {
                fpsr |= FpStatus.IOC;
                return (fpcr & FpStatus.DN) != 0 ? defaultNan() : x + (1L << (fractionBits - 1));
            }
        }
        for (long x : operands) {
            if (isNan(x)) {
                return (fpcr & FpStatus.DN) != 0 ? defaultNan() : x;
            }
        }
        throw new IllegalStateException("No NaN");
    }

    /// {@return floor(numerator ÷ denominator), one more where `mode` says so; `null` flags nothing}
    private static BigInteger integer(Ratio magnitude, boolean negative, int mode) {
        BigInteger[] parts = magnitude.numerator.divideAndRemainder(magnitude.denominator);
        int half = parts[1].shiftLeft(1).compareTo(magnitude.denominator);
        boolean exact = parts[1].signum() == 0;
        boolean up = switch (mode) {
            case FpRounding.TIE_EVEN -> half > 0 || (half == 0 && parts[0].testBit(0));
            case FpRounding.TIE_AWAY -> half >= 0;
            case FpRounding.PLUS_INFINITY -> !exact && !negative;
            case FpRounding.MINUS_INFINITY -> !exact && negative;
            case FpRounding.ODD -> !exact && !parts[0].testBit(0);
            default -> false;
        };
        return up ? parts[0].add(BigInteger.ONE) : parts[0];
    }

    private static Ratio magnitude(Ratio value) {
        return new Ratio(value.numerator.abs(), value.denominator);
    }

    /// {@return value rounded to an integer}
    static BigInteger integerOf(Ratio value, int mode) {
        BigInteger magnitude = integer(magnitude(value), value.signum() < 0, mode);
        return value.signum() < 0 ? magnitude.negate() : magnitude;
    }

    /// {@return the sum or product as bits; a zero has the sign given}
    long round(Ratio value, boolean zeroIsNegative, int mode) {
        if (value.signum() == 0) {
            return zero(zeroIsNegative);
        }
        boolean negative = value.signum() < 0;
        Ratio magnitude = magnitude(value);
        int least = 2 - (1 << (exponentBits - 1));
        int exponent = magnitude.numerator.bitLength() - magnitude.denominator.bitLength();
        if (magnitude.compareTo(Ratio.of(1).scaled(exponent)) < 0) {
            exponent--;
        }
        boolean tiny = exponent < least;
        if (tiny && (fpcr & format.flush()) != 0) {
            fpsr |= FpStatus.UFC;
            return zero(negative);
        }
        int unit = Math.max(exponent, least) - fractionBits;
        BigInteger significand = integer(magnitude.scaled(-unit), negative, mode);
        Ratio rounded = new Ratio(significand, BigInteger.ONE).scaled(unit);
        boolean inexact = rounded.compareTo(magnitude) != 0;
        if (inexact && tiny) {
            fpsr |= FpStatus.UFC;
        }
        int greatest = (1 << (exponentBits - 1)) - (format.alternative() ? 0 : 1);
        if (rounded.compareTo(Ratio.of(1).scaled(greatest + 1)) >= 0) {
            return overflow(negative, mode);
        }
        if (inexact) {
            fpsr |= FpStatus.IXC;
        }
        return bits(significand, unit, least, negative);
    }

    private long bits(BigInteger significand, int unit, int least, boolean negative) {
        long integer = significand.longValueExact();
        int exponent = unit;
        if (integer == 1L << (fractionBits + 1)) {
            integer >>= 1;
            exponent++;
        }
        if (integer < 1L << fractionBits) {
            return zero(negative) + integer;
        }
        long field = (long) exponent + fractionBits - least + 1;
        return zero(negative) + (field << fractionBits) + integer - (1L << fractionBits);
    }

    private long overflow(boolean negative, int mode) {
        if (format.alternative()) {
            fpsr |= FpStatus.IOC;
            return zero(negative) + (1L << (format.bits() - 1)) - 1;
        }
        fpsr |= FpStatus.OFC | FpStatus.IXC;
        boolean away = switch (mode) {
            case FpRounding.PLUS_INFINITY -> !negative;
            case FpRounding.MINUS_INFINITY -> negative;
            case FpRounding.ZERO, FpRounding.ODD -> false;
            default -> true;
        };
        return away ? infinity(negative) : infinity(negative) - 1;
    }
}
