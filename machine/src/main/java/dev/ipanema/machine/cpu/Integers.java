package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;

/// Integer operations of A64 as pure functions; those of 32 bits take and return the value in the low half.
///
/// Source: Arm ARM DDI 0487, C6.2 and the shared pseudocode (`ShiftReg`, `BitReverse`, …).
final class Integers {
    static final long LOW32 = 0xffff_ffffL;

    private Integers() {}

    static long shifted(long value, int aux) {
        int amount = PreDecoded.shiftAmount(aux);
        return switch (PreDecoded.shiftKind(aux)) {
            case 0 -> value << amount;
            case 1 -> value >>> amount;
            case 2 -> value >> amount;
            default -> Long.rotateRight(value, amount);
        };
    }

    static int shifted(int value, int aux) {
        int amount = PreDecoded.shiftAmount(aux);
        return switch (PreDecoded.shiftKind(aux)) {
            case 0 -> value << amount;
            case 1 -> value >>> amount;
            case 2 -> value >> amount;
            default -> Integer.rotateRight(value, amount);
        };
    }

    static long divideUnsigned(long dividend, long divisor) {
        return divisor == 0 ? 0 : Long.divideUnsigned(dividend, divisor);
    }

    static long divideSigned(long dividend, long divisor) {
        return divisor == 0 ? 0 : dividend / divisor;
    }

    static int divideUnsigned(int dividend, int divisor) {
        return divisor == 0 ? 0 : Integer.divideUnsigned(dividend, divisor);
    }

    static int divideSigned(int dividend, int divisor) {
        return divisor == 0 ? 0 : dividend / divisor;
    }

    static long extract(long high, long low, int lsb) {
        return lsb == 0 ? low : high << -lsb | low >>> lsb;
    }

    static int extract(int high, int low, int lsb) {
        return lsb == 0 ? low : high << -lsb | low >>> lsb;
    }

    static long reverseBytesIn16(long value) {
        return ((value & 0x00ff_00ff_00ff_00ffL) << 8) | ((value >>> 8) & 0x00ff_00ff_00ff_00ffL);
    }

    static long reverseBytesIn32(long value) {
        return Long.rotateRight(Long.reverseBytes(value), 32);
    }

    static int countLeadingSign(int value) {
        return Integer.numberOfLeadingZeros(value ^ value >> 31) - 1;
    }

    static int countLeadingSign(long value) {
        return Long.numberOfLeadingZeros(value ^ value >> 63) - 1;
    }

    /// One step of CRC32 (polynomial 0x04C11DB7) or CRC32C (0x1EDC6F41), given bit-reversed, over the low `bits` of the
    /// data.
    static long crc32(long accumulator, long data, int bits, int reversedPolynomial) {
        int crc = (int) accumulator;
        for (int i = 0; i < bits; i++) {
            int bit = (crc ^ (int) (data >>> i)) & 1;
            crc = (crc >>> 1) ^ (-bit & reversedPolynomial);
        }
        return crc & LOW32;
    }
}
