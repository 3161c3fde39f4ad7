package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.VectorShape;
import dev.ipanema.arm.fp.FpConvert;
import dev.ipanema.arm.fp.FpFormat;
import dev.ipanema.arm.fp.FpStatus;
import dev.ipanema.arm.fp.FpWidening;
import dev.ipanema.arm.simd.Lanes;

/// The BFloat16 instructions of FEAT_BF16.
///
/// Source: Arm ARM DDI 0487, C7.2 by name.
final class BfloatInstructions {
    private static final int H = 1;
    private static final int S = 2;

    private BfloatInstructions() {}

    private static long converted(long single, FpStatus status) {
        return FpConvert.convert(FpFormat.SINGLE, FpFormat.BFLOAT16, single & Integers.LOW32, status);
    }

    /// BFCVT.
    static final class Convert extends VectorInstruction {
        Convert(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = converted(ctx.v[n], ctx.fp);
            ctx.v[d + 1] = 0;
        }
    }

    /// BFCVTN.
    static final class Narrow extends VectorInstruction {
        Narrow(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            long result = 0;
            for (int lane = 0; lane < 4; lane++) {
                result |= converted(Lanes.element(ctx.v[n], ctx.v[n + 1], lane, S), ctx.fp) << (16 * lane);
            }
            if (VectorShape.isQ(aux)) {
                ctx.v[d + 1] = result;
            } else {
                ctx.v[d] = result;
                ctx.v[d + 1] = 0;
            }
        }
    }

    /// BFDOT: each sum takes two products.
    static final class Dot extends VectorInstruction {
        private final int pair;

        /// @param pair of the second source for all, or -1
        Dot(long word, int pair) {
            super(word);
            this.pair = pair;
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long low = v[m];
            long high = v[m + 1];
            if (pair >= 0) {
                low = Lanes.replicate(Lanes.element(low, high, pair, S), S);
                high = low;
            }
            v[d] = half(v[d], v[n], low);
            v[d + 1] = VectorShape.isQ(aux) ? half(v[d + 1], v[n + 1], high) : 0;
        }

        private static long half(long sums, long x, long y) {
            return FpWidening.dotOfBfloats(sums, x, y) | FpWidening.dotOfBfloats(sums >>> 32, x >>> 32, y >>> 32) << 32;
        }
    }

    /// BFMMLA: adds the product of a 2 by 4 matrix with the transpose of another.
    static final class Matrix extends VectorInstruction {
        Matrix(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            long[] v = ctx.v;
            long upper = v[m + 1];
            long lower = v[m];
            long x = v[n];
            long y = v[n + 1];
            v[d] = row(v[d], x, lower, upper);
            v[d + 1] = row(v[d + 1], y, lower, upper);
        }

        private static long row(long sums, long x, long lower, long upper) {
            return cell(sums, x, lower) | cell(sums >>> 32, x, upper) << 32;
        }

        private static long cell(long sum, long x, long y) {
            return FpWidening.dotOfBfloats(FpWidening.dotOfBfloats(sum, x, y), x >>> 32, y >>> 32);
        }
    }

    /// BFMLALB and BFMLALT: the even or the odd elements.
    static final class MultiplyLong extends VectorInstruction {
        private final int odd;
        private final int element;

        /// @param odd 0 for the even elements, 1 for the odd ones
        /// @param element of the second source for all, or -1
        MultiplyLong(long word, int odd, int element) {
            super(word);
            this.odd = odd;
            this.element = element;
        }

        @Override
        void perform(CpuContext ctx) {
            long low = sum(ctx, 0) | sum(ctx, 1) << 32;
            long high = sum(ctx, 2) | sum(ctx, 3) << 32;
            ctx.v[d] = low;
            ctx.v[d + 1] = high;
        }

        private long sum(CpuContext ctx, int lane) {
            long[] v = ctx.v;
            long addend = Lanes.element(v[d], v[d + 1], lane, S);
            long x = Lanes.element(v[n], v[n + 1], 2 * lane + odd, H);
            long y = Lanes.element(v[m], v[m + 1], element < 0 ? 2 * lane + odd : element, H);
            return FpWidening.fmaOfBfloats(addend, x, y, ctx.fp);
        }
    }
}
