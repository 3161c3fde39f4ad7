package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.machine.mmu.Mmu;

/// Branches. A target in the same page is the answer; another leaves the page by [Interpreter#JUMP].
///
/// Source: Arm ARM DDI 0487, C6.2 by name.
final class BranchInstructions {
    private static final int LINK = 30;
    private static final int OUTSIDE = -1;

    private BranchInstructions() {}

    /// Goes to an address.
    static int jump(CpuContext ctx, long target) {
        long offset = target - ctx.pageVa;
        if ((offset & ~(DecodedPage.PAGE_BYTES - DecodedPage.INSTRUCTION_BYTES)) == 0) {
            return (int) offset / DecodedPage.INSTRUCTION_BYTES;
        }
        ctx.pc = target;
        return Interpreter.JUMP;
    }

    /// A branch to a constant distance.
    abstract static class Relative extends DecodedInstruction {
        /// Distance of the target from the start of the page, in bytes.
        private final long offset;

        private final int index;

        Relative(long word, int at, long displacement) {
            super(word);
            this.offset = (long) DecodedPage.INSTRUCTION_BYTES * at + displacement;
            this.index = offset >= 0 && offset < DecodedPage.PAGE_BYTES
                    ? (int) offset / DecodedPage.INSTRUCTION_BYTES
                    : OUTSIDE;
        }

        final int taken(CpuContext ctx) {
            if (index >= 0) {
                return index;
            }
            ctx.pc = ctx.pageVa + offset;
            return Interpreter.JUMP;
        }
    }

    /// B.
    static final class Always extends Relative {
        Always(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return taken(ctx);
        }
    }

    /// BL.
    static final class Link extends Relative {
        Link(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            ctx.x[LINK] = ctx.pageVa + (long) DecodedPage.INSTRUCTION_BYTES * (at + 1);
            return taken(ctx);
        }
    }

    /// BR and RET.
    static final class ToRegister extends DecodedInstruction {
        private final int n;

        ToRegister(long word) {
            super(word);
            this.n = PreDecoded.rn(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return jump(ctx, ctx.x[n]);
        }
    }

    /// BLR.
    static final class LinkToRegister extends DecodedInstruction {
        private final int n;

        LinkToRegister(long word) {
            super(word);
            this.n = PreDecoded.rn(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long target = ctx.x[n];
            ctx.x[LINK] = ctx.pageVa + (long) DecodedPage.INSTRUCTION_BYTES * (at + 1);
            return jump(ctx, target);
        }
    }

    /// B.EQ.
    static final class IfEq extends Relative {
        IfEq(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagZ == 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.NE.
    static final class IfNe extends Relative {
        IfNe(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagZ != 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.CS.
    static final class IfCs extends Relative {
        IfCs(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagC < 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.CC.
    static final class IfCc extends Relative {
        IfCc(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagC >= 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.MI.
    static final class IfMi extends Relative {
        IfMi(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagN < 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.PL.
    static final class IfPl extends Relative {
        IfPl(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagN >= 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.VS.
    static final class IfVs extends Relative {
        IfVs(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagV < 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.VC.
    static final class IfVc extends Relative {
        IfVc(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagV >= 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.HI.
    static final class IfHi extends Relative {
        IfHi(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagC < 0 && ctx.flagZ != 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.LS.
    static final class IfLs extends Relative {
        IfLs(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagC >= 0 || ctx.flagZ == 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.GE.
    static final class IfGe extends Relative {
        IfGe(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return (ctx.flagN ^ ctx.flagV) >= 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.LT.
    static final class IfLt extends Relative {
        IfLt(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return (ctx.flagN ^ ctx.flagV) < 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.GT.
    static final class IfGt extends Relative {
        IfGt(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagZ != 0 && (ctx.flagN ^ ctx.flagV) >= 0 ? taken(ctx) : at + 1;
        }
    }

    /// B.LE.
    static final class IfLe extends Relative {
        IfLe(long word, int at, long displacement) {
            super(word, at, displacement);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return ctx.flagZ == 0 || (ctx.flagN ^ ctx.flagV) < 0 ? taken(ctx) : at + 1;
        }
    }

    /// CBZ and TBZ: none of the bits of `mask` is set.
    static final class IfZero extends Relative {
        private final int t;
        private final long mask;

        IfZero(long word, int at, long displacement, long mask) {
            super(word, at, displacement);
            this.t = PreDecoded.rd(word);
            this.mask = mask;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return (ctx.x[t] & mask) == 0 ? taken(ctx) : at + 1;
        }
    }

    /// CBNZ and TBNZ.
    static final class IfNotZero extends Relative {
        private final int t;
        private final long mask;

        IfNotZero(long word, int at, long displacement, long mask) {
            super(word, at, displacement);
            this.t = PreDecoded.rd(word);
            this.mask = mask;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            return (ctx.x[t] & mask) != 0 ? taken(ctx) : at + 1;
        }
    }
}
