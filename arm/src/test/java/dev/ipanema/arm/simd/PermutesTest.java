package dev.ipanema.arm.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Against the same on arrays of elements; registers overlap as they fall.
class PermutesTest {
    private static final int REGISTERS = 4;

    /// A permute of two vectors.
    private interface Permute {
        void of(long[] v, int d, int n, int m, int size, boolean q);
    }

    /// Where element `i` of the result comes from: an element of `n`, or from `lanes` up of `m`.
    private interface Source {
        int of(int i, int lanes);
    }

    private static void compare(Permute permute, Source source) {
        SplittableRandom random = LaneOracle.random();
        for (int i = 0; i < LaneOracle.samples(); i++) {
            boolean q = random.nextBoolean();
            int size = random.nextInt(q ? 4 : 3);
            int lanes = (q ? 16 : 8) >> size;
            long[] v = random.longs(64).toArray();
            int d = random.nextInt(REGISTERS);
            int n = random.nextInt(REGISTERS);
            int m = random.nextInt(REGISTERS);
            long[] expected = v.clone();
            expected[2 * d] = 0;
            expected[2 * d + 1] = 0;
            for (int lane = 0; lane < lanes; lane++) {
                int from = source.of(lane, lanes);
                int register = from < lanes ? n : m;
                long value = Lanes.element(v[2 * register], v[2 * register + 1], from % lanes, size);
                int bit = lane * (8 << size);
                expected[2 * d + bit / 64] |= value << bit % 64;
            }

            permute.of(v, d, n, m, size, q);

            assertThat(v).as("size %d, d %d, n %d, m %d", size, d, n, m).isEqualTo(expected);
        }
    }

    @Test
    void unzippingTakesEverySecondElement() {
        compare(Permutes::uzp1, (i, lanes) -> 2 * i);
        compare(Permutes::uzp2, (i, lanes) -> 2 * i + 1);
    }

    @Test
    void zippingInterleavesHalves() {
        compare(Permutes::zip1, (i, lanes) -> i / 2 + i % 2 * lanes);
        compare(Permutes::zip2, (i, lanes) -> lanes / 2 + i / 2 + i % 2 * lanes);
    }

    @Test
    void transposingExchangesInPairs() {
        compare(Permutes::trn1, (i, lanes) -> i - i % 2 + i % 2 * lanes);
        compare(Permutes::trn2, (i, lanes) -> i - i % 2 + 1 + i % 2 * lanes);
    }

    @Test
    void extractionRunsFromOneVectorIntoTheOther() {
        for (int from = 0; from < 16; from++) {
            int first = from;
            long[] v = {0x0706_0504_0302_0100L, 0x0F0E_0D0C_0B0A_0908L, 0x1716_1514_1312_1110L, 0x1F1E_1D1C_1B1A_1918L};

            Permutes.ext(v, 0, 0, 1, from, true);

            for (int i = 0; i < 16; i++) {
                assertThat(Lanes.element(v[0], v[1], i, 0)).isEqualTo(first + i);
            }
        }
    }

    @Test
    void extractionFrom64BitsTakesLowHalvesOnly() {
        long[] v = {0x0706_0504_0302_0100L, -1, 0x1716_1514_1312_1110L, -1};

        Permutes.ext(v, 0, 0, 1, 5, false);

        assertThat(v).startsWith(0x1413_1211_1007_0605L, 0);
    }

    @Test
    void aTableMayBeItsOwnDestination() {
        long[] v = new long[64];
        v[0] = 0x0706_0504_0302_0100L;
        v[1] = 0x0F0E_0D0C_0B0A_0908L;
        v[2] = 0x0008_0110_0209_FF0FL;
        v[3] = 0x0102_0304_0506_0708L;
        long[] same = v.clone();

        Permutes.tbl(v, 0, 0, 1, 1, true);
        Permutes.tbx(same, 1, 0, 1, 1, true);

        assertThat(v).startsWith(0x0008_0100_0209_000FL, 0x0102_0304_0506_0708L);
        assertThat(same[2]).isEqualTo(0x0008_0110_0209_FF0FL);
    }
}
