package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.LaneOracle.Kind.SIGNED;
import static dev.ipanema.arm.simd.LaneOracle.Kind.UNSIGNED;
import static dev.ipanema.arm.simd.LaneOracle.modular;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LaneArithmeticTest {
    private static final BigInteger ONES = BigInteger.ONE.negate();

    private static BigInteger truth(boolean value) {
        return value ? ONES : BigInteger.ZERO;
    }

    @Test
    void sumsAndDifferencesAreModular() {
        modular(0, 3, UNSIGNED, (a, b, d, size, s) -> LaneArithmetic.add(a, b, size), (a, b, d, w) -> a.add(b));
        modular(0, 3, UNSIGNED, (a, b, d, size, s) -> LaneArithmetic.sub(a, b, size), (a, b, d, w) -> a.subtract(b));
        modular(0, 3, SIGNED, (a, b, d, size, s) -> LaneArithmetic.neg(a, size), (a, b, d, w) -> a.negate());
        modular(0, 3, SIGNED, (a, b, d, size, s) -> LaneArithmetic.abs(a, size), (a, b, d, w) -> a.abs());
        modular(0, 3, SIGNED, (a, b, d, size, s) -> LaneArithmetic.mul(a, b, size), (a, b, d, w) -> a.multiply(b));
    }

    @Test
    void halvedSumsKeepTheCarry() {
        modular(
                0,
                2,
                UNSIGNED,
                (a, b, d, size, s) -> LaneArithmetic.uhadd(a, b, size),
                (a, b, d, w) -> a.add(b).shiftRight(1));
        modular(
                0,
                2,
                SIGNED,
                (a, b, d, size, s) -> LaneArithmetic.shadd(a, b, size),
                (a, b, d, w) -> a.add(b).shiftRight(1));
        modular(
                0,
                2,
                UNSIGNED,
                (a, b, d, size, s) -> LaneArithmetic.urhadd(a, b, size),
                (a, b, d, w) -> LaneOracle.right(a.add(b), 1, true));
        modular(
                0,
                2,
                SIGNED,
                (a, b, d, size, s) -> LaneArithmetic.srhadd(a, b, size),
                (a, b, d, w) -> LaneOracle.right(a.add(b), 1, true));
        modular(
                0,
                2,
                UNSIGNED,
                (a, b, d, size, s) -> LaneArithmetic.uhsub(a, b, size),
                (a, b, d, w) -> a.subtract(b).shiftRight(1));
        modular(
                0,
                2,
                SIGNED,
                (a, b, d, size, s) -> LaneArithmetic.shsub(a, b, size),
                (a, b, d, w) -> a.subtract(b).shiftRight(1));
    }

    @Test
    void halfAUnitOfTheHighHalfIsAdded() {
        modular(
                1,
                3,
                UNSIGNED,
                (a, b, d, size, s) -> LaneArithmetic.roundedHigh(a, size - 1),
                (a, b, d, w) -> a.add(BigInteger.TWO.pow(w / 2 - 1)));
    }

    @Test
    void comparisonsGiveOnesWhereTheyHold() {
        modular(
                0,
                3,
                SIGNED,
                (a, b, d, size, s) -> LaneArithmetic.cmeq(a, b, size),
                (a, b, d, w) -> truth(a.equals(b)));
        modular(
                0,
                3,
                SIGNED,
                (a, b, d, size, s) -> LaneArithmetic.cmtst(a, b, size),
                (a, b, d, w) -> truth(a.and(b).signum() != 0));
        modular(
                0,
                3,
                UNSIGNED,
                (a, b, d, size, s) -> LaneArithmetic.cmhi(a, b, size),
                (a, b, d, w) -> truth(a.compareTo(b) > 0));
        modular(
                0,
                3,
                UNSIGNED,
                (a, b, d, size, s) -> LaneArithmetic.cmhs(a, b, size),
                (a, b, d, w) -> truth(a.compareTo(b) >= 0));
        modular(
                0,
                3,
                SIGNED,
                (a, b, d, size, s) -> LaneArithmetic.cmgt(a, b, size),
                (a, b, d, w) -> truth(a.compareTo(b) > 0));
        modular(
                0,
                3,
                SIGNED,
                (a, b, d, size, s) -> LaneArithmetic.cmge(a, b, size),
                (a, b, d, w) -> truth(a.compareTo(b) >= 0));
    }

    @Test
    void equalLanesCompareEqual() {
        modular(0, 3, SIGNED, (a, b, d, size, s) -> LaneArithmetic.cmeq(a, a, size), (a, b, d, w) -> ONES);
        modular(0, 3, SIGNED, (a, b, d, size, s) -> LaneArithmetic.cmge(a, a, size), (a, b, d, w) -> ONES);
        modular(0, 3, SIGNED, (a, b, d, size, s) -> LaneArithmetic.cmhi(a, a, size), (a, b, d, w) -> BigInteger.ZERO);
    }

    @Test
    void minimumMaximumAndDistanceHonourTheSign() {
        modular(0, 3, SIGNED, (a, b, d, size, s) -> LaneArithmetic.smax(a, b, size), (a, b, d, w) -> a.max(b));
        modular(0, 3, SIGNED, (a, b, d, size, s) -> LaneArithmetic.smin(a, b, size), (a, b, d, w) -> a.min(b));
        modular(0, 3, UNSIGNED, (a, b, d, size, s) -> LaneArithmetic.umax(a, b, size), (a, b, d, w) -> a.max(b));
        modular(0, 3, UNSIGNED, (a, b, d, size, s) -> LaneArithmetic.umin(a, b, size), (a, b, d, w) -> a.min(b));
        modular(
                0,
                3,
                SIGNED,
                (a, b, d, size, s) -> LaneArithmetic.sabd(a, b, size),
                (a, b, d, w) -> a.subtract(b).abs());
        modular(
                0,
                3,
                UNSIGNED,
                (a, b, d, size, s) -> LaneArithmetic.uabd(a, b, size),
                (a, b, d, w) -> a.subtract(b).abs());
    }

    @Test
    void bitsAreCounted() {
        modular(
                0,
                0,
                UNSIGNED,
                (a, b, d, size, s) -> LaneArithmetic.cnt(a),
                (a, b, d, w) -> BigInteger.valueOf(a.bitCount()));
        modular(
                0,
                2,
                UNSIGNED,
                (a, b, d, size, s) -> LaneArithmetic.clz(a, size),
                (a, b, d, w) -> BigInteger.valueOf(w - a.bitLength()));
        modular(
                0,
                2,
                SIGNED,
                (a, b, d, size, s) -> LaneArithmetic.cls(a, size),
                (a, b, d, w) -> BigInteger.valueOf(w - 1 - a.bitLength()));
    }

    @Test
    void pairsAndWholeRegistersAreSummed() {
        SplittableRandom random = LaneOracle.random();
        for (int i = 0; i < LaneOracle.samples(); i++) {
            int size = random.nextInt(3);
            long low = LaneOracle.value(random);
            long high = LaneOracle.value(random);

            assertThat(LaneArithmetic.saddlp(low, size)).isEqualTo(pairs(low, size, SIGNED));
            assertThat(LaneArithmetic.uaddlp(low, size)).isEqualTo(pairs(low, size, UNSIGNED));
            assertThat(LaneArithmetic.addv(low, high, size)).isEqualTo(fold(low, high, size, 8 << size, UNSIGNED));
            assertThat(LaneArithmetic.saddlv(low, high, size)).isEqualTo(fold(low, high, size, 16 << size, SIGNED));
            assertThat(LaneArithmetic.uaddlv(low, high, size)).isEqualTo(fold(low, high, size, 16 << size, UNSIGNED));
        }
    }

    @Test
    void theExtremesOfWholeRegistersAreFound() {
        SplittableRandom random = LaneOracle.random();
        for (int i = 0; i < LaneOracle.samples(); i++) {
            int size = random.nextInt(3);
            long low = LaneOracle.value(random);
            long high = LaneOracle.value(random);

            assertThat(LaneArithmetic.smaxv(low, high, size)).isEqualTo(extreme(low, high, size, SIGNED, true));
            assertThat(LaneArithmetic.sminv(low, high, size)).isEqualTo(extreme(low, high, size, SIGNED, false));
            assertThat(LaneArithmetic.umaxv(low, high, size)).isEqualTo(extreme(low, high, size, UNSIGNED, true));
            assertThat(LaneArithmetic.uminv(low, high, size)).isEqualTo(extreme(low, high, size, UNSIGNED, false));
        }
    }

    private static long pairs(long half, int size, LaneOracle.Kind kind) {
        int bits = 8 << size;
        long result = 0;
        for (int at = 0; at < 64; at += 2 * bits) {
            BigInteger sum = LaneOracle.lane(half, at, bits, kind).add(LaneOracle.lane(half, at + bits, bits, kind));
            result |= low(sum, 2 * bits) << at;
        }
        return result;
    }

    private static long fold(long low, long high, int size, int resultBits, LaneOracle.Kind kind) {
        int bits = 8 << size;
        BigInteger sum = BigInteger.ZERO;
        for (int at = 0; at < 64; at += bits) {
            sum = sum.add(LaneOracle.lane(low, at, bits, kind)).add(LaneOracle.lane(high, at, bits, kind));
        }
        return low(sum, resultBits);
    }

    private static long extreme(long low, long high, int size, LaneOracle.Kind kind, boolean greatest) {
        int bits = 8 << size;
        BigInteger best = LaneOracle.lane(low, 0, bits, kind);
        for (int at = 0; at < 64; at += bits) {
            BigInteger first = LaneOracle.lane(low, at, bits, kind);
            BigInteger second = LaneOracle.lane(high, at, bits, kind);
            best = greatest ? best.max(first).max(second) : best.min(first).min(second);
        }
        return low(best, bits);
    }

    private static long low(BigInteger value, int bits) {
        return value.longValue() << (64 - bits) >>> (64 - bits);
    }
}
