package dev.ipanema.machine.cpu;

import dev.ipanema.machine.mmu.Mmu;

/// The hot loop: calls decoded instructions one after the other, page by page, until something has to be done outside.
///
/// State lives in [CpuContext] all the time, but for the PC, which is the index into the page: the instruction that
/// leaves the page stores it.
final class Interpreter {
    /// A branch to another page: the loop looks for it.
    static final int JUMP = -1;

    /// Behind the last instruction of the page.
    static final int PAGE_END = -2;

    /// The instruction was executed, or an exception taken to EL1: what translation and fetch rely on may have changed.
    static final int RESUME = -3;

    /// The word at PC is not decoded.
    static final int DECODE = -4;

    /// The access of the instruction at PC recorded a fault in the MMU.
    static final int FAULT = -5;

    /// The instruction at PC accesses memory at an SP that is not a multiple of 16.
    static final int SP_ALIGNMENT = -6;

    /// An exception was taken to EL2: the run ends.
    static final int TRAPPED = -7;

    /// WFI found nothing pending: the run ends.
    static final int WAITING = -8;

    /// As many instructions were executed as were asked for, or the code at PC is not at hand.
    static final int STOP = -9;

    /// The instruction at PC is SIMD or floating point, which CPACR_EL1 or CPTR_EL2 traps.
    static final int FP_TRAP = -10;

    /// The instruction at PC may be stale: see [StaleInstruction].
    static final int STALE = -11;

    /// What a rare instruction answers when the loop goes on behind it; not negative, as an index is.
    static final int NEXT = 0;

    private final GuestCode code;
    private final Mmu mmu;
    private final boolean branchTargets;
    private int executed;
    private DecodedInstruction last = PageMark.NOT_DECODED;

    /// @param branchTargets whether the processor has FEAT_BTI
    Interpreter(GuestCode code, Mmu mmu, boolean branchTargets) {
        this.code = code;
        this.mmu = mmu;
        this.branchTargets = branchTargets;
    }

    /// {@return how many instructions the last [#run] completed; one that ended it by [#RESUME] or [#WAITING] is not
    /// among them}
    int executed() {
        return executed;
    }

    /// Notes that nothing runs this time.
    void nothingExecuted() {
        executed = 0;
    }

    /// {@return the instruction that ended the last [#run] otherwise than by [#STOP]}
    DecodedInstruction last() {
        return last;
    }

    /// Runs from `ctx.pc` on, which lies in a page.
    ///
    /// @param first the page, whose virtual address `ctx.pageVa` is
    /// @param budget how many instructions may run, at least 1
    /// @return why it ended: a constant of this class; `ctx.pc` is the next instruction, or the one not complete
    int run(CpuContext ctx, DecodedPage first, int el, int budget) {
        DecodedPage page = first;
        int left = budget;
        int at = (int) ctx.pc >> 2 & (DecodedPage.INSTRUCTIONS - 1);
        while (true) {
            int ran = runPage(ctx, page.code, at, left);
            left -= ran;
            at = stopped;
            if (at >= 0) {
                ctx.pc = ctx.pageVa + (long) DecodedPage.INSTRUCTION_BYTES * at;
                executed = budget;
                return STOP;
            }
            if (at != JUMP) {
                left++;
                if (at != PAGE_END) {
                    executed = budget - left;
                    return at;
                }
            }
            DecodedPage next = left > 0 ? code.cached(ctx.pc, el) : null;
            if (next == null) {
                executed = budget - left;
                return STOP;
            }
            page = next;
            ctx.pageVa = ctx.pc & -DecodedPage.PAGE_BYTES;
            at = (int) ctx.pc >> 2 & (DecodedPage.INSTRUCTIONS - 1);
            if (branchTargets && !BranchTargets.land(ctx, code.isGuarded(ctx.pc), page.code[at])) {
                executed = budget - left;
                return STOP;
            }
        }
    }

    /// Where the last [#runPage] stopped: what its last instruction answered.
    private int stopped;

    /// Runs in one page.
    ///
    /// @return how many instructions were called
    private int runPage(CpuContext ctx, DecodedInstruction[] instructions, int from, int most) {
        Mmu unit = mmu;
        int at = from;
        int ran = 0;
        DecodedInstruction instruction;
        do {
            instruction = instructions[at];
            at = instruction.execute(ctx, unit, at);
            ran++;
        } while (at >= 0 && ran < most);
        stopped = at;
        last = instruction;
        return ran;
    }
}
