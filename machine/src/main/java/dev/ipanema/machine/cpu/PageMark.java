package dev.ipanema.machine.cpu;

import dev.ipanema.machine.mmu.Mmu;

/// A place in a page that holds no instruction to execute: one that is not decoded, or the end of the page.
final class PageMark extends DecodedInstruction {
    /// A word that has to be decoded first.
    static final PageMark NOT_DECODED = new PageMark(Interpreter.DECODE);

    /// Behind the last word of a page.
    static final PageMark PAGE_END = new PageMark(Interpreter.PAGE_END);

    private final int reason;

    private PageMark(int reason) {
        super(0);
        this.reason = reason;
    }

    @Override
    int execute(CpuContext ctx, Mmu mmu, int at) {
        return stay(ctx, at, reason);
    }
}
