package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.machine.mmu.Mmu;

/// Loads and stores of one SIMD register or a pair. A faulting instruction changes no register; the first half of a
/// store may have been made (as the architecture allows), and is made again.
///
/// One class for all addressing modes of a size: base, plus a constant, plus an index register (XZR where there is
/// none), with a write-back or not.
///
/// Source: Arm ARM DDI 0487, C7.2, LDR, STR, LDP, STP (SIMD&FP) and their unscaled and non-temporal forms.
final class VectorAccesses {
    private VectorAccesses() {}

    abstract static class Access extends DecodedInstruction {
        /// Indexes in [CpuContext#v] of the low half of Vt and Vt2.
        final int t;

        final int t2;
        final int n;
        final int m;
        final int aux;
        final int shift;
        final boolean extended;
        final int spMask;
        final long offset;
        final boolean writesBack;
        final long writeBack;

        /// @param offset also what is written back in the PRE and POST modes
        Access(long word, long offset, Mode mode) {
            super(word);
            this.t = 2 * PreDecoded.rd(word);
            this.t2 = 2 * PreDecoded.ra(word);
            this.n = PreDecoded.rn(word);
            boolean indexed = mode == Mode.INDEX || mode == Mode.EXTENDED_INDEX;
            this.m = indexed ? PreDecoded.rm(word) : PreDecoded.ZR;
            this.aux = PreDecoded.aux(word);
            this.shift = indexed ? dev.ipanema.arm.a64.Access.indexShift(aux) : 0;
            this.extended = mode == Mode.EXTENDED_INDEX;
            this.spMask = n == PreDecoded.SP ? RareInstruction.SP_ALIGNMENT - 1 : 0;
            this.offset = mode == Mode.POST ? 0 : offset;
            this.writesBack = mode == Mode.PRE || mode == Mode.POST;
            this.writeBack = offset;
        }

        /// {@return what keeps it from its access, or [Interpreter#NEXT]}
        final int refusal(CpuContext ctx) {
            if (!ctx.fpEnabled) {
                return Interpreter.FP_TRAP;
            }
            boolean refused = (ctx.x[n] & spMask) != 0 && ctx.checksSpAlignment();
            return refused ? Interpreter.SP_ALIGNMENT : Interpreter.NEXT;
        }

        final long address(long[] x) {
            long index = extended ? PreDecoded.extend(x[m], aux) : x[m] << shift;
            return x[n] + offset + index;
        }

        /// Completes it.
        final int done(long[] x, int at) {
            if (writesBack) {
                x[n] += writeBack;
            }
            return at + 1;
        }
    }

    /// How the address is made.
    enum Mode {
        OFFSET,
        PRE,
        POST,
        INDEX,
        EXTENDED_INDEX
    }

    /// LDR of a B or H register.
    static final class LoadSmall extends Access {
        LoadSmall(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            long va = address(ctx.x);
            long value = dev.ipanema.arm.a64.Access.log2Size(aux) == 0 ? mmu.load8(va) : mmu.load16(va);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            ctx.v[t] = value;
            ctx.v[t + 1] = 0;
            return done(ctx.x, at);
        }
    }

    /// LDR of an S register.
    static final class Load32 extends Access {
        Load32(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            long value = mmu.load32(address(ctx.x));
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            ctx.v[t] = value;
            ctx.v[t + 1] = 0;
            return done(ctx.x, at);
        }
    }

    /// LDR of a D register.
    static final class Load64 extends Access {
        Load64(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            long value = mmu.load64(address(ctx.x));
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            ctx.v[t] = value;
            ctx.v[t + 1] = 0;
            return done(ctx.x, at);
        }
    }

    /// LDR of a Q register.
    static final class Load128 extends Access {
        Load128(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            if (!mmu.load128(address(ctx.x))) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            ctx.v[t] = mmu.low();
            ctx.v[t + 1] = mmu.high();
            return done(ctx.x, at);
        }
    }

    /// STR of a B or H register.
    static final class StoreSmall extends Access {
        StoreSmall(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            long va = address(ctx.x);
            if (dev.ipanema.arm.a64.Access.log2Size(aux) == 0) {
                mmu.store8(va, ctx.v[t]);
            } else {
                mmu.store16(va, ctx.v[t]);
            }
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return done(ctx.x, at);
        }
    }

    /// STR of an S register.
    static final class Store32 extends Access {
        Store32(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            mmu.store32(address(ctx.x), ctx.v[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return done(ctx.x, at);
        }
    }

    /// STR of a D register.
    static final class Store64 extends Access {
        Store64(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            mmu.store64(address(ctx.x), ctx.v[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return done(ctx.x, at);
        }
    }

    /// STR of a Q register.
    static final class Store128 extends Access {
        Store128(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            if (!mmu.store128(address(ctx.x), ctx.v[t], ctx.v[t + 1])) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return done(ctx.x, at);
        }
    }

    /// LDP of S or D registers.
    static final class LoadPair extends Access {
        LoadPair(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            if (!mmu.loadPair(address(ctx.x), aux)) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            long[] v = ctx.v;
            v[t] = mmu.low();
            v[t + 1] = 0;
            v[t2] = mmu.high();
            v[t2 + 1] = 0;
            return done(ctx.x, at);
        }
    }

    /// LDP of Q registers.
    static final class LoadPair128 extends Access {
        LoadPair128(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            long va = address(ctx.x);
            if (!mmu.load128(va)) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            long low = mmu.low();
            long high = mmu.high();
            if (!mmu.load128(va + 2 * Long.BYTES)) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            long[] v = ctx.v;
            v[t] = low;
            v[t + 1] = high;
            v[t2] = mmu.low();
            v[t2 + 1] = mmu.high();
            return done(ctx.x, at);
        }
    }

    /// STP of S or D registers.
    static final class StorePair extends Access {
        StorePair(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            if (!mmu.storePair(address(ctx.x), ctx.v[t], ctx.v[t2], aux)) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return done(ctx.x, at);
        }
    }

    /// STP of Q registers.
    static final class StorePair128 extends Access {
        StorePair128(long word, long offset, Mode mode) {
            super(word, offset, mode);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            int refusal = refusal(ctx);
            if (refusal != Interpreter.NEXT) {
                return stay(ctx, at, refusal);
            }
            long va = address(ctx.x);
            long[] v = ctx.v;
            if (!mmu.store128(va, v[t], v[t + 1]) || !mmu.store128(va + 2 * Long.BYTES, v[t2], v[t2 + 1])) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return done(ctx.x, at);
        }
    }

    /// LDR (literal) of an S, D or Q register.
    static final class Literal extends Access {
        /// @param offset from the start of the page
        Literal(long word, long offset) {
            super(word, offset, Mode.OFFSET);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long va = ctx.pageVa + offset;
            long low;
            long high = 0;
            if (dev.ipanema.arm.a64.Access.log2Size(aux) == 4) {
                mmu.load128(va);
                low = mmu.low();
                high = mmu.high();
            } else {
                low = mmu.load(va, aux);
            }
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            ctx.v[t] = low;
            ctx.v[t + 1] = high;
            return at + 1;
        }
    }
}
