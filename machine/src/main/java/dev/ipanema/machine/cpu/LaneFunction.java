package dev.ipanema.machine.cpu;

import dev.ipanema.arm.fp.FpStatus;

/// What a SIMD instruction does with a half of its registers: a function of [dev.ipanema.arm.simd], chosen when the
/// instruction is decoded. Implementations capture nothing, so that none is allocated later.
@FunctionalInterface
interface LaneFunction {
    /// {@return the half of the destination}
    ///
    /// @param n half of the first source
    /// @param m half of the second, or an immediate
    /// @param d half of the destination as it was
    /// @param size log2 of an element's bytes, 0 to 3
    long of(long n, long m, long d, int size, FpStatus status);
}
