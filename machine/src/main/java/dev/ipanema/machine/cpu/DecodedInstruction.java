package dev.ipanema.machine.cpu;

import dev.ipanema.machine.mmu.Mmu;

/// One decoded instruction at its place in a page, ready to be executed: what [Interpreter] calls. Immutable; operands
/// are resolved to indexes of [CpuContext#x] and constants when it is made by [InstructionFactory].
///
/// An object a kind of instruction, rather than one switch over all, because each kind then is a small method that the
/// JVM compiles well and soon, whatever else runs. (Measured: a switch of 200 cases ran at 55 to 190 MIPS, by the luck
/// of
/// its compilation; this at 200 and more.)
abstract class DecodedInstruction {
    /// The pre-decoded form it was made from, or 0 for what is no instruction.
    final long word;

    DecodedInstruction(long word) {
        this.word = word;
    }

    /// Executes it.
    ///
    /// @param at its index in its page, so that its address is `ctx.pageVa + 4 * at`
    /// @return the index of the instruction to go on with, in the same page; or a constant of [Interpreter], with
    ///     `ctx.pc` set: to the next instruction, or to this one when it did not complete
    abstract int execute(CpuContext ctx, Mmu mmu, int at);

    /// {@return whether an indirect branch may go to this instruction in a guarded page}
    ///
    /// @param btype PSTATE.BTYPE, 1 to 3
    boolean acceptsBranch(CpuContext ctx, int btype) {
        return false;
    }

    /// Leaves the page at this instruction.
    static int stay(CpuContext ctx, int at, int reason) {
        ctx.pc = ctx.pageVa + (long) DecodedPage.INSTRUCTION_BYTES * at;
        return reason;
    }
}
