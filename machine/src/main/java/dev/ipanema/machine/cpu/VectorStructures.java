package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.a64.VectorShape;
import dev.ipanema.machine.mmu.Mmu;

/// Loads and stores of structures: LD1 to LD4, ST1 to ST4, of whole registers, single lanes or replicated. A faulting
/// load changes no register; a store that faults may have written what lies before, and writes it again.
///
/// Memory holds the structures one after the other: element 0 of each register, then element 1 of each, and so on.
/// LD1 of several registers is no structure: the registers lie one after the other.
///
/// Source: Arm ARM DDI 0487, C7.2, LD1 to LD4R and ST1 to ST4.
final class VectorStructures {
    /// Meaning of the free bits of aux.
    private static final int REGISTERS = 3;

    private static final int MODE_SHIFT = 2;
    private static final int MODE = 3;
    private static final int BY_CONSTANT = 1;
    private static final int BY_REGISTER = 2;
    private static final int LANE_SHIFT = 8;

    private static final int REGISTER_COUNT = 32;

    private static final int MOST_REGISTERS = 4;

    /// By registers less 1 and log2 of the element's bytes.
    private static final long[][] MASKS = new long[MOST_REGISTERS << 2][];

    static {
        for (int i = 0; i < MASKS.length; i++) {
            MASKS[i] = elementMasks((i >>> 2) + 1, i & 3);
        }
    }

    private VectorStructures() {}

    /// {@return for each word of 8 bytes in memory, and each register, the bits that belong to the register: at 4 times
    /// the word plus the register}
    private static long[] elementMasks(int registers, int log2Size) {
        long[] masks = new long[2 * MOST_REGISTERS * MOST_REGISTERS];
        int perWord = Long.BYTES >> log2Size;
        long element = -1L >>> (Long.SIZE - (Byte.SIZE << log2Size));
        for (int i = 0; i < 2 * registers * perWord; i++) {
            masks[i / perWord * MOST_REGISTERS + i % registers] |= element << (i % perWord << (log2Size + 3));
        }
        return masks;
    }

    abstract static class Structure extends DecodedInstruction {
        final int t;
        final int n;
        final int m;
        final int registers;
        final int log2Size;
        final boolean q;
        final int spMask;
        final int mode;
        final long imm;

        Structure(long word, long imm) {
            super(word);
            int aux = PreDecoded.aux(word);
            int free = VectorShape.free(aux);
            this.t = PreDecoded.rd(word);
            this.n = PreDecoded.rn(word);
            this.m = PreDecoded.rm(word);
            this.registers = (free & REGISTERS) + 1;
            this.log2Size = VectorShape.log2Size(aux);
            this.q = VectorShape.isQ(aux);
            this.spMask = n == PreDecoded.SP ? RareInstruction.SP_ALIGNMENT - 1 : 0;
            this.mode = free >>> MODE_SHIFT & MODE;
            this.imm = imm;
        }

        /// {@return index of the low half of the `i`th register in [CpuContext#v]}
        final int register(int i) {
            return 2 * ((t + i) % REGISTER_COUNT);
        }

        /// Makes the access at `va`.
        abstract boolean access(CpuContext ctx, Mmu mmu, long va);

        @Override
        final int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] x = ctx.x;
            long base = x[n];
            if ((base & spMask) != 0 && ctx.checksSpAlignment()) {
                return stay(ctx, at, Interpreter.SP_ALIGNMENT);
            }
            if (!access(ctx, mmu, base)) {
                return stay(ctx, at, Interpreter.FAULT);
            }
            if (mode == BY_CONSTANT) {
                x[n] = base + imm;
            } else if (mode == BY_REGISTER) {
                x[n] = base + x[m];
            }
            return at + 1;
        }
    }

    /// Whole registers.
    abstract static class Multiple extends Structure {
        final boolean interleaved;
        final int bytes;

        /// See [#elementMasks].
        final long[] masks;

        Multiple(long word, long imm, boolean interleaved) {
            super(word, imm);
            this.interleaved = interleaved;
            this.bytes = q ? 2 * Long.BYTES : Long.BYTES;
            this.masks = MASKS[(registers - 1) << 2 | log2Size];
        }

        /// Words of 8 bytes in a register.
        final int words() {
            return bytes / Long.BYTES;
        }
    }

    /// LD1 to LD4 of whole registers.
    static final class LoadMultiple extends Multiple {
        LoadMultiple(long word, long imm, boolean interleaved) {
            super(word, imm, interleaved);
        }

        @Override
        boolean access(CpuContext ctx, Mmu mmu, long va) {
            long[] memory = ctx.vectorScratch;
            int words = words();
            for (int i = 0; i < registers; i++) {
                if (!mmu.loadElements(va + (long) i * bytes, bytes, 1 << log2Size)) {
                    return false;
                }
                memory[i * words] = mmu.low();
                if (q) {
                    memory[i * words + 1] = mmu.high();
                }
            }
            for (int i = 0; i < registers; i++) {
                int register = register(i);
                if (interleaved) {
                    gather(ctx.v, register, memory, i);
                } else {
                    ctx.v[register] = memory[i * words];
                    ctx.v[register + 1] = q ? memory[i * words + 1] : 0;
                }
            }
            return true;
        }

        private void gather(long[] v, int register, long[] memory, int first) {
            long low = 0;
            long high = 0;
            int at = 0;
            for (int word = 0; word < registers * words(); word++) {
                long mask = masks[word * MOST_REGISTERS + first];
                long part = Long.compress(memory[word], mask);
                int end = at + Long.bitCount(mask);
                if (at < Long.SIZE) {
                    low |= part << at;
                    high |= end > Long.SIZE ? part >>> (Long.SIZE - at) : 0;
                } else {
                    high |= part << at;
                }
                at = end;
            }
            v[register] = low;
            v[register + 1] = high;
        }
    }

    /// ST1 to ST4 of whole registers.
    static final class StoreMultiple extends Multiple {
        StoreMultiple(long word, long imm, boolean interleaved) {
            super(word, imm, interleaved);
        }

        @Override
        boolean access(CpuContext ctx, Mmu mmu, long va) {
            long[] memory = ctx.vectorScratch;
            int words = words();
            for (int i = 0; i < registers; i++) {
                int register = register(i);
                if (interleaved) {
                    scatter(ctx.v, register, memory, i);
                } else {
                    memory[i * words] = ctx.v[register];
                    if (q) {
                        memory[i * words + 1] = ctx.v[register + 1];
                    }
                }
            }
            for (int i = 0; i < registers; i++) {
                long high = q ? memory[i * words + 1] : 0;
                if (!mmu.storeElements(va + (long) i * bytes, memory[i * words], high, bytes, 1 << log2Size)) {
                    return false;
                }
            }
            return true;
        }

        private void scatter(long[] v, int register, long[] memory, int first) {
            long low = v[register];
            long high = v[register + 1];
            int at = 0;
            for (int word = 0; word < registers * words(); word++) {
                long mask = masks[word * MOST_REGISTERS + first];
                long part = high >>> at;
                if (at < Long.SIZE) {
                    part = low >>> at | (at == 0 ? 0 : high << (Long.SIZE - at));
                }
                memory[word] = (memory[word] & ~mask) | Long.expand(part, mask);
                at += Long.bitCount(mask);
            }
        }
    }

    /// LD1 to LD4 of one lane.
    static final class LoadLane extends Structure {
        private final int lane;

        LoadLane(long word, long imm) {
            super(word, imm);
            this.lane = VectorShape.free(PreDecoded.aux(word)) >>> LANE_SHIFT;
        }

        @Override
        boolean access(CpuContext ctx, Mmu mmu, long va) {
            if (!loadEach(this, ctx, mmu, va)) {
                return false;
            }
            for (int i = 0; i < registers; i++) {
                insert(ctx.v, register(i), lane, log2Size, ctx.vectorScratch[i]);
            }
            return true;
        }
    }

    /// LD1R to LD4R.
    static final class LoadReplicated extends Structure {
        LoadReplicated(long word, long imm) {
            super(word, imm);
        }

        @Override
        boolean access(CpuContext ctx, Mmu mmu, long va) {
            if (!loadEach(this, ctx, mmu, va)) {
                return false;
            }
            for (int i = 0; i < registers; i++) {
                long value = SimdMoves.replicated(ctx.vectorScratch[i], log2Size);
                ctx.v[register(i)] = value;
                ctx.v[register(i) + 1] = q ? value : 0;
            }
            return true;
        }
    }

    /// ST1 to ST4 of one lane.
    static final class StoreLane extends Structure {
        private final int lane;

        StoreLane(long word, long imm) {
            super(word, imm);
            this.lane = VectorShape.free(PreDecoded.aux(word)) >>> LANE_SHIFT;
        }

        @Override
        boolean access(CpuContext ctx, Mmu mmu, long va) {
            for (int i = 0; i < registers; i++) {
                mmu.store(va + ((long) i << log2Size), element(ctx.v, register(i), lane, log2Size), log2Size);
                if (mmu.faulted()) {
                    return false;
                }
            }
            return true;
        }
    }

    /// Loads one element for each register into the scratch words.
    private static boolean loadEach(Structure structure, CpuContext ctx, Mmu mmu, long va) {
        for (int i = 0; i < structure.registers; i++) {
            ctx.vectorScratch[i] = mmu.load(va + ((long) i << structure.log2Size), structure.log2Size);
            if (mmu.faulted()) {
                return false;
            }
        }
        return true;
    }

    /// {@return element `index` of the bytes that begin at word `from`, zero-extended}
    static long element(long[] words, int from, int index, int log2Size) {
        int bit = index << (log2Size + 3);
        long value = words[from + (bit >>> 6)] >>> (bit & 63);
        return value & (-1L >>> (64 - (8 << log2Size)));
    }

    /// Replaces element `index` of the bytes that begin at word `from`.
    static void insert(long[] words, int from, int index, int log2Size, long value) {
        int bit = index << (log2Size + 3);
        int at = from + (bit >>> 6);
        long mask = -1L >>> (64 - (8 << log2Size)) << (bit & 63);
        words[at] = (words[at] & ~mask) | (value << (bit & 63) & mask);
    }
}
