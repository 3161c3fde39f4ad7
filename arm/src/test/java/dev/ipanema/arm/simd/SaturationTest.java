package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.LaneOracle.Kind.SIGNED;
import static dev.ipanema.arm.simd.LaneOracle.Kind.UNSIGNED;
import static dev.ipanema.arm.simd.LaneOracle.saturating;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.fp.FpStatus;
import java.math.BigInteger;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SaturationTest {
    @Test
    void sumsAndDifferencesStopAtTheLimit() {
        saturating(0, 3, SIGNED, SIGNED, (a, b, d, n, s) -> Saturation.sqadd(a, b, n, s), (a, b, d, w) -> a.add(b));
        saturating(
                0, 3, SIGNED, SIGNED, (a, b, d, n, s) -> Saturation.sqsub(a, b, n, s), (a, b, d, w) -> a.subtract(b));
        saturating(0, 3, UNSIGNED, UNSIGNED, (a, b, d, n, s) -> Saturation.uqadd(a, b, n, s), (a, b, d, w) -> a.add(b));
        saturating(
                0,
                3,
                UNSIGNED,
                UNSIGNED,
                (a, b, d, n, s) -> Saturation.uqsub(a, b, n, s),
                (a, b, d, w) -> a.subtract(b));
    }

    @Test
    void sumsOfMixedSignStopAtTheLimitOfTheDestination() {
        saturating(
                0,
                3,
                UNSIGNED,
                SIGNED,
                (a, b, d, n, s) -> Saturation.suqadd(a, d, n, s),
                (a, b, d, w) -> a.add(signed(d, w)));
        saturating(
                0,
                3,
                UNSIGNED,
                UNSIGNED,
                (a, b, d, n, s) -> Saturation.usqadd(a, d, n, s),
                (a, b, d, w) -> signed(a, w).add(d));
    }

    private static BigInteger signed(BigInteger unsigned, int bits) {
        return unsigned.testBit(bits - 1) ? unsigned.subtract(BigInteger.ONE.shiftLeft(bits)) : unsigned;
    }

    @Test
    void theLeastNumberHasNoOpposite() {
        saturating(0, 3, SIGNED, SIGNED, (a, b, d, n, s) -> Saturation.sqabs(a, n, s), (a, b, d, w) -> a.abs());
        saturating(0, 3, SIGNED, SIGNED, (a, b, d, n, s) -> Saturation.sqneg(a, n, s), (a, b, d, w) -> a.negate());
    }

    @Test
    void doubledProductsStopAtTheLimit() {
        saturating(
                1,
                2,
                SIGNED,
                SIGNED,
                (a, b, d, n, s) -> Products.sqdmulh(a, b, n, s),
                (a, b, d, w) -> a.multiply(b).shiftLeft(1).shiftRight(w));
        saturating(
                1,
                2,
                SIGNED,
                SIGNED,
                (a, b, d, n, s) -> Products.sqrdmulh(a, b, n, s),
                (a, b, d, w) -> LaneOracle.right(a.multiply(b).shiftLeft(1), w, true));
        saturating(
                1,
                2,
                SIGNED,
                SIGNED,
                (a, b, d, n, s) -> Products.sqrdmlah(a, b, d, n, s),
                (a, b, d, w) ->
                        LaneOracle.right(d.shiftLeft(w).add(a.multiply(b).shiftLeft(1)), w, true));
        saturating(
                1,
                2,
                SIGNED,
                SIGNED,
                (a, b, d, n, s) -> Products.sqrdmlsh(a, b, d, n, s),
                (a, b, d, w) ->
                        LaneOracle.right(d.shiftLeft(w).subtract(a.multiply(b).shiftLeft(1)), w, true));
    }

    @Test
    void narrowingStopsAtTheLimit() {
        SplittableRandom random = LaneOracle.random();
        for (int i = 0; i < LaneOracle.samples(); i++) {
            int size = random.nextInt(3);
            long low = LaneOracle.value(random);
            long high = LaneOracle.value(random);

            narrowed(low, high, size, SIGNED, SIGNED, Saturation::sqxtn);
            narrowed(low, high, size, SIGNED, UNSIGNED, Saturation::sqxtun);
            narrowed(low, high, size, UNSIGNED, UNSIGNED, Saturation::uqxtn);
        }
    }

    /// A narrowing function.
    private interface Narrowing {
        long of(long low, long high, int size, FpStatus status);
    }

    private static void narrowed(
            long low, long high, int size, LaneOracle.Kind from, LaneOracle.Kind to, Narrowing narrowing) {
        int bits = 8 << size;
        long expected = 0;
        boolean saturated = false;
        for (int at = 0; at < 64; at += bits) {
            BigInteger exact = LaneOracle.lane(at < 32 ? low : high, 2 * at & 63, 2 * bits, from);
            BigInteger stored = LaneOracle.clamped(exact, bits, to);
            saturated |= !stored.equals(exact);
            expected |= stored.longValue() << (64 - bits) >>> (64 - bits) << at;
        }
        FpStatus status = new FpStatus();

        long actual = narrowing.of(low, high, size, status);

        assertThat(actual).as("size %d of %016x %016x", size, high, low).isEqualTo(expected);
        assertThat(status.fpsr).isEqualTo(saturated ? FpStatus.QC : 0);
    }

    @Test
    void longDoubledProductsSaturateBeforeAndAfterTheSum() {
        SplittableRandom random = LaneOracle.random();
        for (int i = 0; i < LaneOracle.samples(); i++) {
            int size = 1 + random.nextInt(2);
            int bits = 8 << size;
            long a = LaneOracle.value(random);
            long b = LaneOracle.value(random);
            long d = LaneOracle.value(random);
            long product = 0;
            long sum = 0;
            long difference = 0;
            for (int at = 0; at < 32; at += bits) {
                BigInteger exact = LaneOracle.lane(a, at, bits, SIGNED)
                        .multiply(LaneOracle.lane(b, at, bits, SIGNED))
                        .shiftLeft(1);
                BigInteger stored = LaneOracle.clamped(exact, 2 * bits, SIGNED);
                BigInteger to = LaneOracle.lane(d, 2 * at, 2 * bits, SIGNED);
                product |= bits(stored, 2 * bits) << 2 * at;
                sum |= bits(LaneOracle.clamped(to.add(stored), 2 * bits, SIGNED), 2 * bits) << 2 * at;
                difference |= bits(LaneOracle.clamped(to.subtract(stored), 2 * bits, SIGNED), 2 * bits) << 2 * at;
            }

            FpStatus status = new FpStatus();
            assertThat(Products.sqdmull(a, b, size, status)).isEqualTo(product);
            assertThat(Products.sqdmlal(a, b, d, size, status)).isEqualTo(sum);
            assertThat(Products.sqdmlsl(a, b, d, size, status)).isEqualTo(difference);
        }
    }

    private static long bits(BigInteger value, int bits) {
        return value.longValue() << (64 - bits) >>> (64 - bits);
    }

    @Test
    void aSaturatedProductSetsQc() {
        FpStatus status = new FpStatus();

        long result = Products.sqdmull(0x8000_0000L, 0x8000_0000L, 2, status);

        assertThat(result).isEqualTo(Long.MAX_VALUE);
        assertThat(status.fpsr).isEqualTo(FpStatus.QC);
    }
}
