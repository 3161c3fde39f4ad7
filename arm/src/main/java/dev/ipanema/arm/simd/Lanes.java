package dev.ipanema.arm.simd;

/// Half a vector register, 64 bits, as lanes of equal width: lane 0 is in the lowest bits.
///
/// Everywhere in this package `size` is the base-2 logarithm of a lane's bytes: 0 (B, 8 bits) to 3 (D, 64 bits).
/// A function takes and gives halves by value, so that a destination may be one of the sources. A function that
/// makes lanes of another width names the width of its sources or result.
///
/// Source: Arm ARM DDI 0487, C7.2, and the shared pseudocode `Elem[]`.
public final class Lanes {
    private static final long[] LOW_BITS = {0x0101_0101_0101_0101L, 0x0001_0001_0001_0001L, 0x1_0000_0001L, 1};
    private static final long[] SIGN_BITS = {
        0x8080_8080_8080_8080L, 0x8000_8000_8000_8000L, 0x8000_0000_8000_0000L, Long.MIN_VALUE
    };
    private static final long[] EVEN = {0x00FF_00FF_00FF_00FFL, 0x0000_FFFF_0000_FFFFL, 0xFFFF_FFFFL};
    private static final int B = 0;
    private static final int H = 1;
    private static final int S = 2;
    private static final int D = 3;

    private Lanes() {}

    /// {@return the width of a lane, 8 to 64}
    public static int bits(int size) {
        return 8 << size;
    }

    /// {@return ones in the bits of lane 0}
    public static long mask(int size) {
        return -1L >>> (Long.SIZE - bits(size));
    }

    /// {@return the lowest bit of each lane}
    static long lowBits(int size) {
        return LOW_BITS[size];
    }

    /// {@return the sign bit of each lane}
    static long signBits(int size) {
        return SIGN_BITS[size];
    }

    /// {@return lanes that all hold the low bits of `element`}
    public static long replicate(long element, int size) {
        return (element & mask(size)) * LOW_BITS[size];
    }

    /// {@return a lane of a 128-bit register, zero-extended}
    ///
    /// @param index 0 to 16 divided by the bytes of a lane, less 1
    public static long element(long low, long high, int index, int size) {
        int bit = index << (size + 3);
        return (bit < Long.SIZE ? low >>> bit : high >>> bit) & mask(size);
    }

    /// {@return the lane from bit `at` up, sign-extended}
    static long signed(long lanes, int at, int bits) {
        return lanes << (Long.SIZE - at - bits) >> (Long.SIZE - bits);
    }

    /// {@return the lane from bit `at` up, zero-extended}
    static long unsigned(long lanes, int at, int bits) {
        return lanes << (Long.SIZE - at - bits) >>> (Long.SIZE - bits);
    }

    /// {@return all ones in each lane whose sign bit is set in `signs`, in which no other bit counts}
    static long spread(long signs, int size) {
        return ((signs & SIGN_BITS[size]) >>> (bits(size) - 1)) * mask(size);
    }

    /// {@return the low 32 bits as lanes of `size` zero-extended to twice the width, to 64 bits}
    ///
    /// @param size of the source, 0 to 2
    public static long widenUnsigned(long lanes, int size) {
        long x = lanes & EVEN[S];
        if (size <= H) {
            x = (x | x << 16) & EVEN[H];
        }
        return size == B ? (x | x << 8) & EVEN[B] : x;
    }

    /// {@return the low 32 bits as lanes of `size` sign-extended to twice the width, to 64 bits}
    ///
    /// @param size of the source, 0 to 2
    public static long widenSigned(long lanes, int size) {
        long signs = LOW_BITS[size + 1] << (bits(size) - 1);
        return LaneArithmetic.sub(widenUnsigned(lanes, size) ^ signs, signs, size + 1);
    }

    /// {@return the even-numbered lanes of a register: UZP1, and XTN of lanes of twice the width}
    ///
    /// @param size of the result, 0 to 3
    public static long evenLanes(long low, long high, int size) {
        return size == D ? low : even(low, size) | even(high, size) << 32;
    }

    /// {@return the odd-numbered lanes of a register: UZP2, and the high half of lanes of twice the width}
    ///
    /// @param size of the result, 0 to 3
    public static long oddLanes(long low, long high, int size) {
        return size == D ? high : even(low >>> bits(size), size) | even(high >>> bits(size), size) << 32;
    }

    private static long even(long lanes, int size) {
        long x = lanes & EVEN[size];
        if (size == B) {
            x = (x | x >>> 8) & EVEN[H];
        }
        return size <= H ? (x | x >>> 16) & EVEN[S] : x;
    }

    /// {@return the lanes of the low 32 bits of both sources in turn: half of ZIP1}
    ///
    /// @param size 0 to 2
    public static long interleave(long first, long second, int size) {
        return widenUnsigned(first, size) | widenUnsigned(second, size) << bits(size);
    }

    /// {@return TRN1 of a half: the even lanes of `first` in the even places, those of `second` in the odd}
    ///
    /// @param size 0 to 2
    public static long transposeEven(long first, long second, int size) {
        return (first & EVEN[size]) | (second & EVEN[size]) << bits(size);
    }

    /// {@return TRN2 of a half: the odd lanes of `first` in the even places, those of `second` in the odd}
    ///
    /// @param size 0 to 2
    public static long transposeOdd(long first, long second, int size) {
        return (first >>> bits(size) & EVEN[size]) | (second & ~EVEN[size]);
    }

    /// {@return the lanes of each container in reverse order: REV16, REV32, REV64}
    ///
    /// @param container log2 of the container's bytes, above `size`
    public static long reverse(long lanes, int container, int size) {
        long x = lanes;
        for (int step = size; step < container; step++) {
            int shift = bits(step);
            x = (x >>> shift & EVEN[step]) | (x & EVEN[step]) << shift;
        }
        return x;
    }

    /// {@return the bits of each byte in reverse order: RBIT}
    public static long reverseBits(long lanes) {
        return Long.reverseBytes(Long.reverse(lanes));
    }

    /// {@return 8 bytes of the 16 of `low` and `high` from byte `from` up: half of EXT}
    ///
    /// @param from 0 to 8
    public static long extract(long low, long high, int from) {
        if (from == 0) {
            return low;
        }
        int shift = from * Byte.SIZE;
        return shift == Long.SIZE ? high : low >>> shift | high << (Long.SIZE - shift);
    }

    /// {@return the bytes of a table that `indexes` choose; where an index is outside, the byte of `otherwise`: half of
    /// TBL (`otherwise` 0) and TBX}
    ///
    /// @param v the register file, two longs a register, 64 in all
    /// @param first number of the table's first register; the one after 31 is 0
    /// @param registers 1 to 4
    public static long lookUp(long[] v, int first, int registers, long indexes, long otherwise) {
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += Byte.SIZE) {
            int index = (int) (indexes >>> at) & 0xFF;
            long from = otherwise >>> at;
            if (index < 16 * registers) {
                from = v[2 * first + (index >>> 3) & v.length - 1] >>> ((index & 7) * Byte.SIZE);
            }
            result |= (from & 0xFF) << at;
        }
        return result;
    }
}
