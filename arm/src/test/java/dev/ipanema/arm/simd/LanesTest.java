package dev.ipanema.arm.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LanesTest {
    private static final long LOW = 0x0706_0504_0302_0100L;
    private static final long HIGH = 0x0F0E_0D0C_0B0A_0908L;

    @Test
    void evenAndOddLanesAreTakenFromBothHalves() {
        assertThat(Lanes.evenLanes(LOW, HIGH, 0)).isEqualTo(0x0E0C_0A08_0604_0200L);
        assertThat(Lanes.oddLanes(LOW, HIGH, 0)).isEqualTo(0x0F0D_0B09_0705_0301L);
        assertThat(Lanes.evenLanes(LOW, HIGH, 1)).isEqualTo(0x0D0C_0908_0504_0100L);
        assertThat(Lanes.oddLanes(LOW, HIGH, 1)).isEqualTo(0x0F0E_0B0A_0706_0302L);
        assertThat(Lanes.evenLanes(LOW, HIGH, 2)).isEqualTo(0x0B0A_0908_0302_0100L);
        assertThat(Lanes.oddLanes(LOW, HIGH, 2)).isEqualTo(0x0F0E_0D0C_0706_0504L);
        assertThat(Lanes.evenLanes(LOW, HIGH, 3)).isEqualTo(LOW);
        assertThat(Lanes.oddLanes(LOW, HIGH, 3)).isEqualTo(HIGH);
    }

    @Test
    void lowLanesAreInterleaved() {
        assertThat(Lanes.interleave(LOW, HIGH, 0)).isEqualTo(0x0B03_0A02_0901_0800L);
        assertThat(Lanes.interleave(LOW, HIGH, 1)).isEqualTo(0x0B0A_0302_0908_0100L);
        assertThat(Lanes.interleave(LOW, HIGH, 2)).isEqualTo(0x0B0A_0908_0302_0100L);
    }

    @Test
    void lanesAreTransposedInPairs() {
        assertThat(Lanes.transposeEven(LOW, HIGH, 0)).isEqualTo(0x0E06_0C04_0A02_0800L);
        assertThat(Lanes.transposeOdd(LOW, HIGH, 0)).isEqualTo(0x0F07_0D05_0B03_0901L);
        assertThat(Lanes.transposeEven(LOW, HIGH, 2)).isEqualTo(0x0B0A_0908_0302_0100L);
        assertThat(Lanes.transposeOdd(LOW, HIGH, 2)).isEqualTo(0x0F0E_0D0C_0706_0504L);
    }

    @Test
    void wideLanesKeepTheSignOrZero() {
        assertThat(Lanes.widenUnsigned(0x1234_5678_FF80_7F01L, 0)).isEqualTo(0x00FF_0080_007F_0001L);
        assertThat(Lanes.widenSigned(0x1234_5678_FF80_7F01L, 0)).isEqualTo(0xFFFF_FF80_007F_0001L);
        assertThat(Lanes.widenSigned(0x1234_5678_FF80_7F01L, 1)).isEqualTo(0xFFFF_FF80_0000_7F01L);
        assertThat(Lanes.widenUnsigned(0x1234_5678_FF80_7F01L, 1)).isEqualTo(0x0000_FF80_0000_7F01L);
        assertThat(Lanes.widenSigned(0x1234_5678_FF80_7F01L, 2)).isEqualTo(0xFFFF_FFFF_FF80_7F01L);
        assertThat(Lanes.widenUnsigned(0x1234_5678_FF80_7F01L, 2)).isEqualTo(0xFF80_7F01L);
    }

    @Test
    void containersAreReversed() {
        assertThat(Lanes.reverse(LOW, 3, 0)).isEqualTo(Long.reverseBytes(LOW));
        assertThat(Lanes.reverse(LOW, 1, 0)).isEqualTo(0x0607_0405_0203_0001L);
        assertThat(Lanes.reverse(LOW, 2, 0)).isEqualTo(0x0405_0607_0001_0203L);
        assertThat(Lanes.reverse(LOW, 2, 1)).isEqualTo(0x0504_0706_0100_0302L);
        assertThat(Lanes.reverse(LOW, 3, 1)).isEqualTo(0x0100_0302_0504_0706L);
        assertThat(Lanes.reverse(LOW, 3, 2)).isEqualTo(0x0302_0100_0706_0504L);
        assertThat(Lanes.reverseBits(0x0103_0780_F055_AA00L)).isEqualTo(0x80C0_E001_0FAA_5500L);
    }

    @Test
    void bytesAreExtractedAcrossTheHalves() {
        for (int from = 0; from <= 8; from++) {
            long expected = 0;
            for (int i = 0; i < 8; i++) {
                expected |= (long) (from + i) << 8 * i;
            }
            assertThat(Lanes.extract(LOW, HIGH, from)).isEqualTo(expected);
        }
    }

    @Test
    void elementsAreCountedOverBothHalves() {
        assertThat(Lanes.element(LOW, HIGH, 15, 0)).isEqualTo(15);
        assertThat(Lanes.element(LOW, HIGH, 3, 1)).isEqualTo(0x0706);
        assertThat(Lanes.element(LOW, HIGH, 2, 2)).isEqualTo(0x0B0A_0908L);
        assertThat(Lanes.element(LOW, HIGH, 1, 3)).isEqualTo(HIGH);
        assertThat(Lanes.replicate(0x1_23L, 0)).isEqualTo(0x2323_2323_2323_2323L);
    }

    @Test
    void tablesWrapAfterTheLastRegister() {
        SplittableRandom random = LaneOracle.random();
        long[] v = random.longs(64).toArray();
        for (int i = 0; i < LaneOracle.samples(); i++) {
            int first = random.nextInt(32);
            int registers = 1 + random.nextInt(4);
            long indexes = random.nextLong() & 0x7F7F_7F3F_7F7F_FF7FL;
            long otherwise = random.nextLong();

            long result = Lanes.lookUp(v, first, registers, indexes, otherwise);

            assertThat(result).isEqualTo(bytes(v, first, registers, indexes, otherwise));
        }
    }

    private static long bytes(long[] v, int first, int registers, long indexes, long otherwise) {
        byte[] table = new byte[registers * 16];
        for (int i = 0; i < table.length; i++) {
            int register = (first + i / 16) % 32;
            table[i] = (byte) (v[2 * register + i / 8 % 2] >> 8 * (i % 8));
        }
        long result = 0;
        for (int i = 0; i < 8; i++) {
            int index = (int) (indexes >> 8 * i & 255);
            long chosen = index < table.length ? table[index] : otherwise >> 8 * i;
            result |= (chosen & 255) << 8 * i;
        }
        return result;
    }
}
