package dev.ipanema.arm.a64;

/// Loads a constant in as few instructions as MOVZ, MOVN, MOVK and ORR of a bitmask allow.
final class MoveSequence {
    private static final int HALF_BITS = 16;
    private static final long HALF_MASK = 0xFFFF;

    private MoveSequence() {}

    static void emit(Assembler assembler, Reg rd, long value) {
        char kind = rd.kind();
        int width = rd.isWide() ? Long.SIZE : Integer.SIZE;
        long wanted = rd.isWide() ? value : value & 0xFFFF_FFFFL;
        int halves = width / HALF_BITS;
        int zeros = count(wanted, width, 0);
        int ones = count(wanted, width, HALF_MASK);
        if (Math.max(ones, zeros) < halves - 1 && BitmaskImmediate.encode(wanted, width) >= 0) {
            assembler.emit("ORR_IMM_" + kind, rd, rd.isWide() ? Reg.XZR : Reg.WZR, wanted);
            return;
        }
        boolean inverted = ones > zeros;
        long filler = inverted ? HALF_MASK : 0;
        int first = firstOther(wanted, width, filler);
        long half = wanted >>> first & HALF_MASK;
        if (inverted) {
            assembler.emit("MOVN_" + kind, rd, ~half & HALF_MASK, first);
        } else {
            assembler.emit("MOVZ_" + kind, rd, half, first);
        }
        for (int shift = first + HALF_BITS; shift < width; shift += HALF_BITS) {
            half = wanted >>> shift & HALF_MASK;
            if (half != filler) {
                assembler.emit("MOVK_" + kind, rd, half, shift);
            }
        }
    }

    private static int count(long value, int width, long half) {
        int count = 0;
        for (int shift = 0; shift < width; shift += HALF_BITS) {
            if ((value >>> shift & HALF_MASK) == half) {
                count++;
            }
        }
        return count;
    }

    /// {@return the shift of the lowest half that is not the filler, 0 when all are}
    private static int firstOther(long value, int width, long filler) {
        for (int shift = 0; shift < width; shift += HALF_BITS) {
            if ((value >>> shift & HALF_MASK) != filler) {
                return shift;
            }
        }
        return 0;
    }
}
