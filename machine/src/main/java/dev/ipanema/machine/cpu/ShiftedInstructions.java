package dev.ipanema.machine.cpu;

import static dev.ipanema.machine.cpu.Integers.LOW32;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.machine.mmu.Mmu;
import org.jspecify.annotations.Nullable;

/// Integer instructions whose second operand is a shifted register, with any kind of shift. Those with LSL that guests
/// execute most have forms in [IntegerInstructions] that need no look at the kind.
///
/// Source: Arm ARM DDI 0487, C6.2 by name.
final class ShiftedInstructions {
    private ShiftedInstructions() {}

    /// {@return the executable form, null for an operation that is not of the group}
    static @Nullable DecodedInstruction make(int op, long word) {
        return switch (op) {
            case Op.AND_SHIFT_X -> new And(word, -1L);
            case Op.AND_SHIFT_W -> new And(word, LOW32);
            case Op.BIC_SHIFT_X -> new Bic(word, -1L);
            case Op.BIC_SHIFT_W -> new Bic(word, LOW32);
            case Op.ORR_SHIFT_X -> new Orr(word, -1L);
            case Op.ORR_SHIFT_W -> new Orr(word, LOW32);
            case Op.ORN_SHIFT_X -> new Orn(word, -1L);
            case Op.ORN_SHIFT_W -> new Orn(word, LOW32);
            case Op.EOR_SHIFT_X -> new Eor(word, -1L);
            case Op.EOR_SHIFT_W -> new Eor(word, LOW32);
            case Op.EON_SHIFT_X -> new Eon(word, -1L);
            case Op.EON_SHIFT_W -> new Eon(word, LOW32);
            case Op.ADD_SHIFT_X -> new Add(word, -1L);
            case Op.ADD_SHIFT_W -> new Add(word, LOW32);
            case Op.SUB_SHIFT_X -> new Sub(word, -1L);
            case Op.SUB_SHIFT_W -> new Sub(word, LOW32);
            case Op.ANDS_SHIFT_X -> new Ands(word, -1L);
            case Op.ANDS_SHIFT_W -> new Ands32(word, LOW32);
            case Op.BICS_SHIFT_X -> new Bics(word, -1L);
            case Op.BICS_SHIFT_W -> new Bics32(word, LOW32);
            case Op.ADDS_SHIFT_X -> new Adds(word, -1L);
            case Op.ADDS_SHIFT_W -> new Adds32(word, LOW32);
            case Op.SUBS_SHIFT_X -> new Subs(word, -1L);
            case Op.SUBS_SHIFT_W -> new Subs32(word, LOW32);
            default -> null;
        };
    }

    abstract static class Shifted extends DecodedInstruction {
        final int d;
        final int n;
        final long mask;
        private final int m;
        private final int aux;
        private final boolean wide;

        Shifted(long word, long mask) {
            super(word);
            this.d = PreDecoded.rd(word);
            this.n = PreDecoded.rn(word);
            this.m = PreDecoded.rm(word);
            this.aux = PreDecoded.aux(word);
            this.mask = mask;
            this.wide = mask != LOW32;
        }

        /// {@return the second operand; of a W form its upper half is to be ignored}
        final long shifted(long[] x) {
            return wide ? Integers.shifted(x[m], aux) : Integers.shifted((int) x[m], aux);
        }
    }

    /// AND.
    static final class And extends Shifted {
        And(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] & shifted(x)) & mask;
            return at + 1;
        }
    }

    /// BIC.
    static final class Bic extends Shifted {
        Bic(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] & ~shifted(x)) & mask;
            return at + 1;
        }
    }

    /// ORR.
    static final class Orr extends Shifted {
        Orr(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] | shifted(x)) & mask;
            return at + 1;
        }
    }

    /// ORN.
    static final class Orn extends Shifted {
        Orn(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] | ~shifted(x)) & mask;
            return at + 1;
        }
    }

    /// EOR.
    static final class Eor extends Shifted {
        Eor(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] ^ shifted(x)) & mask;
            return at + 1;
        }
    }

    /// EON.
    static final class Eon extends Shifted {
        Eon(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] ^ ~shifted(x)) & mask;
            return at + 1;
        }
    }

    /// ADD.
    static final class Add extends Shifted {
        Add(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] + shifted(x)) & mask;
            return at + 1;
        }
    }

    /// SUB.
    static final class Sub extends Shifted {
        Sub(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] - shifted(x)) & mask;
            return at + 1;
        }
    }

    /// ANDS of X registers.
    static final class Ands extends Shifted {
        Ands(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.ands64(ctx, x[n] & shifted(x));
            return at + 1;
        }
    }

    /// ANDS of W registers.
    static final class Ands32 extends Shifted {
        Ands32(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.ands32(ctx, (int) (x[n] & shifted(x)));
            return at + 1;
        }
    }

    /// BICS of X registers.
    static final class Bics extends Shifted {
        Bics(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.ands64(ctx, x[n] & ~shifted(x));
            return at + 1;
        }
    }

    /// BICS of W registers.
    static final class Bics32 extends Shifted {
        Bics32(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.ands32(ctx, (int) (x[n] & ~shifted(x)));
            return at + 1;
        }
    }

    /// ADDS of X registers.
    static final class Adds extends Shifted {
        Adds(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.adds64(ctx, x[n], shifted(x));
            return at + 1;
        }
    }

    /// ADDS of W registers.
    static final class Adds32 extends Shifted {
        Adds32(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.adds32(ctx, (int) x[n], (int) shifted(x));
            return at + 1;
        }
    }

    /// SUBS of X registers.
    static final class Subs extends Shifted {
        Subs(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.subs64(ctx, x[n], shifted(x));
            return at + 1;
        }
    }

    /// SUBS of W registers.
    static final class Subs32 extends Shifted {
        Subs32(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.subs32(ctx, (int) x[n], (int) shifted(x));
            return at + 1;
        }
    }
}
