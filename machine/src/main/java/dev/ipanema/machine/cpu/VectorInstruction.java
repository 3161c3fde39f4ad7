package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.machine.mmu.Mmu;

/// A SIMD or floating-point instruction that only works on registers: checks that floating point is enabled, then
/// does its work.
abstract class VectorInstruction extends DecodedInstruction {
    /// Index of the low half of Vd in [CpuContext#v]; the high half follows.
    final int d;

    /// Index of the low half of Vn.
    final int n;

    /// Index of the low half of Vm.
    final int m;

    /// Index of the low half of Va.
    final int a;

    /// See [dev.ipanema.arm.a64.VectorShape].
    final int aux;

    VectorInstruction(long word) {
        super(word);
        this.d = 2 * PreDecoded.rd(word);
        this.n = 2 * PreDecoded.rn(word);
        this.m = 2 * PreDecoded.rm(word);
        this.a = 2 * PreDecoded.ra(word);
        this.aux = PreDecoded.aux(word);
    }

    /// Does the work; it cannot fail.
    abstract void perform(CpuContext ctx);

    @Override
    int execute(CpuContext ctx, Mmu mmu, int at) {
        if (!ctx.fpEnabled) {
            return stay(ctx, at, Interpreter.FP_TRAP);
        }
        perform(ctx);
        return at + 1;
    }
}
