package dev.ipanema.arm.a64;

/// Bitmask immediates, `N:immr:imms`: a run of ones, rotated in an element of 2–64 bits, repeated over the
/// register (Arm ARM, DecodeBitMasks).
public final class BitmaskImmediate {
    private static final int IMM_BITS = 6;

    private BitmaskImmediate() {}

    /// {@return whether the fields are allocated for a register of `width` (32 or 64) bits}
    static boolean isAllocated(int n, int imms, int width) {
        int log = elementLog(n, imms);
        if (log < 1 || (width == Integer.SIZE && n != 0)) {
            return false;
        }
        int levels = (1 << log) - 1;
        return (imms & levels) != levels;
    }

    /// {@return the immediate, repeated over 64 bits; the fields must be allocated}
    static long decode(int n, int immr, int imms) {
        int size = 1 << elementLog(n, imms);
        int ones = (imms & (size - 1)) + 1;
        int rotation = immr & (size - 1);
        long element = -1L >>> (Long.SIZE - ones);
        if (rotation != 0) {
            element = element >>> rotation | element << (size - rotation);
        }
        element &= -1L >>> (Long.SIZE - size);
        for (int filled = size; filled < Long.SIZE; filled *= 2) {
            element |= element << filled;
        }
        return element;
    }

    /// {@return `N << 12 | immr << 6 | imms` for a value, or -1 when it is no bitmask immediate}
    ///
    /// @param value the immediate; for `width` 32 its upper half is ignored
    /// @param width 32 or 64
    public static int encode(long value, int width) {
        long full = width == Integer.SIZE ? (value & 0xFFFF_FFFFL) | (value << Integer.SIZE) : value;
        if (full == 0 || full == -1L) {
            return -1;
        }
        int size = Long.SIZE;
        while (size > 2 && Long.rotateRight(full, size / 2) == full) {
            size /= 2;
        }
        long mask = -1L >>> (Long.SIZE - size);
        // Rotating the lowest run's first one to bit 0 must leave exactly one run; a run across the end of the element
        // starts where a zero is followed by a one.
        long starts = full & ~Long.rotateLeft(full, 1) & mask;
        if (Long.bitCount(starts) != 1) {
            return -1;
        }
        int start = Long.numberOfTrailingZeros(starts);
        int ones = Long.bitCount(full & mask);
        int immr = (size - start) & (size - 1);
        int n = size == Long.SIZE ? 1 : 0;
        int imms = (-size << 1 & 0x3F) | (ones - 1);
        return n << 12 | immr << IMM_BITS | imms;
    }

    private static int elementLog(int n, int imms) {
        return 31 - Integer.numberOfLeadingZeros((n << IMM_BITS) | (~imms & 0x3F));
    }
}
