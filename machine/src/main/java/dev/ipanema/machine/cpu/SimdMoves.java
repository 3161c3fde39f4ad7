package dev.ipanema.machine.cpu;

/// Moves within and between SIMD registers.
final class SimdMoves {
    private SimdMoves() {}

    /// {@return the low element of `value` in each element of 64 bits}
    static long replicated(long value, int log2Size) {
        return switch (log2Size) {
            case 0 -> (value & 0xffL) * 0x0101_0101_0101_0101L;
            case 1 -> (value & 0xffffL) * 0x0001_0001_0001_0001L;
            case 2 -> (value & Integers.LOW32) * 0x0000_0001_0000_0001L;
            default -> value;
        };
    }
}
