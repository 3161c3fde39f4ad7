package dev.ipanema.arm.pauth;

/// The tweakable block cipher QARMA-64 in the two forms that FEAT_PACQARMA5 and FEAT_PACQARMA3 name, which compute
/// pointer authentication codes.
///
/// A block is 16 cells of 4 bits, cell 0 in bits 63:60, read as a matrix of four rows. The functions over cells are
/// tables by the byte that two cells share.
///
/// Sources: R. Avanzi, "The QARMA Block Cipher Family", 2016; Arm ARM DDI 0487, `ComputePAC`, for the choice of
/// S-boxes and numbers of rounds.
public final class Qarma {
    /// S-box σ2, five rounds each way.
    public static final Qarma QARMA5 = new Qarma(5, new int[] {11, 6, 8, 15, 12, 0, 9, 14, 3, 7, 4, 5, 13, 2, 1, 10});

    /// S-box σ1, three rounds each way.
    public static final Qarma QARMA3 = new Qarma(3, new int[] {10, 13, 14, 6, 15, 7, 3, 5, 9, 8, 0, 12, 11, 1, 2, 4});

    private static final int CELLS = 16;
    private static final int CELL_BITS = 4;
    private static final int BYTES = 8;
    private static final int BYTE_VALUES = 256;

    /// The permutation τ: cell i of the result is cell `TAU[i]`.
    private static final int[] TAU = {0, 11, 6, 13, 10, 1, 12, 7, 5, 14, 3, 8, 15, 4, 9, 2};

    /// The permutation h of the tweak.
    private static final int[] TWEAK = {6, 5, 14, 15, 0, 1, 2, 3, 7, 12, 13, 4, 8, 9, 10, 11};

    /// The cells of the tweak that pass the shift register ω after h.
    private static final int OMEGA_CELLS = 1 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 8 | 1 << 11 | 1 << 13;

    private static final long ALPHA = 0xC0AC_29B7_C97C_50DDL;

    /// Digits of π.
    private static final long[] ROUND_CONSTANTS = {
        0, 0x1319_8A2E_0370_7344L, 0xA409_3822_299F_31D0L, 0x082E_FA98_EC4E_6C89L, 0x4528_21E6_38D0_1377L
    };

    private static final long LOW_BITS = 0x1111_1111_1111_1111L;
    private static final long LOW_PAIRS = 0x3333_3333_3333_3333L;
    private static final long[] SHUFFLE = permutation(TAU);
    private static final long[] UNSHUFFLE = permutation(inverse(TAU));
    private static final long[] NEXT_TWEAK = nextTweakTable();
    private static final long[] PREVIOUS_TWEAK = previousTweakTable();

    private final int rounds;
    private final long[] substitute;
    private final long[] substituteBack;

    private Qarma(int rounds, int[] box) {
        this.rounds = rounds;
        this.substitute = substitution(box);
        this.substituteBack = substitution(inverse(box));
    }

    /// Encrypts a block.
    ///
    /// @param data the plaintext; for a pointer the pointer without its code
    /// @param tweak the modifier
    /// @param whitening the key's upper half (`w0`; bits 127:64 of a PAC key)
    /// @param core the key's lower half (`k0`)
    /// @return the ciphertext, from which a code takes some bits
    public long encrypt(long data, long tweak, long whitening, long core) {
        return encrypt(data, tweak, whitening, core, rounds);
    }

    /// The cipher with another number of rounds, at most 5, for which test vectors are published too.
    long encrypt(long data, long tweak, long whitening, long core, int count) {
        long otherWhitening = Long.rotateRight(whitening, 1) ^ (whitening >>> (Long.SIZE - 1));
        long state = data ^ whitening;
        long running = tweak;
        for (int i = 0; i < count; i++) {
            state ^= core ^ running ^ ROUND_CONSTANTS[i];
            if (i > 0) {
                state = mix(apply(SHUFFLE, state));
            }
            state = apply(substitute, state);
            running = apply(NEXT_TWEAK, running);
        }
        state = reflect(state ^ otherWhitening ^ running, core);
        state ^= whitening ^ running;
        for (int i = count - 1; i >= 0; i--) {
            state = apply(substituteBack, state);
            if (i > 0) {
                state = apply(UNSHUFFLE, mix(state));
            }
            running = apply(PREVIOUS_TWEAK, running);
            state ^= core ^ running ^ ROUND_CONSTANTS[i] ^ ALPHA;
        }
        return state ^ otherWhitening;
    }

    /// The middle: a whole round forward, the reflector, a whole round backward.
    private long reflect(long value, long core) {
        long state = apply(substitute, mix(apply(SHUFFLE, value)));
        state = mix(apply(SHUFFLE, state)) ^ core;
        return apply(UNSHUFFLE, mix(apply(substituteBack, apply(UNSHUFFLE, state))));
    }

    /// Multiplies the columns by circ(0, ρ, ρ², ρ), its own inverse; ρ rotates a cell left by one.
    private static long mix(long x) {
        long odd = Long.rotateLeft(x, 16) ^ Long.rotateLeft(x, 48);
        long even = Long.rotateLeft(x, 32);
        long once = (odd << 1 & ~LOW_BITS) | (odd >>> 3 & LOW_BITS);
        return once ^ ((even << 2 & ~LOW_PAIRS) | (even >>> 2 & LOW_PAIRS));
    }

    private static long apply(long[] table, long x) {
        return table[(int) x & 0xff]
                ^ table[BYTE_VALUES + ((int) (x >>> 8) & 0xff)]
                ^ table[2 * BYTE_VALUES + ((int) (x >>> 16) & 0xff)]
                ^ table[3 * BYTE_VALUES + ((int) (x >>> 24) & 0xff)]
                ^ table[4 * BYTE_VALUES + ((int) (x >>> 32) & 0xff)]
                ^ table[5 * BYTE_VALUES + ((int) (x >>> 40) & 0xff)]
                ^ table[6 * BYTE_VALUES + ((int) (x >>> 48) & 0xff)]
                ^ table[7 * BYTE_VALUES + (int) (x >>> 56)];
    }

    private static int lsb(int cell) {
        return CELL_BITS * (CELLS - 1 - cell);
    }

    private static int[] inverse(int[] of) {
        int[] inverse = new int[of.length];
        for (int i = 0; i < of.length; i++) {
            inverse[of[i]] = i;
        }
        return inverse;
    }

    private static long[] permutation(int[] from) {
        long[] table = new long[BYTES * BYTE_VALUES];
        for (int at = 0; at < BYTES; at++) {
            for (int value = 0; value < BYTE_VALUES; value++) {
                table[at * BYTE_VALUES + value] = permute((long) value << (8 * at), from);
            }
        }
        return table;
    }

    private static long permute(long x, int[] from) {
        long result = 0;
        for (int cell = 0; cell < CELLS; cell++) {
            result |= (x >>> lsb(from[cell]) & 0xf) << lsb(cell);
        }
        return result;
    }

    private static long[] substitution(int[] box) {
        long[] table = new long[BYTES * BYTE_VALUES];
        for (int at = 0; at < BYTES; at++) {
            for (int value = 0; value < BYTE_VALUES; value++) {
                long cells = (long) box[value >>> CELL_BITS] << CELL_BITS | box[value & 0xf];
                table[at * BYTE_VALUES + value] = cells << (8 * at);
            }
        }
        return table;
    }

    /// h, then ω.
    private static long[] nextTweakTable() {
        long[] table = permutation(TWEAK);
        for (int i = 0; i < table.length; i++) {
            table[i] = register(table[i], true);
        }
        return table;
    }

    private static long[] previousTweakTable() {
        int[] back = inverse(TWEAK);
        long[] table = new long[BYTES * BYTE_VALUES];
        for (int i = 0; i < table.length; i++) {
            long x = (long) (i % BYTE_VALUES) << (8 * (i / BYTE_VALUES));
            table[i] = permute(register(x, false), back);
        }
        return table;
    }

    /// ω on some cells: (b3, b2, b1, b0) becomes (b0 + b1, b3, b2, b1); or its inverse.
    private static long register(long tweak, boolean forward) {
        long x = tweak;
        for (int cell = 0; cell < CELLS; cell++) {
            if ((OMEGA_CELLS >>> cell & 1) != 0) {
                long bits = x >>> lsb(cell) & 0xf;
                long shifted = forward
                        ? bits >>> 1 | ((bits ^ bits >>> 1) & 1) << 3
                        : (bits << 1 & 0xe) | ((bits ^ bits >>> 3) & 1);
                x = (x & ~(0xfL << lsb(cell))) | shifted << lsb(cell);
            }
        }
        return x;
    }
}
