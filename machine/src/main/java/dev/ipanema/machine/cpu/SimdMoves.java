package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.a64.VectorShape;
import dev.ipanema.machine.mmu.Mmu;

/// Moves within and between SIMD registers, from and to general registers, and constants.
///
/// Source: Arm ARM DDI 0487, C7.2, DUP, FMOV, INS, MOVI, MVNI, ORR and BIC (immediate), SMOV, UMOV.
final class SimdMoves {
    private SimdMoves() {}

    /// {@return the low element of `value` in each element of 64 bits}
    static long replicated(long value, int log2Size) {
        return switch (log2Size) {
            case 0 -> (value & 0xffL) * 0x0101_0101_0101_0101L;
            case 1 -> (value & 0xffffL) * 0x0001_0001_0001_0001L;
            case 2 -> (value & Integers.LOW32) * 0x0000_0001_0000_0001L;
            default -> value;
        };
    }

    /// {@return the bits of an element}
    private static long elementMask(int aux) {
        return -1L >>> (64 - VectorShape.bits(aux));
    }

    /// {@return the bits that the shape has in the high half}
    private static long highMask(int aux) {
        return VectorShape.isQ(aux) ? -1L : 0;
    }

    /// MOVI, MVNI and FMOV of a constant: sets both halves.
    static final class Constant extends DecodedInstruction {
        private final int d;
        private final long low;
        private final long high;

        Constant(long word, long imm) {
            super(word);
            int aux = PreDecoded.aux(word);
            this.d = 2 * PreDecoded.rd(word);
            this.low = VectorShape.isScalar(aux) ? imm & elementMask(aux) : imm;
            this.high = imm & highMask(aux);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            ctx.v[d] = low;
            ctx.v[d + 1] = high;
            return at + 1;
        }
    }

    /// ORR of a constant.
    static final class OrrConstant extends VectorInstruction {
        private final long imm;
        private final long highMask;

        OrrConstant(long word, long imm) {
            super(word);
            this.imm = imm;
            this.highMask = highMask(aux);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] |= imm;
            ctx.v[d + 1] = (ctx.v[d + 1] | imm) & highMask;
        }
    }

    /// BIC of a constant, which comes complemented.
    static final class AndConstant extends VectorInstruction {
        private final long imm;
        private final long highMask;

        AndConstant(long word, long imm) {
            super(word);
            this.imm = imm;
            this.highMask = highMask(aux);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] &= imm;
            ctx.v[d + 1] &= imm & highMask;
        }
    }

    /// DUP of an element, to a vector or a scalar.
    static final class DuplicateElement extends VectorInstruction {
        private final int index;
        private final int log2Size;
        private final boolean scalar;
        private final long highMask;

        DuplicateElement(long word, long imm) {
            super(word);
            this.index = (int) imm;
            this.log2Size = VectorShape.log2Size(aux);
            this.scalar = VectorShape.isScalar(aux);
            this.highMask = highMask(aux);
        }

        @Override
        void perform(CpuContext ctx) {
            long element = VectorStructures.element(ctx.v, n, index, log2Size);
            long value = scalar ? element : replicated(element, log2Size);
            ctx.v[d] = value;
            ctx.v[d + 1] = value & highMask;
        }
    }

    /// DUP of a general register.
    static final class DuplicateGeneral extends VectorInstruction {
        private final int source;
        private final int log2Size;
        private final long highMask;

        DuplicateGeneral(long word) {
            super(word);
            this.source = PreDecoded.rn(word);
            this.log2Size = VectorShape.log2Size(aux);
            this.highMask = highMask(aux);
        }

        @Override
        void perform(CpuContext ctx) {
            long value = replicated(ctx.x[source], log2Size);
            ctx.v[d] = value;
            ctx.v[d + 1] = value & highMask;
        }
    }

    /// INS of a general register.
    static final class InsertGeneral extends VectorInstruction {
        private final int source;
        private final int index;
        private final int log2Size;

        InsertGeneral(long word, long imm) {
            super(word);
            this.source = PreDecoded.rn(word);
            this.index = (int) imm;
            this.log2Size = VectorShape.log2Size(aux);
        }

        @Override
        void perform(CpuContext ctx) {
            VectorStructures.insert(ctx.v, d, index, log2Size, ctx.x[source]);
        }
    }

    /// INS of an element.
    static final class InsertElement extends VectorInstruction {
        private final int index;
        private final int from;
        private final int log2Size;

        InsertElement(long word, long imm) {
            super(word);
            this.index = (int) imm;
            this.from = VectorShape.free(aux);
            this.log2Size = VectorShape.log2Size(aux);
        }

        @Override
        void perform(CpuContext ctx) {
            VectorStructures.insert(ctx.v, d, index, log2Size, VectorStructures.element(ctx.v, n, from, log2Size));
        }
    }

    /// UMOV.
    static final class MoveElement extends VectorInstruction {
        private final int target;
        private final int index;
        private final int log2Size;

        MoveElement(long word, long imm) {
            super(word);
            this.target = PreDecoded.rd(word);
            this.index = (int) imm;
            this.log2Size = VectorShape.log2Size(aux);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.x[target] = VectorStructures.element(ctx.v, n, index, log2Size);
        }
    }

    /// SMOV.
    static final class MoveSignedElement extends VectorInstruction {
        private final int target;
        private final int index;
        private final int log2Size;
        private final long mask;

        /// @param mask the bits of the destination
        MoveSignedElement(long word, long imm, long mask) {
            super(word);
            this.target = PreDecoded.rd(word);
            this.index = (int) imm;
            this.log2Size = VectorShape.log2Size(aux);
            this.mask = mask;
        }

        @Override
        void perform(CpuContext ctx) {
            int unused = 64 - (8 << log2Size);
            long element = VectorStructures.element(ctx.v, n, index, log2Size);
            ctx.x[target] = element << unused >> unused & mask;
        }
    }

    /// FMOV between SIMD registers.
    static final class MoveScalar extends VectorInstruction {
        private final long mask;

        MoveScalar(long word) {
            super(word);
            this.mask = elementMask(aux);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = ctx.v[n] & mask;
            ctx.v[d + 1] = 0;
        }
    }

    /// FMOV to a general register, from the low or high half.
    static final class MoveToGeneral extends VectorInstruction {
        private final int target;
        private final int from;
        private final long mask;

        MoveToGeneral(long word, int half) {
            super(word);
            this.target = PreDecoded.rd(word);
            this.from = n + half;
            this.mask = elementMask(aux);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.x[target] = ctx.v[from] & mask;
        }
    }

    /// FMOV from a general register.
    static final class MoveFromGeneral extends VectorInstruction {
        private final int source;
        private final long mask;

        MoveFromGeneral(long word) {
            super(word);
            this.source = PreDecoded.rn(word);
            this.mask = elementMask(aux);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = ctx.x[source] & mask;
            ctx.v[d + 1] = 0;
        }
    }

    /// FMOV from a general register to the high half; the low half stays.
    static final class MoveFromGeneralHigh extends VectorInstruction {
        private final int source;

        MoveFromGeneralHigh(long word) {
            super(word);
            this.source = PreDecoded.rn(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d + 1] = ctx.x[source];
        }
    }
}
