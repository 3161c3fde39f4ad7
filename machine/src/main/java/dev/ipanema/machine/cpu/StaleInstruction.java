package dev.ipanema.machine.cpu;

import dev.ipanema.machine.mmu.Mmu;

/// An instruction that the instruction cache holds, or memory at the point of unification, while data
/// accesses may see another word in its place. It stands before the instruction itself, so that its
/// execution is noticed, and leaves the page; [GuestCode#executeStale] finds out.
final class StaleInstruction extends DecodedInstruction {
    /// What is executed all the same.
    final DecodedInstruction held;

    /// Its encoding.
    final int encoding;

    StaleInstruction(DecodedInstruction held, int encoding) {
        super(held.word);
        this.held = held;
        this.encoding = encoding;
    }

    @Override
    int execute(CpuContext ctx, Mmu mmu, int at) {
        return stay(ctx, at, Interpreter.STALE);
    }

    @Override
    boolean acceptsBranch(CpuContext ctx, int btype) {
        return held.acceptsBranch(ctx, btype);
    }
}
