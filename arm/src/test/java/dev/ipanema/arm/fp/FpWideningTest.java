package dev.ipanema.arm.fp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.fp.FpOracle.Ratio;
import org.junit.jupiter.api.Test;

class FpWideningTest {
    private static final FpFormat SINGLE = FpFormat.SINGLE;
    private static final FpFormat BFLOAT16 = FpFormat.BFLOAT16;

    private final Operands operands = new Operands();
    private final FpStatus status = new FpStatus();

    @Test
    void sumsOfHalfPrecisionProductsAreRoundedOnce() {
        for (int i = 0; i < Operands.CASES; i++) {
            FpOracle single = new FpOracle(SINGLE, operands.fpcr(), operands.fpsr());
            FpOracle half = new FpOracle(FpFormat.HALF, single.fpcr, 0);
            status.fpcr = single.fpcr;
            status.fpsr = single.fpsr;
            long a = finite(operands.number(FpFormat.HALF), FpFormat.HALF);
            long b = finite(operands.number(FpFormat.HALF), FpFormat.HALF);
            long c = finite(operands.number(SINGLE, 127 + operands.below(40) - 20), SINGLE);

            long result = Fp.fmaOfHalves(c, a, b, status);

            Ratio product = half.value(half.input(a)).times(half.value(half.input(b)));
            boolean negative = half.isNegative(a) != half.isNegative(b);
            boolean towardsMinus = single.mode() == FpRounding.MINUS_INFINITY;
            boolean zeroIsNegative = negative == single.isNegative(c) ? negative : towardsMinus;
            Ratio sum = product.plus(single.value(single.input(c)));
            long expected = single.round(sum, zeroIsNegative, single.mode());
            assertThat(result).as("%x + %x * %x, FPCR %x", c, a, b, status.fpcr).isEqualTo(expected);
            assertThat(status.fpsr)
                    .as("%x + %x * %x, FPCR %x", c, a, b, status.fpcr)
                    .isEqualTo(single.fpsr);
        }
    }

    private static long finite(long x, FpFormat format) {
        return format.abs(x) < format.infinity() ? x : (x & ~format.infinity()) | format.infinity() >> 1;
    }

    @Test
    void signallingHalfPrecisionFactorBecomesAQuietNanOfSinglePrecision() {
        assertThat(Fp.fmaOfHalves(0, 0xfc01, 0x3c00, status)).isEqualTo(0xffc0_2000L);
        assertThat(status.fpsr).isEqualTo(FpStatus.IOC);
    }

    @Test
    void dotProductsOfBfloatsRoundEachStepToOdd() {
        for (int i = 0; i < Operands.CASES; i++) {
            int near = 127 + operands.below(60) - 30;
            long a = pair(near);
            long b = pair(254 - near + operands.below(8));
            long c = finite(operands.number(SINGLE, 127 + operands.below(20) - 10), SINGLE);

            long result = FpWidening.dotOfBfloats(c, a, b);

            long products = odd(product(a & 0xffff, b & 0xffff), product(a >>> 16, b >>> 16));
            assertThat(result).as("%x + %x . %x", c, a, b).isEqualTo(odd(withoutDenormals(c), products));
        }
    }

    private long pair(int near) {
        return finite(operands.number(BFLOAT16, near), BFLOAT16)
                | finite(operands.number(BFLOAT16, near), BFLOAT16) << 16;
    }

    private static long withoutDenormals(long x) {
        return SINGLE.abs(x) < 0x0080_0000L ? x & SINGLE.signBit() : x;
    }

    private static long product(long a, long b) {
        return Fp.mul(SINGLE, withoutDenormals(a << 16), withoutDenormals(b << 16), flushing());
    }

    private static FpStatus flushing() {
        FpStatus status = new FpStatus();
        status.fpcr = FpStatus.FZ;
        return status;
    }

    /// Infinities are left to IEEE's rules; what overflows becomes one.
    private static long odd(long a, long b) {
        FpOracle oracle = new FpOracle(SINGLE, FpStatus.FZ, 0);
        if (oracle.isNan(a) || oracle.isNan(b) || oracle.isInfinite(a) || oracle.isInfinite(b)) {
            FpStatus status = flushing();
            status.fpcr |= FpStatus.DN;
            return Fp.add(SINGLE, a, b, status);
        }
        boolean negative = oracle.isNegative(a) && oracle.isNegative(b);
        long sum = oracle.round(oracle.value(a).plus(oracle.value(b)), negative, FpRounding.ODD);
        return (oracle.fpsr & FpStatus.OFC) != 0 ? oracle.infinity(oracle.isNegative(sum)) : sum;
    }

    @Test
    void dotProductOfANanIsTheDefaultNan() {
        assertThat(FpWidening.dotOfBfloats(0, 0xff81, 0x3f80)).isEqualTo(0x7fc0_0000L);
        assertThat(FpWidening.dotOfBfloats(0, 0x7f80, 0)).isEqualTo(0x7fc0_0000L);
    }
}
