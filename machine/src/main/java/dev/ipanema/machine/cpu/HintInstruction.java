package dev.ipanema.machine.cpu;

import dev.ipanema.machine.mmu.Mmu;

/// NOP, and the hints that do nothing here but to be where an indirect branch may come to: BTI.
final class HintInstruction extends DecodedInstruction {
    private static final int NOT_BTI = -1;

    private final int bti;

    private HintInstruction(long word, int bti) {
        super(word);
        this.bti = bti;
    }

    static HintInstruction nop(long word) {
        return new HintInstruction(word, NOT_BTI);
    }

    /// @param hint number of the hint, see [dev.ipanema.arm.a64.PreDecoded]
    static HintInstruction bti(long word, int hint) {
        return new HintInstruction(word, hint);
    }

    @Override
    int execute(CpuContext ctx, Mmu mmu, int at) {
        return at + 1;
    }

    @Override
    boolean acceptsBranch(CpuContext ctx, int btype) {
        return bti != NOT_BTI && BranchTargets.bti(bti, btype);
    }
}
