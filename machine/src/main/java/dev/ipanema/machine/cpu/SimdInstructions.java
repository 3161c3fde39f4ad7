package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.VectorShape;
import dev.ipanema.arm.fp.FpStatus;
import dev.ipanema.arm.simd.Lanes;

/// SIMD instructions by the shape of their operands; what they do with a half of a register is a [LaneFunction].
///
/// A destination may be a source: of a register that is written, only halves already used are overwritten.
///
/// Source: Arm ARM DDI 0487, C4.1.97 (Data Processing -- Scalar Floating-Point and Advanced SIMD), C7.2 by name.
final class SimdInstructions {
    private SimdInstructions() {}

    /// An instruction of one function.
    abstract static class Lanewise extends VectorInstruction {
        final LaneFunction function;
        final int size;

        /// 1 when the vector is 128 bits long, else 0: also the half that the second form of a long, wide or narrowing
        /// instruction works on.
        final int upper;

        Lanewise(long word, LaneFunction function) {
            super(word);
            this.function = function;
            this.size = VectorShape.log2Size(aux);
            this.upper = VectorShape.isQ(aux) ? 1 : 0;
        }
    }

    /// 128-bit vectors, element by element.
    static final class Same extends Lanewise {
        Same(long word, LaneFunction function) {
            super(word, function);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            v[d] = function.of(v[n], v[m], v[d], size, ctx.fp);
            v[d + 1] = function.of(v[n + 1], v[m + 1], v[d + 1], size, ctx.fp);
        }
    }

    /// 64-bit vectors, element by element.
    static final class Same64 extends Lanewise {
        Same64(long word, LaneFunction function) {
            super(word, function);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            v[d] = function.of(v[n], v[m], v[d], size, ctx.fp);
            v[d + 1] = 0;
        }
    }

    /// Scalars: element 0, with zeros in the others.
    static final class Scalar extends Lanewise {
        private final long mask;

        Scalar(long word, LaneFunction function) {
            super(word, function);
            this.mask = Lanes.mask(size);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            v[d] = function.of(v[n] & mask, v[m] & mask, v[d] & mask, size, ctx.fp) & mask;
            v[d + 1] = 0;
        }
    }

    /// Vectors of either length and a constant: an immediate, or 0 when there is one source only.
    static final class Constant extends Lanewise {
        private final long imm;

        Constant(long word, LaneFunction function, long imm) {
            super(word, function);
            this.imm = imm;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            v[d] = function.of(v[n], imm, v[d], size, ctx.fp);
            v[d + 1] = upper != 0 ? function.of(v[n + 1], imm, v[d + 1], size, ctx.fp) : 0;
        }
    }

    /// Scalars and a constant.
    static final class ScalarConstant extends Lanewise {
        private final long imm;
        private final long mask;

        ScalarConstant(long word, LaneFunction function, long imm) {
            super(word, function);
            this.imm = imm;
            this.mask = Lanes.mask(size);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            v[d] = function.of(v[n] & mask, imm, v[d] & mask, size, ctx.fp) & mask;
            v[d + 1] = 0;
        }
    }

    /// Vectors of either length and one element of a register, in every place.
    static final class Element extends Lanewise {
        private final int index;

        Element(long word, LaneFunction function, long imm) {
            super(word, function);
            this.index = (int) imm;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long element = Lanes.replicate(Lanes.element(v[m], v[m + 1], index, size), size);
            v[d] = function.of(v[n], element, v[d], size, ctx.fp);
            v[d + 1] = upper != 0 ? function.of(v[n + 1], element, v[d + 1], size, ctx.fp) : 0;
        }
    }

    /// Scalars and one element of a register.
    static final class ScalarElement extends Lanewise {
        private final int index;
        private final long mask;

        ScalarElement(long word, LaneFunction function, long imm) {
            super(word, function);
            this.index = (int) imm;
            this.mask = Lanes.mask(size);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long element = Lanes.element(v[m], v[m + 1], index, size);
            v[d] = function.of(v[n] & mask, element, v[d] & mask, size, ctx.fp) & mask;
            v[d + 1] = 0;
        }
    }

    /// Neighbours of the first source, then of the second.
    static final class Pairwise extends Lanewise {
        Pairwise(long word, LaneFunction function) {
            super(word, function);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long high = upper != 0 ? pairs(v[m], v[m + 1], ctx.fp) : 0;
            v[d] = pairs(v[n], v[upper != 0 ? n + 1 : m], ctx.fp);
            v[d + 1] = high;
        }

        private long pairs(long low, long high, FpStatus status) {
            return function.of(Lanes.evenLanes(low, high, size), Lanes.oddLanes(low, high, size), 0, size, status);
        }
    }

    /// A half of each source; the function gets 32 bits of it, then the other 32, and gives elements twice as large.
    static final class Twice extends Lanewise {
        Twice(long word, LaneFunction function) {
            super(word, function);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long first = v[n + upper];
            long second = v[m + upper];
            v[d] = function.of(first, second, v[d], size, ctx.fp);
            v[d + 1] = function.of(first >>> Integer.SIZE, second >>> Integer.SIZE, v[d + 1], size, ctx.fp);
        }
    }

    /// A half of one source and a constant; elements of the result are twice as large.
    static final class LongConstant extends Lanewise {
        private final long imm;

        LongConstant(long word, LaneFunction function, long imm) {
            super(word, function);
            this.imm = imm;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long first = v[n + upper];
            v[d] = function.of(first, imm, v[d], size, ctx.fp);
            v[d + 1] = function.of(first >>> Integer.SIZE, imm, v[d + 1], size, ctx.fp);
        }
    }

    /// A half of one source and one element of a register; elements of the result are twice as large.
    static final class LongElement extends Lanewise {
        private final int index;

        LongElement(long word, LaneFunction function, long imm) {
            super(word, function);
            this.index = (int) imm;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long element = Lanes.replicate(Lanes.element(v[m], v[m + 1], index, size), size);
            long first = v[n + upper];
            v[d] = function.of(first, element, v[d], size, ctx.fp);
            v[d + 1] = function.of(first >>> Integer.SIZE, element, v[d + 1], size, ctx.fp);
        }
    }

    /// Scalars whose result is twice as large; the second source is element `index` of a register.
    static final class LongScalar extends Lanewise {
        private final int index;
        private final long mask;
        private final long wide;

        LongScalar(long word, LaneFunction function, long imm) {
            super(word, function);
            this.index = (int) imm;
            this.mask = Lanes.mask(size);
            this.wide = Lanes.mask(size + 1);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long element = Lanes.element(v[m], v[m + 1], index, size);
            v[d] = function.of(v[n] & mask, element, v[d] & wide, size, ctx.fp) & wide;
            v[d + 1] = 0;
        }
    }

    /// A whole source and a half of the second, whose elements are half as large.
    static final class Wide extends Lanewise {
        Wide(long word, LaneFunction function) {
            super(word, function);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long second = v[m + upper];
            v[d] = function.of(v[n], second, v[d], size, ctx.fp);
            v[d + 1] = function.of(v[n + 1], second >>> Integer.SIZE, v[d + 1], size, ctx.fp);
        }
    }

    /// The high halves of what the function makes of two whole sources.
    static final class NarrowHigh extends Lanewise {
        NarrowHigh(long word, LaneFunction function) {
            super(word, function);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long low = function.of(v[n], v[m], 0, size, ctx.fp);
            long high = function.of(v[n + 1], v[m + 1], 0, size, ctx.fp);
            narrowed(v, Lanes.oddLanes(low, high, size));
        }

        private void narrowed(long[] v, long result) {
            v[d + upper] = result;
            if (upper == 0) {
                v[d + 1] = 0;
            }
        }
    }

    /// Both halves of a source narrowed to one; the function gets the low and the high half, and the constant as `d`.
    static final class Narrow extends Lanewise {
        private final long imm;

        Narrow(long word, LaneFunction function, long imm) {
            super(word, function);
            this.imm = imm;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            v[d + upper] = function.of(v[n], v[n + 1], imm, size, ctx.fp);
            if (upper == 0) {
                v[d + 1] = 0;
            }
        }
    }

    /// A scalar narrowed; the function gets it as the low half, and the constant as `d`.
    static final class NarrowScalar extends Lanewise {
        private final long imm;
        private final long mask;
        private final long wide;

        NarrowScalar(long word, LaneFunction function, long imm) {
            super(word, function);
            this.imm = imm;
            this.mask = Lanes.mask(size);
            this.wide = Lanes.mask(size + 1);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            v[d] = function.of(v[n] & wide, 0, imm, size, ctx.fp) & mask;
            v[d + 1] = 0;
        }
    }

    /// All elements of a source to one; the function gets the low and the high half, of a 64-bit vector the low half
    /// twice, or 0 where that would count twice.
    static final class Across extends Lanewise {
        private final boolean sum;

        Across(long word, LaneFunction function, boolean sum) {
            super(word, function);
            this.sum = sum;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long low = v[n];
            long high = sum ? 0 : low;
            v[d] = function.of(low, upper != 0 ? v[n + 1] : high, 0, size, ctx.fp);
            v[d + 1] = 0;
        }
    }

    /// A matrix of two rows of 8 bytes, times the transpose of another.
    static final class Matrix extends VectorInstruction {
        private final Rows rows;

        Matrix(long word, Rows rows) {
            super(word);
            this.rows = rows;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long low = v[m];
            long high = v[m + 1];
            long second = rows.of(v[n + 1], low, high, v[d + 1]);
            v[d] = rows.of(v[n], low, high, v[d]);
            v[d + 1] = second;
        }
    }

    /// A row times two, added to half the destination.
    @FunctionalInterface
    interface Rows {
        long of(long row, long low, long high, long d);
    }

    /// Whole registers.
    static final class Registers extends VectorInstruction {
        private final RegisterFunction function;
        private final int imm;

        Registers(long word, RegisterFunction function, long imm) {
            super(word);
            this.function = function;
            this.imm = (int) imm;
        }

        @Override
        void perform(CpuContext ctx) {
            function.apply(ctx.v, d >> 1, n >> 1, m >> 1, a >> 1, imm, aux);
        }
    }
}
