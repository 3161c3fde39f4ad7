package dev.ipanema.arm.fp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.fp.FpOracle.Ratio;
import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Conversions between formats, to and from integers, against rational numbers.
class FpConversionTest {
    private final Operands operands = new Operands();
    private final FpStatus status = new FpStatus();

    private FpOracle oracle(FpFormat format) {
        FpOracle oracle = new FpOracle(format, operands.fpcr(), operands.fpsr());
        status.fpcr = oracle.fpcr;
        status.fpsr = oracle.fpsr;
        return oracle;
    }

    private void check(FpOracle oracle, long result, long expected, String of, long x) {
        if (result != expected || status.fpsr != oracle.fpsr) {
            assertThat(List.of(Long.toHexString(result), status.fpsr))
                    .as("%s of %x in %s with FPCR %x", of, x, oracle.format, oracle.fpcr)
                    .isEqualTo(List.of(Long.toHexString(expected), oracle.fpsr));
        }
    }

    private FpFormat converted(int log2Size, int fpcr) {
        return log2Size == 1 ? FpFormat.convertedHalf(fpcr) : FpFormat.of(log2Size);
    }

    @Test
    void formatsConvertExactlyThenRounded() {
        for (int i = 0; i < Operands.CASES; i++) {
            FpOracle modes = oracle(FpFormat.SINGLE);
            FpFormat from = converted(1 + operands.below(3), modes.fpcr);
            FpFormat to = operands.oneIn(6) ? FpFormat.BFLOAT16 : converted(1 + operands.below(3), modes.fpcr);
            FpOracle source = new FpOracle(from, modes.fpcr, modes.fpsr);
            int bias = (1 << (14 - to.fractionBits() + to.bits() - 16)) - 1;
            long x =
                    operands.number(from, operands.oneIn(2) ? from.bias() : from.bias() - bias + operands.below(4) - 2);

            long result = FpConvert.convert(from, to, x, status);

            long expected = convert(source, to, x, modes.mode());
            check(source, result, expected, "conversion to " + to, x);
        }
    }

    @Test
    void doubleToSingleRoundsToOdd() {
        for (int i = 0; i < Operands.CASES; i++) {
            FpOracle source = oracle(FpFormat.DOUBLE);
            long x = operands.number(FpFormat.DOUBLE, 1023 - 127 + operands.below(30) - 25);

            long result = FpConvert.toOdd(x, status);

            check(source, result, convert(source, FpFormat.SINGLE, x, FpRounding.ODD), "to odd", x);
        }
    }

    private static long convert(FpOracle source, FpFormat format, long operand, int mode) {
        FpOracle target = new FpOracle(format, source.fpcr, 0);
        long x = source.input(operand);
        long result = converted(source, target, x, mode);
        source.fpsr |= target.fpsr;
        return result;
    }

    private static long converted(FpOracle source, FpOracle target, long x, int mode) {
        FpFormat format = target.format;
        boolean negative = source.isNegative(x);
        if (source.isNan(x)) {
            if (source.isSignalling(x) || format.alternative()) {
                source.fpsr |= FpStatus.IOC;
            }
            if (format.alternative()) {
                return target.zero(negative);
            }
            BigInteger fraction = BigInteger.valueOf(x & (1L << source.format.fractionBits()) - 1);
            long kept = fraction.shiftLeft(format.fractionBits())
                    .shiftRight(source.format.fractionBits())
                    .longValue();
            boolean byDefault = (source.fpcr & FpStatus.DN) != 0;
            return byDefault
                    ? target.defaultNan()
                    : target.infinity(negative) | kept | 1L << (format.fractionBits() - 1);
        }
        if (source.isInfinite(x)) {
            if (format.alternative()) {
                source.fpsr |= FpStatus.IOC;
                return target.zero(negative) | 0x7fff;
            }
            return target.infinity(negative);
        }
        return target.round(source.value(x), negative, mode);
    }

    @Test
    void numbersBecomeTheNearestIntegerOfTheirDirection() {
        for (int i = 0; i < Operands.CASES; i++) {
            FpOracle o = oracle(operands.format());
            int size = 16 << operands.below(3);
            int fractionBits = operands.oneIn(2) ? 0 : operands.below(65);
            boolean unsigned = operands.oneIn(2);
            int mode = operands.below(5);
            long x = operands.number(o.format, o.format.bias() - fractionBits + operands.below(size + 2));

            long result = FpIntegers.toFixed(o.format, x, fractionBits, unsigned, size, mode, status);

            check(o, result, toFixed(o, x, fractionBits, unsigned, size, mode), "integer of " + size, x);
        }
    }

    private static long toFixed(FpOracle o, long operand, int fractionBits, boolean unsigned, int size, int mode) {
        long x = o.input(operand);
        BigInteger least =
                unsigned ? BigInteger.ZERO : BigInteger.ONE.shiftLeft(size - 1).negate();
        BigInteger greatest =
                BigInteger.ONE.shiftLeft(unsigned ? size : size - 1).subtract(BigInteger.ONE);
        if (o.isNan(x)) {
            o.fpsr |= FpStatus.IOC;
            return 0;
        }
        BigInteger integer;
        boolean exact = true;
        if (o.isInfinite(x)) {
            integer = BigInteger.ONE.shiftLeft(2000).multiply(BigInteger.valueOf(o.isNegative(x) ? -1 : 1));
        } else {
            Ratio value = o.value(x).scaled(fractionBits);
            integer = FpOracle.integerOf(value, mode);
            exact = new Ratio(integer, BigInteger.ONE).compareTo(value) == 0;
        }
        if (integer.compareTo(least) < 0 || integer.compareTo(greatest) > 0) {
            o.fpsr |= FpStatus.IOC;
            integer = integer.signum() < 0 ? least : greatest;
        } else if (!exact) {
            o.fpsr |= FpStatus.IXC;
        }
        return integer.longValue() & -1L >>> (64 - size);
    }

    @Test
    void integersBecomeTheNearestNumber() {
        for (int i = 0; i < Operands.CASES; i++) {
            FpOracle o = oracle(operands.format());
            int fractionBits = operands.oneIn(2) ? 0 : operands.below(65);
            boolean unsigned = operands.oneIn(2);
            long value = operands.integer();

            long result = FpIntegers.fromFixed(o.format, value, fractionBits, unsigned, status);

            BigInteger integer = unsigned ? new BigInteger(Long.toUnsignedString(value)) : BigInteger.valueOf(value);
            Ratio exact = new Ratio(integer, BigInteger.ONE).scaled(-fractionBits);
            check(o, result, o.round(exact, false, o.mode()), "number", value);
        }
    }

    @Test
    void numbersRoundToIntegersOfTheirFormat() {
        for (int i = 0; i < Operands.CASES; i++) {
            FpOracle o = oracle(operands.format());
            int mode = operands.below(5);
            boolean flagged = operands.oneIn(2);
            long x = operands.number(o.format, o.format.bias() + operands.below(o.format.fractionBits() + 3) - 2);

            long result = FpIntegers.round(o.format, x, mode, flagged, status);

            check(o, result, rounded(o, x, mode, flagged), "rounding by " + mode, x);
        }
    }

    private static long rounded(FpOracle o, long operand, int mode, boolean flagged) {
        long x = o.input(operand);
        if (o.isNan(x)) {
            return o.nan(x);
        }
        if (o.isInfinite(x)) {
            return x;
        }
        Ratio integer = new Ratio(FpOracle.integerOf(o.value(x), mode), BigInteger.ONE);
        if (flagged && integer.compareTo(o.value(x)) != 0) {
            o.fpsr |= FpStatus.IXC;
        }
        return o.round(integer, o.isNegative(x), mode);
    }

    @Test
    void numbersRoundToIntegersThatFit32Or64Bits() {
        for (int i = 0; i < Operands.CASES; i++) {
            FpOracle o = oracle(FpFormat.of(2 + operands.below(2)));
            int mode = operands.below(4);
            int size = 32 << operands.below(2);
            long x = operands.number(o.format, o.format.bias() + size - 1 - operands.below(4) * operands.below(12));

            long result = FpIntegers.roundToSize(o.format, x, mode, size, status);

            check(o, result, roundedToSize(o, x, mode, size), "rounding to " + size, x);
        }
    }

    private static long roundedToSize(FpOracle o, long operand, int mode, int size) {
        long x = o.input(operand);
        Ratio least = Ratio.of(-1).scaled(size - 1);
        if (!o.isNan(x) && !o.isInfinite(x)) {
            Ratio integer = new Ratio(FpOracle.integerOf(o.value(x), mode), BigInteger.ONE);
            boolean fits = integer.compareTo(least) >= 0
                    && integer.compareTo(Ratio.of(1).scaled(size - 1)) < 0;
            if (fits) {
                o.fpsr |= integer.compareTo(o.value(x)) == 0 ? 0 : FpStatus.IXC;
                return o.round(integer, o.isNegative(x), mode);
            }
        }
        o.fpsr |= FpStatus.IOC;
        return o.round(least, false, mode);
    }

    @Test
    void javaScriptsIntegersWrapAround() {
        BigInteger modulus = BigInteger.ONE.shiftLeft(32);
        for (int i = 0; i < Operands.CASES; i++) {
            FpOracle o = oracle(FpFormat.DOUBLE);
            long operand = operands.number(FpFormat.DOUBLE, 1023 + operands.below(90) - 2);

            long result = FpIntegers.toJavaScript(operand, status);

            long x = o.input(operand);
            if (o.isNan(x) || o.isInfinite(x)) {
                o.fpsr |= FpStatus.IOC;
                check(o, result, 0, "FJCVTZS", operand);
            } else {
                BigInteger integer = FpOracle.integerOf(o.value(x), FpRounding.ZERO);
                boolean fits = integer.equals(BigInteger.valueOf(integer.intValue()));
                boolean same = new Ratio(integer, BigInteger.ONE).compareTo(o.value(x)) == 0;
                o.fpsr |= !fits ? FpStatus.IOC : same ? 0 : FpStatus.IXC;
                boolean exact = fits && same && (o.value(x).signum() != 0 || operand == 0);
                long expected = integer.mod(modulus).longValue() | (exact ? FpIntegers.JS_EXACT : 0);
                check(o, result, expected, "FJCVTZS", operand);
            }
        }
    }
}
