package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.machine.mmu.Mmu;

/// BR and BLR of a processor with branch target identification; see [BranchTargets].
final class IndirectBranches {
    /// X16 and X17, by which veneers jump.
    private static final int IP0 = 16;

    private static final int IP1 = 17;
    private static final int LINK = 30;

    private IndirectBranches() {}

    /// Goes to an address with PSTATE.BTYPE set; inside a page that is not guarded nobody could see it.
    static int jump(CpuContext ctx, long target, int btype) {
        if (!ctx.pageGuarded) {
            int at = BranchInstructions.jump(ctx, target);
            if (at == Interpreter.JUMP) {
                BranchTargets.set(ctx, btype);
            }
            return at;
        }
        BranchTargets.set(ctx, btype);
        ctx.pc = target;
        return Interpreter.JUMP;
    }

    /// {@return the BTYPE of BR by a register}
    static int jumpType(CpuContext ctx, int register) {
        boolean veneer = register == IP0 || register == IP1;
        return ctx.pageGuarded && !veneer ? BranchTargets.GUARDED_JUMP : BranchTargets.JUMP;
    }

    /// BR.
    static final class Jump extends DecodedInstruction {
        private final int n;

        Jump(long word) {
            super(word);
            this.n = PreDecoded.rn(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return jump(ctx, ctx.x[n], jumpType(ctx, n));
        }
    }

    /// BLR.
    static final class Call extends DecodedInstruction {
        private final int n;

        Call(long word) {
            super(word);
            this.n = PreDecoded.rn(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long target = ctx.x[n];
            ctx.x[LINK] = ctx.pageVa + (long) DecodedPage.INSTRUCTION_BYTES * (at + 1);
            return jump(ctx, target, BranchTargets.CALL);
        }
    }
}
