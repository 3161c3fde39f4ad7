package dev.ipanema.differential;

import java.util.random.RandomGenerator;

/// Random values that lie where instructions go wrong: carries and signs, the special values of floating point of
/// each width, values near halfway between two representable ones.
final class Values {
    private static final long[] INTEGERS = {
        0,
        1,
        2,
        -1,
        -2,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        Long.MIN_VALUE + 1,
        0x7fff_ffffL,
        0x8000_0000L,
        0xffff_ffffL,
        0x1_0000_0000L,
        0xffff_ffff_8000_0000L,
        0x7fL,
        0x80L,
        0xffL,
        0x7fffL,
        0x8000L,
        0xffffL,
        31,
        32,
        63,
        64,
        0x0101_0101_0101_0101L,
        0x8080_8080_8080_8080L,
        0x5555_5555_5555_5555L
    };

    /// Rounding mode, FZ, DN, AHP, FZ16.
    static final long FPCR_BITS = 0x07c8_0000L;

    /// The cumulative flags and QC.
    static final long FPSR_BITS = 0x0800_009fL;

    private final RandomGenerator random;

    Values(RandomGenerator random) {
        this.random = random;
    }

    /// {@return a value for a general register}
    long general() {
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> INTEGERS[random.nextInt(INTEGERS.length)];
            case 3 -> random.nextInt(-70, 70);
            case 4 -> floating(random.nextBoolean() ? 64 : 32);
            default -> random.nextLong() >> random.nextInt(64);
        };
    }

    /// {@return 64 bits of a SIMD register made of elements of a width}
    long lanes(int bits) {
        long value = 0;
        for (int at = 0; at < 64; at += bits) {
            value |= (element(bits) & mask(bits)) << at;
        }
        return value;
    }

    private long element(int bits) {
        return switch (random.nextInt(8)) {
            case 0, 1, 2, 3 -> bits == 8 ? random.nextLong() : floating(bits);
            case 4, 5 -> corner(bits);
            default -> random.nextLong();
        };
    }

    private long corner(int bits) {
        long sign = 1L << bits - 1;
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> sign;
            case 3 -> sign - 1;
            case 4 -> sign + 1;
            case 5 -> 1;
            case 6 -> (1L << bits / 2) - random.nextInt(2);
            default -> random.nextInt(-2 * bits, 2 * bits);
        };
    }

    /// {@return a floating-point value of 16, 32 or 64 bits}
    long floating(int bits) {
        int fraction = bits == 64 ? 52 : bits == 32 ? 23 : 10;
        int exponentBits = bits - 1 - fraction;
        long maxExponent = (1L << exponentBits) - 1;
        long bias = maxExponent >> 1;
        long exponent = switch (random.nextInt(10)) {
            case 0 -> 0;
            case 1 -> maxExponent;
            case 2 -> 1 + random.nextInt(3);
            case 3 -> maxExponent - 1 - random.nextInt(3);
            case 4 -> Math.floorMod(bias - fraction + random.nextInt(-3, 4), maxExponent);
            case 5 -> Math.min(maxExponent, bias + fraction + random.nextInt(-3, 4));
            case 6 -> Math.min(maxExponent, bias + 31 + random.nextInt(-16, 34));
            case 7, 8 -> bias + random.nextInt(-3, 4);
            default -> random.nextLong(maxExponent + 1);
        };
        long significand = switch (random.nextInt(8)) {
            case 0, 1 -> 0;
            case 2 -> 1;
            case 3 -> 1L << fraction - 1;
            case 4 -> (1L << fraction) - 1;
            case 5 -> (1L << fraction - 1) + random.nextInt(-2, 3);
            case 6 -> random.nextLong() & -1L << random.nextInt(fraction);
            default -> random.nextLong();
        };
        long sign = random.nextBoolean() ? 1 : 0;
        return sign << bits - 1 | exponent << fraction | significand & mask(fraction);
    }

    private static long mask(int bits) {
        return bits == 64 ? -1 : (1L << bits) - 1;
    }

    /// {@return a state with random registers and window}
    State state() {
        State state = new State();
        for (int n = 0; n < state.x.length; n++) {
            state.x[n] = general();
        }
        state.sp = general();
        state.nzcv = (long) random.nextInt(16) << 28;
        state.fpcr = random.nextInt(3) != 0 ? 0 : fpcr();
        state.fpsr = random.nextInt(4) != 0 ? 0 : random.nextInt() & FPSR_BITS;
        int common = 16 << random.nextInt(3);
        for (int n = 0; n < state.v.length; n++) {
            state.v[n] = lanes(random.nextInt(3) == 0 ? 8 << random.nextInt(4) : common);
        }
        for (int n = 0; n < 6; n++) {
            copyRegister(state);
        }
        for (int at = 0; at < state.window.length; at += 8) {
            long value = random.nextBoolean() ? general() : lanes(common);
            for (int i = 0; i < 8; i++) {
                state.window[at + i] = (byte) (value >>> 8 * i);
            }
        }
        return state;
    }

    /// Equal operands, and operands that differ by sign only.
    private void copyRegister(State state) {
        int from = random.nextInt(32);
        int to = random.nextInt(32);
        long flip = random.nextInt(4) == 0 ? Long.MIN_VALUE : 0;
        state.v[2 * to] = state.v[2 * from] ^ flip;
        state.v[2 * to + 1] = state.v[2 * from + 1];
        state.x[to % 31] = state.x[from % 31];
    }

    private long fpcr() {
        return random.nextInt() & FPCR_BITS;
    }
}
