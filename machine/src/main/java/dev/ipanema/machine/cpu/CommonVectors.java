package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.a64.VectorShape;
import dev.ipanema.arm.simd.LaneArithmetic;
import dev.ipanema.arm.simd.LaneShifts;
import dev.ipanema.arm.simd.Lanes;
import dev.ipanema.arm.simd.Logic;
import dev.ipanema.machine.mmu.Mmu;

/// The vector instructions that string functions, checksums and copies execute most: each with a method of its own, so
/// that the JVM compiles it whole. (Measured: a mix of them runs more than twice as fast as by [SimdInstructions],
/// whose
/// functions are called through an interface, twice for an instruction.)
///
/// Source: Arm ARM DDI 0487, C7.2 by name.
final class CommonVectors {
    private CommonVectors() {}

    /// What all of them know.
    abstract static class Common extends DecodedInstruction {
        /// Indexes of the low halves of Vd, Vn and Vm in [CpuContext#v].
        final int d;

        final int n;
        final int m;
        final int size;

        /// What the upper half of the destination keeps: nothing of a 64-bit vector.
        final long keep;

        Common(long word) {
            super(word);
            this.d = 2 * PreDecoded.rd(word);
            this.n = 2 * PreDecoded.rn(word);
            this.m = 2 * PreDecoded.rm(word);
            int aux = PreDecoded.aux(word);
            this.size = VectorShape.log2Size(aux);
            this.keep = VectorShape.isQ(aux) ? -1 : 0;
        }
    }

    /// AND.
    static final class And extends Common {
        And(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = v[n] & v[m];
            v[d + 1] = v[n + 1] & v[m + 1] & keep;
            return at + 1;
        }
    }

    /// BIC.
    static final class Bic extends Common {
        Bic(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = v[n] & ~v[m];
            v[d + 1] = v[n + 1] & ~v[m + 1] & keep;
            return at + 1;
        }
    }

    /// ORR, and MOV of a vector.
    static final class Orr extends Common {
        Orr(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = v[n] | v[m];
            v[d + 1] = (v[n + 1] | v[m + 1]) & keep;
            return at + 1;
        }
    }

    /// EOR.
    static final class Eor extends Common {
        Eor(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = v[n] ^ v[m];
            v[d + 1] = (v[n + 1] ^ v[m + 1]) & keep;
            return at + 1;
        }
    }

    /// BSL.
    static final class Bsl extends Common {
        Bsl(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = Logic.select(v[d], v[n], v[m]);
            v[d + 1] = Logic.select(v[d + 1], v[n + 1], v[m + 1]) & keep;
            return at + 1;
        }
    }

    /// BIT.
    static final class Bit extends Common {
        Bit(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = Logic.select(v[m], v[n], v[d]);
            v[d + 1] = Logic.select(v[m + 1], v[n + 1], v[d + 1]) & keep;
            return at + 1;
        }
    }

    /// BIF.
    static final class Bif extends Common {
        Bif(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = Logic.select(v[m], v[d], v[n]);
            v[d + 1] = Logic.select(v[m + 1], v[d + 1], v[n + 1]) & keep;
            return at + 1;
        }
    }

    /// ADD of vectors.
    static final class Add extends Common {
        Add(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneArithmetic.add(v[n], v[m], size);
            v[d + 1] = LaneArithmetic.add(v[n + 1], v[m + 1], size) & keep;
            return at + 1;
        }
    }

    /// SUB of vectors.
    static final class Sub extends Common {
        Sub(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneArithmetic.sub(v[n], v[m], size);
            v[d + 1] = LaneArithmetic.sub(v[n + 1], v[m + 1], size) & keep;
            return at + 1;
        }
    }

    /// CMEQ of vectors.
    static final class Cmeq extends Common {
        Cmeq(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneArithmetic.cmeq(v[n], v[m], size);
            v[d + 1] = LaneArithmetic.cmeq(v[n + 1], v[m + 1], size) & keep;
            return at + 1;
        }
    }

    /// CMTST of vectors.
    static final class Cmtst extends Common {
        Cmtst(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneArithmetic.cmtst(v[n], v[m], size);
            v[d + 1] = LaneArithmetic.cmtst(v[n + 1], v[m + 1], size) & keep;
            return at + 1;
        }
    }

    /// CMHI of vectors.
    static final class Cmhi extends Common {
        Cmhi(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneArithmetic.cmhi(v[n], v[m], size);
            v[d + 1] = LaneArithmetic.cmhi(v[n + 1], v[m + 1], size) & keep;
            return at + 1;
        }
    }

    /// CMHS of vectors.
    static final class Cmhs extends Common {
        Cmhs(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneArithmetic.cmhs(v[n], v[m], size);
            v[d + 1] = LaneArithmetic.cmhs(v[n + 1], v[m + 1], size) & keep;
            return at + 1;
        }
    }

    /// CMGT of vectors.
    static final class Cmgt extends Common {
        Cmgt(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneArithmetic.cmgt(v[n], v[m], size);
            v[d + 1] = LaneArithmetic.cmgt(v[n + 1], v[m + 1], size) & keep;
            return at + 1;
        }
    }

    /// UMAX of vectors.
    static final class Umax extends Common {
        Umax(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneArithmetic.umax(v[n], v[m], size);
            v[d + 1] = LaneArithmetic.umax(v[n + 1], v[m + 1], size) & keep;
            return at + 1;
        }
    }

    /// UMIN of vectors.
    static final class Umin extends Common {
        Umin(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneArithmetic.umin(v[n], v[m], size);
            v[d + 1] = LaneArithmetic.umin(v[n + 1], v[m + 1], size) & keep;
            return at + 1;
        }
    }

    /// CMEQ with zero.
    static final class CmeqZero extends Common {
        CmeqZero(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneArithmetic.cmeq(v[n], 0, size);
            v[d + 1] = LaneArithmetic.cmeq(v[n + 1], 0, size) & keep;
            return at + 1;
        }
    }

    /// CMLT with zero.
    static final class CmltZero extends Common {
        CmltZero(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneArithmetic.cmgt(0, v[n], size);
            v[d + 1] = LaneArithmetic.cmgt(0, v[n + 1], size) & keep;
            return at + 1;
        }
    }

    /// NOT.
    static final class Not extends Common {
        Not(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = ~v[n];
            v[d + 1] = ~v[n + 1] & keep;
            return at + 1;
        }
    }

    /// USHR.
    static final class Ushr extends Common {
        private final int shift;

        Ushr(long word, long imm) {
            super(word);
            this.shift = (int) imm;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneShifts.ushr(v[n], shift, size);
            v[d + 1] = LaneShifts.ushr(v[n + 1], shift, size) & keep;
            return at + 1;
        }
    }

    /// SSHR.
    static final class Sshr extends Common {
        private final int shift;

        Sshr(long word, long imm) {
            super(word);
            this.shift = (int) imm;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneShifts.sshr(v[n], shift, size);
            v[d + 1] = LaneShifts.sshr(v[n + 1], shift, size) & keep;
            return at + 1;
        }
    }

    /// SHL.
    static final class Shl extends Common {
        private final int shift;

        Shl(long word, long imm) {
            super(word);
            this.shift = (int) imm;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = LaneShifts.shl(v[n], shift, size);
            v[d + 1] = LaneShifts.shl(v[n + 1], shift, size) & keep;
            return at + 1;
        }
    }

    /// ADDP of 128-bit vectors.
    static final class Addp extends Common {
        Addp(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            long low = v[n];
            long high = v[n + 1];
            long low2 = v[m];
            long high2 = v[m + 1];
            v[d] = LaneArithmetic.add(Lanes.evenLanes(low, high, size), Lanes.oddLanes(low, high, size), size);
            v[d + 1] = LaneArithmetic.add(Lanes.evenLanes(low2, high2, size), Lanes.oddLanes(low2, high2, size), size);
            return at + 1;
        }
    }

    /// UMAXP of 128-bit vectors.
    static final class Umaxp extends Common {
        Umaxp(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            long low = v[n];
            long high = v[n + 1];
            long low2 = v[m];
            long high2 = v[m + 1];
            v[d] = LaneArithmetic.umax(Lanes.evenLanes(low, high, size), Lanes.oddLanes(low, high, size), size);
            v[d + 1] = LaneArithmetic.umax(Lanes.evenLanes(low2, high2, size), Lanes.oddLanes(low2, high2, size), size);
            return at + 1;
        }
    }

    /// UMINP of 128-bit vectors.
    static final class Uminp extends Common {
        Uminp(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            long low = v[n];
            long high = v[n + 1];
            long low2 = v[m];
            long high2 = v[m + 1];
            v[d] = LaneArithmetic.umin(Lanes.evenLanes(low, high, size), Lanes.oddLanes(low, high, size), size);
            v[d + 1] = LaneArithmetic.umin(Lanes.evenLanes(low2, high2, size), Lanes.oddLanes(low2, high2, size), size);
            return at + 1;
        }
    }

    /// SHRN to the lower half.
    static final class Shrn extends Common {
        private final int shift;

        Shrn(long word, long imm) {
            super(word);
            this.shift = (int) imm;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            long low = LaneShifts.ushr(v[n], shift, size + 1);
            v[d] = Lanes.evenLanes(low, LaneShifts.ushr(v[n + 1], shift, size + 1), size);
            v[d + 1] = 0;
            return at + 1;
        }
    }

    /// XTN to the lower half.
    static final class Xtn extends Common {
        Xtn(long word) {
            super(word);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            long[] v = ctx.v;
            v[d] = Lanes.evenLanes(v[n], v[n + 1], size);
            v[d + 1] = 0;
            return at + 1;
        }
    }
}
