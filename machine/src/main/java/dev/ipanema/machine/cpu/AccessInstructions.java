package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.machine.mmu.Mmu;

/// The plain loads and stores that guests execute most; [MemoryInstructions] has the others. A faulting instruction
/// changes no register. A loaded register that is also the base written back keeps the loaded value (CONSTRAINED
/// UNPREDICTABLE in the architecture).
///
/// Source: Arm ARM DDI 0487, C6.2 by name.
final class AccessInstructions {
    private AccessInstructions() {}

    abstract static class Access extends DecodedInstruction {
        final int t;
        final int n;
        final int m;
        final int a;
        final int aux;
        final int shift;

        /// Bits of the base that have to be 0: those below 16 when it is SP.
        final int spMask;

        /// Added to the base for the access.
        final long offset;

        /// Added to the base after it.
        final long writeBack;

        Access(long word, long offset, long writeBack) {
            super(word);
            this.t = PreDecoded.rd(word);
            this.n = PreDecoded.rn(word);
            this.m = PreDecoded.rm(word);
            this.a = PreDecoded.ra(word);
            this.aux = PreDecoded.aux(word);
            this.shift = dev.ipanema.arm.a64.Access.indexShift(aux);
            this.spMask = n == PreDecoded.SP ? RareInstruction.SP_ALIGNMENT - 1 : 0;
            this.offset = offset;
            this.writeBack = writeBack;
        }
    }

    /// A load of 64 bits, base plus constant.
    static final class Load64 extends Access {
        Load64(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load64(base + offset);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = value;
            return at + 1;
        }
    }

    /// A load of 32 bits, base plus constant.
    static final class Load32 extends Access {
        Load32(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load32(base + offset);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = value;
            return at + 1;
        }
    }

    /// A load of 16 bits, base plus constant.
    static final class Load16 extends Access {
        Load16(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load16(base + offset);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = value;
            return at + 1;
        }
    }

    /// A load of 8 bits, base plus constant.
    static final class Load8 extends Access {
        Load8(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load8(base + offset);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = value;
            return at + 1;
        }
    }

    /// LDRSW, base plus constant.
    static final class LoadSigned32 extends Access {
        LoadSigned32(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load32(base + offset);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = (int) value;
            return at + 1;
        }
    }

    /// A store of 64 bits, base plus constant.
    static final class Store64 extends Access {
        Store64(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store64(base + offset, x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// A store of 32 bits, base plus constant.
    static final class Store32 extends Access {
        Store32(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store32(base + offset, x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// A store of 16 bits, base plus constant.
    static final class Store16 extends Access {
        Store16(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store16(base + offset, x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// A store of 8 bits, base plus constant.
    static final class Store8 extends Access {
        Store8(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store8(base + offset, x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// A load of 64 bits, base plus index.
    static final class Load64Indexed extends Access {
        Load64Indexed(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load64(base + (x[m] << shift));
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = value;
            return at + 1;
        }
    }

    /// A load of 32 bits, base plus index.
    static final class Load32Indexed extends Access {
        Load32Indexed(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load32(base + (x[m] << shift));
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = value;
            return at + 1;
        }
    }

    /// A load of 16 bits, base plus index.
    static final class Load16Indexed extends Access {
        Load16Indexed(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load16(base + (x[m] << shift));
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = value;
            return at + 1;
        }
    }

    /// A load of 8 bits, base plus index.
    static final class Load8Indexed extends Access {
        Load8Indexed(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load8(base + (x[m] << shift));
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = value;
            return at + 1;
        }
    }

    /// LDRSW, base plus index.
    static final class LoadSigned32Indexed extends Access {
        LoadSigned32Indexed(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load32(base + (x[m] << shift));
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = (int) value;
            return at + 1;
        }
    }

    /// A store of 64 bits, base plus index.
    static final class Store64Indexed extends Access {
        Store64Indexed(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store64(base + (x[m] << shift), x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// A store of 32 bits, base plus index.
    static final class Store32Indexed extends Access {
        Store32Indexed(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store32(base + (x[m] << shift), x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// A store of 16 bits, base plus index.
    static final class Store16Indexed extends Access {
        Store16Indexed(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store16(base + (x[m] << shift), x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// A store of 8 bits, base plus index.
    static final class Store8Indexed extends Access {
        Store8Indexed(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store8(base + (x[m] << shift), x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// A load of 64 bits, base plus extended index.
    static final class Load64Extended extends Access {
        Load64Extended(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load64(base + PreDecoded.extend(x[m], aux));
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = value;
            return at + 1;
        }
    }

    /// A load of 32 bits, base plus extended index.
    static final class Load32Extended extends Access {
        Load32Extended(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load32(base + PreDecoded.extend(x[m], aux));
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = value;
            return at + 1;
        }
    }

    /// A load of 8 bits, base plus extended index.
    static final class Load8Extended extends Access {
        Load8Extended(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load8(base + PreDecoded.extend(x[m], aux));
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = value;
            return at + 1;
        }
    }

    /// A store of 64 bits, base plus extended index.
    static final class Store64Extended extends Access {
        Store64Extended(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store64(base + PreDecoded.extend(x[m], aux), x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// A store of 32 bits, base plus extended index.
    static final class Store32Extended extends Access {
        Store32Extended(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store32(base + PreDecoded.extend(x[m], aux), x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// A store of 8 bits, base plus extended index.
    static final class Store8Extended extends Access {
        Store8Extended(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store8(base + PreDecoded.extend(x[m], aux), x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// A load of 64 bits, pre- or post-indexed.
    static final class Load64WriteBack extends Access {
        Load64WriteBack(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load64(base + offset);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[n] = base + writeBack;
            x[t] = value;
            return at + 1;
        }
    }

    /// A load of 32 bits, pre- or post-indexed.
    static final class Load32WriteBack extends Access {
        Load32WriteBack(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load32(base + offset);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[n] = base + writeBack;
            x[t] = value;
            return at + 1;
        }
    }

    /// A load of 8 bits, pre- or post-indexed.
    static final class Load8WriteBack extends Access {
        Load8WriteBack(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long value = mmu.load8(base + offset);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[n] = base + writeBack;
            x[t] = value;
            return at + 1;
        }
    }

    /// A store of 64 bits, pre- or post-indexed.
    static final class Store64WriteBack extends Access {
        Store64WriteBack(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store64(base + offset, x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[n] = base + writeBack;
            return at + 1;
        }
    }

    /// A store of 32 bits, pre- or post-indexed.
    static final class Store32WriteBack extends Access {
        Store32WriteBack(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store32(base + offset, x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[n] = base + writeBack;
            return at + 1;
        }
    }

    /// A store of 8 bits, pre- or post-indexed.
    static final class Store8WriteBack extends Access {
        Store8WriteBack(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            mmu.store8(base + offset, x[t]);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[n] = base + writeBack;
            return at + 1;
        }
    }

    /// LDP of X registers.
    static final class LoadPair extends Access {
        LoadPair(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long va = base + offset;
            long first = mmu.load64(va);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            long second = mmu.load64(va + Long.BYTES);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[t] = first;
            x[a] = second;
            return at + 1;
        }
    }

    /// LDP of X registers, pre- or post-indexed.
    static final class LoadPairWriteBack extends Access {
        LoadPairWriteBack(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long va = base + offset;
            long first = mmu.load64(va);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            long second = mmu.load64(va + Long.BYTES);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[n] = base + writeBack;
            x[t] = first;
            x[a] = second;
            return at + 1;
        }
    }

    /// STP of X registers. Where the second could fault alone, the MMU makes both or none.
    static final class StorePair extends Access {
        StorePair(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long va = base + offset;
            if ((va & (DecodedPage.PAGE_BYTES - 1)) > DecodedPage.PAGE_BYTES - 2 * Long.BYTES) {
                mmu.storePair(va, x[t], x[a], aux);
            } else {
                mmu.store64(va, x[t]);
                if (!mmu.faulted()) {
                    mmu.store64(va + Long.BYTES, x[a]);
                }
            }
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            return at + 1;
        }
    }

    /// STP of X registers, pre- or post-indexed.
    static final class StorePairWriteBack extends Access {
        StorePairWriteBack(long word, long offset, long writeBack) {
            super(word, offset, writeBack);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            long va = base + offset;
            if ((va & (DecodedPage.PAGE_BYTES - 1)) > DecodedPage.PAGE_BYTES - 2 * Long.BYTES) {
                mmu.storePair(va, x[t], x[a], aux);
            } else {
                mmu.store64(va, x[t]);
                if (!mmu.faulted()) {
                    mmu.store64(va + Long.BYTES, x[a]);
                }
            }
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            x[n] = base + writeBack;
            return at + 1;
        }
    }

    /// LDR (literal) of 64 bits: `offset` is the distance from the start of the page.
    static final class LoadLiteral64 extends Access {
        LoadLiteral64(long word, long offset) {
            super(word, offset, 0);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long value = mmu.load64(ctx.pageVa + offset);
            if (mmu.faulted()) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            ctx.x[t] = value;
            return at + 1;
        }
    }
}
