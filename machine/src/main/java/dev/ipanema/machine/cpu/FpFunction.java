package dev.ipanema.machine.cpu;

import dev.ipanema.arm.fp.FpFormat;
import dev.ipanema.arm.fp.FpStatus;

/// What a floating-point instruction does with one element of each register. Elements are zero-extended.
interface FpFunction {
    /// {@return the element of the destination}
    ///
    /// @param format of the elements; integers among them are as large
    /// @param d what the destination held, or the third source
    /// @param n the first source
    /// @param m the second source
    long of(FpFormat format, long d, long n, long m, FpStatus status);
}
