package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.a64.VectorShape;
import dev.ipanema.arm.fp.Fp;
import dev.ipanema.arm.fp.FpCompare;
import dev.ipanema.arm.fp.FpConvert;
import dev.ipanema.arm.fp.FpFormat;
import dev.ipanema.arm.fp.FpIntegers;
import dev.ipanema.arm.fp.FpStatus;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.simd.Lanes;

/// Floating-point instructions by the form of their operands.
///
/// Source: Arm ARM DDI 0487, C7.2 by name.
final class FpInstructions {
    private FpInstructions() {}

    /// Elements of one format.
    abstract static class OfFormat extends VectorInstruction {
        final FpFormat format;
        final long mask;

        OfFormat(long word) {
            super(word);
            format = FpFormat.of(VectorShape.log2Size(aux));
            mask = Lanes.mask(VectorShape.log2Size(aux));
        }

        /// Writes a scalar.
        final void set(CpuContext ctx, long value) {
            ctx.v[d] = value;
            ctx.v[d + 1] = 0;
        }
    }

    /// One element of each register.
    static class Scalar extends OfFormat {
        final FpFunction function;

        Scalar(long word, FpFunction function) {
            super(word);
            this.function = function;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            set(ctx, function.of(format, v[d] & mask, v[n] & mask, v[m] & mask, ctx.fp));
        }
    }

    /// FMADD and its like: a third source.
    static final class Fused extends Scalar {
        Fused(long word, FpFunction function) {
            super(word, function);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            set(ctx, function.of(format, v[a] & mask, v[n] & mask, v[m] & mask, ctx.fp));
        }
    }

    /// Each element of vectors.
    static class Vector extends Scalar {
        final boolean wide;

        Vector(long word, FpFunction function) {
            super(word, function);
            this.wide = VectorShape.isQ(aux);
        }

        final long half(long d, long n, long m, FpStatus status) {
            int bits = format.bits();
            long result = 0;
            for (int at = 0; at < Long.SIZE; at += bits) {
                result |= function.of(format, d >>> at & mask, n >>> at & mask, m >>> at & mask, status) << at;
            }
            return result;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            v[d] = half(v[d], v[n], v[m], ctx.fp);
            v[d + 1] = wide ? half(v[d + 1], v[n + 1], v[m + 1], ctx.fp) : 0;
        }
    }

    /// One element as the second source of all.
    static final class ByElement extends Vector {
        private final int index;

        ByElement(long word, FpFunction function, long index) {
            super(word, function);
            this.index = (int) index;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            int size = VectorShape.log2Size(aux);
            long element = Lanes.element(v[m], v[m + 1], index, size);
            if (VectorShape.isScalar(aux)) {
                set(ctx, function.of(format, v[d] & mask, v[n] & mask, element, ctx.fp));
                return;
            }
            long all = Lanes.replicate(element, size);
            v[d] = half(v[d], v[n], all, ctx.fp);
            v[d + 1] = wide ? half(v[d + 1], v[n + 1], all, ctx.fp) : 0;
        }
    }

    /// Neighbours of the first and then of the second source.
    static final class Pairwise extends Scalar {
        Pairwise(long word, FpFunction function) {
            super(word, function);
        }

        @Override
        void perform(CpuContext ctx) {
            int half = VectorShape.lanes(aux) >> 1;
            long low = 0;
            long high = 0;
            for (int lane = 0; lane < 2 * half; lane++) {
                long result = pair(ctx, lane < half ? n : m, 2 * (lane < half ? lane : lane - half));
                int at = lane * format.bits();
                if (at < Long.SIZE) {
                    low |= result << at;
                } else {
                    high |= result << at;
                }
            }
            ctx.v[d] = low;
            ctx.v[d + 1] = high;
        }

        private long pair(CpuContext ctx, int from, int lane) {
            int size = VectorShape.log2Size(aux);
            long first = Lanes.element(ctx.v[from], ctx.v[from + 1], lane, size);
            long second = Lanes.element(ctx.v[from], ctx.v[from + 1], lane + 1, size);
            return function.of(format, 0, first, second, ctx.fp);
        }
    }

    /// All elements, or the first two, to one: half with half, and so on.
    static final class Across extends Scalar {
        private final int lanes;

        Across(long word, FpFunction function) {
            super(word, function);
            this.lanes = VectorShape.free(aux) != 0 ? 2 : VectorShape.lanes(aux);
        }

        @Override
        void perform(CpuContext ctx) {
            set(ctx, reduce(ctx, 0, lanes));
        }

        private long reduce(CpuContext ctx, int first, int count) {
            if (count == 1) {
                return Lanes.element(ctx.v[n], ctx.v[n + 1], first, VectorShape.log2Size(aux));
            }
            int half = count >> 1;
            long low = reduce(ctx, first, half);
            return function.of(format, 0, low, reduce(ctx, first + half, half), ctx.fp);
        }
    }

    /// FCMP, FCMPE, with a register or zero; FCCMP and FCCMPE, whose condition and flags are in imm.
    static final class Compare extends OfFormat {
        private final boolean zero;
        private final int otherwise;

        /// @param zero whether the second operand is zero
        /// @param otherwise condition and flags, or -1 to compare always
        Compare(long word, boolean zero, int otherwise) {
            super(word);
            this.zero = zero;
            this.otherwise = otherwise;
        }

        @Override
        void perform(CpuContext ctx) {
            int flags;
            if (otherwise < 0 || Flags.holds(ctx, otherwise)) {
                long second = zero ? 0 : ctx.v[m] & mask;
                boolean signal = VectorShape.free(aux) != 0;
                flags = FpCompare.flags(format, ctx.v[n] & mask, second, signal, ctx.fp);
            } else {
                flags = PreDecoded.nzcv(otherwise);
            }
            ctx.setNzcv((long) flags << Pstate.NZCV_SHIFT);
        }
    }

    /// FCSEL.
    static final class Select extends OfFormat {
        private final int condition;

        Select(long word, long condition) {
            super(word);
            this.condition = (int) condition;
        }

        @Override
        void perform(CpuContext ctx) {
            set(ctx, ctx.v[Flags.holds(ctx, condition) ? n : m] & mask);
        }
    }

    /// Conversions between general registers and numbers: rounding mode, signedness and size are in the free bits.
    abstract static class General extends OfFormat {
        final int fractionBits;
        final boolean unsigned;
        final boolean wide;

        General(long word, long fractionBits) {
            super(word);
            this.fractionBits = (int) fractionBits;
            this.unsigned = (VectorShape.free(aux) & FpFunctions.UNSIGNED) != 0;
            this.wide = (VectorShape.free(aux) & FpFunctions.X_REGISTER) != 0;
        }
    }

    /// FCVTZS and its like to a general register.
    static final class ToGeneral extends General {
        private final int rd;
        private final int mode;

        ToGeneral(long word, long fractionBits) {
            super(word, fractionBits);
            this.rd = PreDecoded.rd(word);
            this.mode = VectorShape.free(aux) & FpFunctions.MODE;
        }

        @Override
        void perform(CpuContext ctx) {
            int size = wide ? Long.SIZE : Integer.SIZE;
            ctx.x[rd] = FpIntegers.toFixed(format, ctx.v[n] & mask, fractionBits, unsigned, size, mode, ctx.fp);
        }
    }

    /// SCVTF and UCVTF of a general register.
    static final class FromGeneral extends General {
        private final int rn;

        FromGeneral(long word, long fractionBits) {
            super(word, fractionBits);
            this.rn = PreDecoded.rn(word);
        }

        @Override
        void perform(CpuContext ctx) {
            long value = ctx.x[rn];
            if (!wide) {
                value = unsigned ? value & Integers.LOW32 : (int) value;
            }
            set(ctx, FpIntegers.fromFixed(format, value, fractionBits, unsigned, ctx.fp));
        }
    }

    /// FJCVTZS.
    static final class ToJavaScript extends VectorInstruction {
        private final int rd;

        ToJavaScript(long word) {
            super(word);
            this.rd = PreDecoded.rd(word);
        }

        @Override
        void perform(CpuContext ctx) {
            long result = FpIntegers.toJavaScript(ctx.v[n], ctx.fp);
            ctx.x[rd] = result & Integers.LOW32;
            ctx.setNzcv((result & FpIntegers.JS_EXACT) != 0 ? Pstate.Z : 0);
        }
    }

    /// {@return the format of elements that a conversion takes or gives}
    private static FpFormat converted(int log2Size, FpStatus status) {
        return log2Size == 1 ? FpFormat.convertedHalf(status.fpcr) : FpFormat.of(log2Size);
    }

    /// FCVT.
    static final class Convert extends OfFormat {
        Convert(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            FpFormat from = converted(VectorShape.log2Size(aux), ctx.fp);
            FpFormat to = converted(VectorShape.free(aux), ctx.fp);
            set(ctx, FpConvert.convert(from, to, ctx.v[n] & mask, ctx.fp));
        }
    }

    /// FCVTL.
    static final class Lengthen extends OfFormat {
        Lengthen(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            long from = ctx.v[VectorShape.isQ(aux) ? n + 1 : n];
            ctx.v[d] = half(from, ctx.fp);
            ctx.v[d + 1] = half(from >>> Integer.SIZE, ctx.fp);
        }

        private long half(long elements, FpStatus status) {
            int size = VectorShape.log2Size(aux);
            FpFormat from = converted(size, status);
            FpFormat to = converted(size + 1, status);
            long result = 0;
            for (int at = 0; at < Integer.SIZE; at += from.bits()) {
                result |= FpConvert.convert(from, to, elements >>> at & mask, status) << (2 * at);
            }
            return result;
        }
    }

    /// FCVTN, and FCVTXN, which rounds to odd.
    static final class Narrow extends OfFormat {
        private final boolean odd;

        Narrow(long word, boolean odd) {
            super(word);
            this.odd = odd;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            if (VectorShape.isScalar(aux)) {
                set(ctx, FpConvert.toOdd(v[n], ctx.fp));
                return;
            }
            long result = half(v[n], ctx.fp) | half(v[n + 1], ctx.fp) << Integer.SIZE;
            if (VectorShape.isQ(aux)) {
                v[d + 1] = result;
            } else {
                set(ctx, result);
            }
        }

        private long half(long elements, FpStatus status) {
            int size = VectorShape.log2Size(aux);
            FpFormat from = converted(size + 1, status);
            FpFormat to = converted(size, status);
            long wideMask = Lanes.mask(size + 1);
            long result = 0;
            for (int at = 0; at < Long.SIZE; at += from.bits()) {
                long x = elements >>> at & wideMask;
                result |= (odd ? FpConvert.toOdd(x, status) : FpConvert.convert(from, to, x, status)) << (at >> 1);
            }
            return result;
        }
    }

    /// FMLAL, FMLSL and their second halves: products of half precision, sums of single precision.
    static final class MultiplyLong extends OfFormat {
        private final boolean subtract;
        private final boolean second;
        private final int element;

        /// @param second whether the upper halves of the sources count
        /// @param element of the second source for all, or -1
        MultiplyLong(long word, boolean subtract, boolean second, int element) {
            super(word);
            this.subtract = subtract;
            this.second = second;
            this.element = element;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            int size = VectorShape.log2Size(aux);
            boolean wide = VectorShape.isQ(aux);
            long x = part(v, n, wide);
            long y = element < 0
                    ? part(v, m, wide)
                    : Lanes.replicate(Lanes.element(v[m], v[m + 1], element, size), size);
            v[d] = half(v[d], x, y, ctx.fp);
            v[d + 1] = wide ? half(v[d + 1], x >>> Integer.SIZE, y >>> Integer.SIZE, ctx.fp) : 0;
        }

        private long part(long[] v, int register, boolean wide) {
            if (wide) {
                return v[second ? register + 1 : register];
            }
            return second ? v[register] >>> Integer.SIZE : v[register];
        }

        private long half(long sums, long x, long y, FpStatus status) {
            return sum(sums & Integers.LOW32, x & mask, y & mask, status)
                    | sum(sums >>> Integer.SIZE, x >>> format.bits() & mask, y >>> format.bits() & mask, status)
                            << Integer.SIZE;
        }

        private long sum(long addend, long x, long y, FpStatus status) {
            return Fp.fmaOfHalves(addend, subtract ? format.neg(x) : x, y, status);
        }
    }

    /// FCADD and FCMLA: pairs of elements are complex numbers, the second source is turned by quarters.
    static final class Complex extends OfFormat {
        private final boolean multiply;
        private final int pair;

        /// @param multiply FCMLA
        /// @param pair of the second source for all, or -1
        Complex(long word, boolean multiply, int pair) {
            super(word);
            this.multiply = multiply;
            this.pair = pair;
        }

        @Override
        void perform(CpuContext ctx) {
            long low = 0;
            long high = 0;
            for (int lane = 0; lane < VectorShape.lanes(aux); lane++) {
                int at = lane * format.bits();
                long result = multiply ? multiplied(ctx, lane) : added(ctx, lane);
                if (at < Long.SIZE) {
                    low |= result << at;
                } else {
                    high |= result << at;
                }
            }
            ctx.v[d] = low;
            ctx.v[d + 1] = high;
        }

        private long element(CpuContext ctx, int register, int lane) {
            return Lanes.element(ctx.v[register], ctx.v[register + 1], lane, VectorShape.log2Size(aux));
        }

        private static int turn(int aux) {
            return VectorShape.free(aux) & 3;
        }

        /// Adds i times, or −i times, the second number.
        private long added(CpuContext ctx, int lane) {
            boolean imaginary = (lane & 1) != 0;
            long other = element(ctx, m, lane ^ 1);
            boolean negative = imaginary == (turn(aux) == 3);
            return Fp.add(format, element(ctx, n, lane), negative ? format.neg(other) : other, ctx.fp);
        }

        /// Adds the product with the real part of the first number, or with its imaginary part.
        private long multiplied(CpuContext ctx, int lane) {
            int part = lane & 1;
            int turn = turn(aux);
            int swapped = turn & 1;
            int from = pair < 0 ? lane - part : 2 * pair;
            long other = element(ctx, m, from + (part ^ swapped));
            boolean negative = part == 0 ? turn == 1 || turn == 2 : turn >= 2;
            long factor = element(ctx, n, lane - part + swapped);
            return Fp.fma(format, element(ctx, d, lane), factor, negative ? format.neg(other) : other, ctx.fp);
        }
    }
}
