package dev.ipanema.arm.fp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.fp.FpOracle.Ratio;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/// Results and flags in each format and mode, against rational numbers rounded once.
class FpArithmeticTest {
    private interface Operation {
        long of(FpFormat format, long a, long b, long c, FpStatus status);
    }

    private interface Exact {
        long of(FpOracle oracle, long a, long b, long c);
    }

    private static void compare(Operation operation, Exact exact) {
        Operands operands = new Operands();
        FpStatus status = new FpStatus();
        for (int i = 0; i < Operands.CASES; i++) {
            FpFormat format = operands.format();
            int bias = format.bias();
            int near = operands.oneIn(2) ? bias : operands.below(2 * bias);
            long a = operands.number(format, near);
            long b = operands.number(format, operands.oneIn(2) ? near : 2 * bias - near);
            long c = operands.oneIn(8) ? format.neg(a) : operands.number(format, near);
            FpOracle oracle = new FpOracle(format, operands.fpcr(), operands.fpsr());
            status.fpcr = oracle.fpcr;
            status.fpsr = oracle.fpsr;

            long result = operation.of(format, a, b, c, status);

            long expected = exact.of(oracle, a, b, c);
            if (result != expected || status.fpsr != oracle.fpsr) {
                assertThat(text(result, status.fpsr))
                        .as("%s of %x, %x, %x with FPCR %x", format, a, b, c, status.fpcr)
                        .isEqualTo(text(expected, oracle.fpsr));
            }
        }
    }

    private static String text(long result, int fpsr) {
        return String.format(Locale.ROOT, "%x, FPSR %x", result, fpsr);
    }

    private static boolean cancelledIsNegative(FpOracle o) {
        return o.mode() == FpRounding.MINUS_INFINITY;
    }

    private static long sum(FpOracle o, long first, long second) {
        long a = o.input(first);
        long b = o.input(second);
        if (o.isNan(a) || o.isNan(b)) {
            return o.nan(a, b);
        }
        return finiteSum(o, a, b);
    }

    private static long finiteSum(FpOracle o, long a, long b) {
        boolean opposite = o.isNegative(a) != o.isNegative(b);
        if (o.isInfinite(a) && o.isInfinite(b) && opposite) {
            return o.invalid();
        }
        if (o.isInfinite(a) || o.isInfinite(b)) {
            return o.isInfinite(a) ? a : b;
        }
        boolean zeroIsNegative = opposite ? cancelledIsNegative(o) : o.isNegative(a);
        return o.round(o.value(a).plus(o.value(b)), zeroIsNegative, o.mode());
    }

    private static long product(FpOracle o, long first, long second, boolean extended) {
        long a = o.input(first);
        long b = o.input(second);
        if (o.isNan(a) || o.isNan(b)) {
            return o.nan(a, b);
        }
        boolean negative = o.isNegative(a) != o.isNegative(b);
        if (o.isInfinite(a) || o.isInfinite(b)) {
            if (!isZero(o, a) && !isZero(o, b)) {
                return o.infinity(negative);
            }
            return extended ? o.round(Ratio.of(negative ? -2 : 2), false, o.mode()) : o.invalid();
        }
        return o.round(o.value(a).times(o.value(b)), negative, o.mode());
    }

    private static boolean isZero(FpOracle o, long x) {
        return !o.isInfinite(x) && !o.isNan(x) && o.value(x).signum() == 0;
    }

    private static long quotient(FpOracle o, long first, long second) {
        long a = o.input(first);
        long b = o.input(second);
        if (o.isNan(a) || o.isNan(b)) {
            return o.nan(a, b);
        }
        boolean negative = o.isNegative(a) != o.isNegative(b);
        if ((isZero(o, a) && isZero(o, b)) || (o.isInfinite(a) && o.isInfinite(b))) {
            return o.invalid();
        }
        if (o.isInfinite(a)) {
            return o.infinity(negative);
        }
        if (isZero(o, b)) {
            o.fpsr |= FpStatus.DZC;
            return o.infinity(negative);
        }
        return o.isInfinite(b) ? o.zero(negative) : o.round(o.value(a).dividedBy(o.value(b)), negative, o.mode());
    }

    private static long root(FpOracle o, long operand) {
        long x = o.input(operand);
        if (o.isNan(x)) {
            return o.nan(x);
        }
        if (isZero(o, x)) {
            return x;
        }
        if (o.isNegative(x)) {
            return o.invalid();
        }
        return o.isInfinite(x) ? x : o.round(o.value(x).root(), false, o.mode());
    }

    private static long fused(FpOracle o, long addend, long first, long second) {
        long c = o.input(addend);
        long a = o.input(first);
        long b = o.input(second);
        boolean invalid = (o.isInfinite(a) && isZero(o, b)) || (isZero(o, a) && o.isInfinite(b));
        if (invalid && (!o.isNan(c) || !o.isSignalling(c))) {
            return o.invalid();
        }
        if (o.isNan(a) || o.isNan(b) || o.isNan(c)) {
            return o.nan(c, a, b);
        }
        boolean negative = o.isNegative(a) != o.isNegative(b);
        if (o.isInfinite(a) || o.isInfinite(b) || o.isInfinite(c)) {
            return o.isInfinite(a) || o.isInfinite(b) ? finiteSum(o, o.infinity(negative), c) : c;
        }
        Ratio product = o.value(a).times(o.value(b));
        boolean zeroIsNegative = negative == o.isNegative(c) ? negative : cancelledIsNegative(o);
        return o.round(product.plus(o.value(c)), zeroIsNegative, o.mode());
    }

    @Test
    void sumsAreExactThenRounded() {
        compare((f, a, b, c, s) -> Fp.add(f, a, b, s), (o, a, b, c) -> sum(o, a, b));
    }

    @Test
    void differencesAreExactThenRounded() {
        compare(
                (f, a, b, c, s) -> Fp.sub(f, a, b, s),
                (o, a, b, c) -> sum(o, a, o.isNan(b) ? b : b ^ o.format.signBit()));
    }

    @Test
    void productsAreExactThenRounded() {
        compare((f, a, b, c, s) -> Fp.mul(f, a, b, s), (o, a, b, c) -> product(o, a, b, false));
    }

    @Test
    void extendedProductsOfInfinityAndZeroAreTwo() {
        compare((f, a, b, c, s) -> Fp.mulx(f, a, b, s), (o, a, b, c) -> product(o, a, b, true));
    }

    @Test
    void quotientsAreExactThenRounded() {
        compare((f, a, b, c, s) -> Fp.div(f, a, b, s), (o, a, b, c) -> quotient(o, a, b));
    }

    @Test
    void rootsAreExactThenRounded() {
        compare((f, a, b, c, s) -> Fp.sqrt(f, f.abs(a), s), (o, a, b, c) -> root(o, o.format.abs(a)));
    }

    @Test
    void rootsOfNegativeNumbersAreInvalid() {
        compare((f, a, b, c, s) -> Fp.sqrt(f, a | f.signBit(), s), (o, a, b, c) -> root(o, a | o.format.signBit()));
    }

    @Test
    void squaresHaveExactRoots() {
        compare((f, a, b, c, s) -> Fp.sqrt(f, square(f, a), s), (o, a, b, c) -> root(o, square(o.format, a)));
    }

    /// The square of a number of few bits.
    private static long square(FpFormat format, long x) {
        long few = x & -1L << (format.fractionBits() / 2 + 1);
        return Fp.mul(format, few, few, new FpStatus());
    }

    @Test
    void fusedSumsOfProductsAreRoundedOnce() {
        compare((f, a, b, c, s) -> Fp.fma(f, c, a, b, s), (o, a, b, c) -> fused(o, c, a, b));
    }

    @Test
    void fusedSumsThatAlmostCancelAreRoundedOnce() {
        compare(
                (f, a, b, c, s) -> Fp.fma(f, f.neg(rounded(f, a, b)), a, b, s),
                (o, a, b, c) -> fused(o, o.format.neg(rounded(o.format, a, b)), a, b));
    }

    private static long rounded(FpFormat format, long a, long b) {
        return Fp.mul(format, a, b, new FpStatus());
    }

    @Test
    void stepsOfReciprocalsAreRoundedOnce() {
        compare((f, a, b, c, s) -> FpEstimates.reciprocalStep(f, a, b, s), (o, a, b, c) -> step(o, a, b, 2, 0));
    }

    @Test
    void stepsOfReciprocalRootsAreRoundedOnce() {
        compare(
                (f, a, b, c, s) -> FpEstimates.reciprocalSquareRootStep(f, a, b, s),
                (o, a, b, c) -> step(o, a, b, 3, -1));
    }

    /// (constant − a × b) × 2^scale.
    private static long step(FpOracle o, long first, long second, int constant, int scale) {
        long a = o.input(first ^ o.format.signBit());
        long b = o.input(second);
        if (o.isNan(a) || o.isNan(b)) {
            return o.nan(a, b);
        }
        boolean infinite = o.isInfinite(a) || o.isInfinite(b);
        boolean zero = isZero(o, a) || isZero(o, b);
        if (infinite && !zero) {
            return o.infinity(o.isNegative(a) != o.isNegative(b));
        }
        Ratio product = infinite ? Ratio.ZERO : o.value(a).times(o.value(b));
        Ratio sum = product.plus(Ratio.of(constant)).scaled(scale);
        return o.round(sum, cancelledIsNegative(o), o.mode());
    }
}
