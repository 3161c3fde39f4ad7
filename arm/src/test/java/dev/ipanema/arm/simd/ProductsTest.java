package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.LaneOracle.Kind.SIGNED;
import static dev.ipanema.arm.simd.LaneOracle.Kind.UNSIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ProductsTest {
    @Test
    void dotProductsAddFourBytesToEachWord() {
        SplittableRandom random = LaneOracle.random();
        for (int i = 0; i < LaneOracle.samples(); i++) {
            long a = LaneOracle.value(random);
            long b = LaneOracle.value(random);
            long d = LaneOracle.value(random);

            assertThat(Products.sdot(a, b, d)).isEqualTo(dot(a, SIGNED, b, SIGNED, d));
            assertThat(Products.udot(a, b, d)).isEqualTo(dot(a, UNSIGNED, b, UNSIGNED, d));
            assertThat(Products.usdot(a, b, d)).isEqualTo(dot(a, UNSIGNED, b, SIGNED, d));
        }
    }

    @Test
    void matrixProductsAddARowTimesBothRows() {
        SplittableRandom random = LaneOracle.random();
        for (int i = 0; i < LaneOracle.samples(); i++) {
            long a = LaneOracle.value(random);
            long low = LaneOracle.value(random);
            long high = LaneOracle.value(random);
            long d = LaneOracle.value(random);

            assertThat(Products.smmla(a, low, high, d)).isEqualTo(matrix(a, SIGNED, low, high, SIGNED, d));
            assertThat(Products.ummla(a, low, high, d)).isEqualTo(matrix(a, UNSIGNED, low, high, UNSIGNED, d));
            assertThat(Products.usmmla(a, low, high, d)).isEqualTo(matrix(a, UNSIGNED, low, high, SIGNED, d));
        }
    }

    private static long dot(long a, LaneOracle.Kind kindA, long b, LaneOracle.Kind kindB, long d) {
        return word(d, 0, sum(a, kindA, b, kindB, 0, 32)) | word(d, 32, sum(a, kindA, b, kindB, 32, 64));
    }

    private static long matrix(long a, LaneOracle.Kind kindA, long low, long high, LaneOracle.Kind kindB, long d) {
        return word(d, 0, sum(a, kindA, low, kindB, 0, 64)) | word(d, 32, sum(a, kindA, high, kindB, 0, 64));
    }

    private static BigInteger sum(long a, LaneOracle.Kind kindA, long b, LaneOracle.Kind kindB, int from, int to) {
        BigInteger sum = BigInteger.ZERO;
        for (int at = from; at < to; at += 8) {
            sum = sum.add(LaneOracle.lane(a, at, 8, kindA).multiply(LaneOracle.lane(b, at, 8, kindB)));
        }
        return sum;
    }

    private static long word(long d, int at, BigInteger sum) {
        return (LaneOracle.lane(d, at, 32, SIGNED).add(sum).longValue() & 0xFFFF_FFFFL) << at;
    }

    @Test
    void polynomialsAreMultipliedWithoutCarries() {
        SplittableRandom random = LaneOracle.random();
        for (int i = 0; i < LaneOracle.samples(); i++) {
            long a = LaneOracle.value(random);
            long b = LaneOracle.value(random);
            BigInteger whole = carryless(LaneOracle.lane(a, 0, 64, UNSIGNED), LaneOracle.lane(b, 0, 64, UNSIGNED));
            long bytes = 0;
            long words = 0;
            for (int at = 0; at < 64; at += 8) {
                long product = carryless(LaneOracle.lane(a, at, 8, UNSIGNED), LaneOracle.lane(b, at, 8, UNSIGNED))
                        .longValue();
                bytes |= (product & 255) << at;
                words |= at < 32 ? product << 2 * at : 0;
            }

            assertThat(Polynomials.pmullLow(a, b)).isEqualTo(whole.longValue());
            assertThat(Polynomials.pmullHigh(a, b))
                    .isEqualTo(whole.shiftRight(64).longValue());
            assertThat(Polynomials.pmul(a, b)).isEqualTo(bytes);
            assertThat(Polynomials.pmull8(a, b)).isEqualTo(words);
        }
    }

    private static BigInteger carryless(BigInteger a, BigInteger b) {
        BigInteger product = BigInteger.ZERO;
        for (int i = 0; i < b.bitLength(); i++) {
            product = b.testBit(i) ? product.xor(a.shiftLeft(i)) : product;
        }
        return product;
    }

    @Test
    void estimatesAreWithinOne256th() {
        for (long fraction = 1L << 31; fraction < 1L << 32; fraction += 0x7F_FFFFL) {
            double exact = 0x1p63 / fraction;
            assertThat(IntegerEstimates.urecpe(fraction) & 0xFFFF_FFFFL)
                    .isBetween((long) (exact * (1 - 1 / 256.0)), (long) (exact * (1 + 1 / 256.0)));
        }
        for (long fraction = 1L << 30; fraction < 1L << 32; fraction += 0x7F_FFFFL) {
            double exact = 0x1p47 / Math.sqrt(fraction);
            assertThat(IntegerEstimates.ursqrte(fraction) & 0xFFFF_FFFFL)
                    .isBetween((long) (exact * (1 - 1 / 256.0)), (long) (exact * (1 + 1 / 256.0)));
        }
    }

    @Test
    void fractionsWithoutEstimateGiveOnes() {
        assertThat(IntegerEstimates.urecpe(0x7FFF_FFFF_8000_0000L)).isEqualTo(0xFFFF_FFFF_FF80_0000L);
        assertThat(IntegerEstimates.ursqrte(0x3FFF_FFFF_4000_0000L)).isEqualTo(0xFFFF_FFFF_FF80_0000L);
    }
}
