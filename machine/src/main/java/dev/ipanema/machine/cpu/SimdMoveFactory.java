package dev.ipanema.machine.cpu;

import org.jspecify.annotations.Nullable;

/// Makes the executable form of moves between and within SIMD registers.
final class SimdMoveFactory {
    private SimdMoveFactory() {}

    /// {@return the executable form, or null when the operation is none of them}
    ///
    /// @param word see [dev.ipanema.arm.a64.PreDecoded]
    /// @param imm see [dev.ipanema.arm.a64.PreDecoded]
    /// @param at index of the instruction in its page
    static @Nullable DecodedInstruction make(long word, long imm, int at) {
        return null;
    }
}
