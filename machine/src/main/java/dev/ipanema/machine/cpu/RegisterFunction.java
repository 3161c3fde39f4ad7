package dev.ipanema.machine.cpu;

/// What an instruction does with whole SIMD registers: a function of [dev.ipanema.arm.simd], chosen when the
/// instruction
/// is decoded. Implementations capture nothing.
@FunctionalInterface
interface RegisterFunction {
    /// Writes register `d` of the file `v`.
    ///
    /// @param d number of the destination, 0 to 31
    /// @param a number of the third source
    /// @param imm the instruction's immediate
    /// @param aux see [dev.ipanema.arm.a64.VectorShape]
    void apply(long[] v, int d, int n, int m, int a, int imm, int aux);
}
