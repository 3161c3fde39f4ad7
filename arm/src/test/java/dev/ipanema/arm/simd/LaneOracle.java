package dev.ipanema.arm.simd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.fp.FpStatus;
import java.math.BigInteger;
import java.util.SplittableRandom;

/// Compares functions on halves of registers with the same function on one lane, written with unlimited integers.
final class LaneOracle {
    private static final int SAMPLES = Boolean.getBoolean("ipanema.long") ? 50_000 : 500;
    private static final long SEED = Long.getLong("ipanema.seed", 3);
    private static final long[] CORNERS = {
        0,
        -1,
        Long.MIN_VALUE,
        Long.MAX_VALUE,
        0x8080_8080_8080_8080L,
        0x8000_8000_8000_8000L,
        0x7FFF_7FFF_7FFF_7FFFL,
        0x8000_0000_8000_0000L,
        0x7FFF_FFFF_7FFF_FFFFL,
        0x0101_0101_0101_0101L,
        0x7F80_7F80_0180_FF00L
    };

    /// How the bits of a lane are read.
    enum Kind {
        SIGNED,
        UNSIGNED
    }

    /// The function under test.
    interface Halves {
        long of(long a, long b, long d, int size, FpStatus status);
    }

    /// The same on one lane.
    interface Lane {
        BigInteger of(BigInteger a, BigInteger b, BigInteger d, int bits);
    }

    private LaneOracle() {}

    static SplittableRandom random() {
        System.out.println("ipanema.seed=" + SEED);
        return new SplittableRandom(SEED);
    }

    static int samples() {
        return SAMPLES;
    }

    static long value(SplittableRandom random) {
        long mixed = random.nextLong();
        return switch (random.nextInt(4)) {
            case 0 -> mixed;
            case 1 -> CORNERS[random.nextInt(CORNERS.length)];
            case 2 -> CORNERS[random.nextInt(CORNERS.length)] ^ mixed & random.nextLong() & random.nextLong();
            default -> CORNERS[random.nextInt(CORNERS.length)] + (byte) mixed;
        };
    }

    /// Results are the lane's value modulo its width, and nothing saturates.
    static void modular(int lowest, int highest, Kind kind, Halves ours, Lane expected) {
        compare(lowest, highest, ours, kind, expected, null);
    }

    /// Results outside of the range that `result` gives a lane become its nearest end, and set QC.
    static void saturating(int lowest, int highest, Kind kind, Kind result, Halves ours, Lane expected) {
        compare(lowest, highest, ours, kind, expected, result);
    }

    private static void compare(int lowest, int highest, Halves ours, Kind kind, Lane lane, Kind result) {
        SplittableRandom random = random();
        for (int i = 0; i < SAMPLES; i++) {
            int size = lowest + random.nextInt(highest - lowest + 1);
            int bits = 8 << size;
            long a = value(random);
            long b = value(random);
            long d = value(random);
            FpStatus status = new FpStatus();
            long expected = 0;
            boolean saturated = false;
            for (int at = 0; at < 64; at += bits) {
                BigInteger exact =
                        lane.of(lane(a, at, bits, kind), lane(b, at, bits, kind), lane(d, at, bits, kind), bits);
                BigInteger stored = result == null ? exact : clamped(exact, bits, result);
                saturated |= result != null && !stored.equals(exact);
                expected |= stored.longValue() << (64 - bits) >>> (64 - bits) << at;
            }

            long actual = ours.of(a, b, d, size, status);

            assertThat(actual)
                    .as("size %d, a %016x, b %016x, d %016x", size, a, b, d)
                    .isEqualTo(expected);
            assertThat(status.fpsr)
                    .as("FPSR: size %d, a %016x, b %016x, d %016x", size, a, b, d)
                    .isEqualTo(saturated ? FpStatus.QC : 0);
        }
    }

    static BigInteger lane(long half, int at, int bits, Kind kind) {
        BigInteger bitsOfLane = BigInteger.ZERO;
        for (int i = 0; i < bits; i++) {
            if ((half >>> at + i & 1) != 0) {
                bitsOfLane = bitsOfLane.setBit(i);
            }
        }
        boolean negative = kind == Kind.SIGNED && bitsOfLane.testBit(bits - 1);
        return negative ? bitsOfLane.subtract(BigInteger.ONE.shiftLeft(bits)) : bitsOfLane;
    }

    static BigInteger clamped(BigInteger value, int bits, Kind kind) {
        BigInteger least =
                kind == Kind.SIGNED ? BigInteger.ONE.shiftLeft(bits - 1).negate() : BigInteger.ZERO;
        BigInteger most =
                BigInteger.ONE.shiftLeft(kind == Kind.SIGNED ? bits - 1 : bits).subtract(BigInteger.ONE);
        return value.max(least).min(most);
    }

    /// {@return the value divided by a power of two, rounded down or half up}
    static BigInteger right(BigInteger value, int shift, boolean rounded) {
        return (rounded ? value.add(BigInteger.ONE.shiftLeft(shift).shiftRight(1)) : value).shiftRight(shift);
    }
}
