package dev.ipanema.machine.cpu;

import org.jspecify.annotations.Nullable;

/// Makes the executable form of Advanced SIMD integer data processing and cryptographic instructions.
final class SimdFactory {
    private SimdFactory() {}

    /// {@return the executable form, or null when the operation is none of them}
    ///
    /// @param word see [dev.ipanema.arm.a64.PreDecoded]
    /// @param imm see [dev.ipanema.arm.a64.PreDecoded]
    /// @param at index of the instruction in its page
    static @Nullable DecodedInstruction make(long word, long imm, int at) {
        return null;
    }
}
