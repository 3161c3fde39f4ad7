package dev.ipanema.machine.cpu;

import org.jspecify.annotations.Nullable;

/// Makes the executable form of loads and stores of SIMD registers.
final class SimdAccessFactory {
    private SimdAccessFactory() {}

    /// {@return the executable form, or null when the operation is none of them}
    ///
    /// @param word see [dev.ipanema.arm.a64.PreDecoded]
    /// @param imm see [dev.ipanema.arm.a64.PreDecoded]
    /// @param at index of the instruction in its page
    static @Nullable DecodedInstruction make(long word, long imm, int at) {
        return null;
    }
}
