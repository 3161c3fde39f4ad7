package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.fp.FpFormat.DOUBLE;
import static dev.ipanema.arm.fp.FpFormat.SINGLE;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.a64.VectorShape;
import dev.ipanema.arm.fp.Fp;
import dev.ipanema.machine.mmu.Mmu;
import org.jspecify.annotations.Nullable;

/// The scalar arithmetic of which programs that compute are made, a class for each operation and format, so that the
/// JVM compiles each as one; [FpInstructions.Scalar] means the same.
///
/// Source: Arm ARM DDI 0487, C7.2 by name.
final class FpScalars {
    private static final int S = 2;
    private static final int D = 3;

    private FpScalars() {}

    /// {@return the instruction, or null when it has no class here}
    static @Nullable DecodedInstruction make(int op, long word) {
        int aux = PreDecoded.aux(word);
        if (!VectorShape.isScalar(aux)) {
            return null;
        }
        return switch (VectorShape.log2Size(aux)) {
            case D -> ofDoubles(op, word);
            case S -> ofSingles(op, word);
            default -> null;
        };
    }

    private static @Nullable DecodedInstruction ofDoubles(int op, long word) {
        return switch (op) {
            case Op.FADD -> new AddDouble(word);
            case Op.FSUB -> new SubDouble(word);
            case Op.FMUL -> new MulDouble(word);
            case Op.FDIV -> new DivDouble(word);
            case Op.FMADD -> new MultiplyAddDouble(word);
            case Op.FMSUB -> new MultiplySubDouble(word);
            default -> null;
        };
    }

    private static @Nullable DecodedInstruction ofSingles(int op, long word) {
        return switch (op) {
            case Op.FADD -> new AddSingle(word);
            case Op.FSUB -> new SubSingle(word);
            case Op.FMUL -> new MulSingle(word);
            case Op.FDIV -> new DivSingle(word);
            case Op.FMADD -> new MultiplyAddSingle(word);
            case Op.FMSUB -> new MultiplySubSingle(word);
            default -> null;
        };
    }

    /// FADD.
    static final class AddDouble extends VectorInstruction {
        AddDouble(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.add(DOUBLE, ctx.v[n], ctx.v[m], ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }

    /// FSUB.
    static final class SubDouble extends VectorInstruction {
        SubDouble(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.sub(DOUBLE, ctx.v[n], ctx.v[m], ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }

    /// FMUL.
    static final class MulDouble extends VectorInstruction {
        MulDouble(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.mul(DOUBLE, ctx.v[n], ctx.v[m], ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }

    /// FDIV.
    static final class DivDouble extends VectorInstruction {
        DivDouble(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.div(DOUBLE, ctx.v[n], ctx.v[m], ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }

    /// FMADD.
    static final class MultiplyAddDouble extends VectorInstruction {
        MultiplyAddDouble(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.fma(DOUBLE, ctx.v[a], ctx.v[n], ctx.v[m], ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }

    /// FMSUB.
    static final class MultiplySubDouble extends VectorInstruction {
        MultiplySubDouble(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.fma(DOUBLE, ctx.v[a], DOUBLE.neg(ctx.v[n]), ctx.v[m], ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }

    /// FADD.
    static final class AddSingle extends VectorInstruction {
        AddSingle(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.add(SINGLE, ctx.v[n] & Integers.LOW32, ctx.v[m] & Integers.LOW32, ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }

    /// FSUB.
    static final class SubSingle extends VectorInstruction {
        SubSingle(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.sub(SINGLE, ctx.v[n] & Integers.LOW32, ctx.v[m] & Integers.LOW32, ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }

    /// FMUL.
    static final class MulSingle extends VectorInstruction {
        MulSingle(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.mul(SINGLE, ctx.v[n] & Integers.LOW32, ctx.v[m] & Integers.LOW32, ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }

    /// FDIV.
    static final class DivSingle extends VectorInstruction {
        DivSingle(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.div(SINGLE, ctx.v[n] & Integers.LOW32, ctx.v[m] & Integers.LOW32, ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }

    /// FMADD.
    static final class MultiplyAddSingle extends VectorInstruction {
        MultiplyAddSingle(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.fma(
                    SINGLE, ctx.v[a] & Integers.LOW32, ctx.v[n] & Integers.LOW32, ctx.v[m] & Integers.LOW32, ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }

    /// FMSUB.
    static final class MultiplySubSingle extends VectorInstruction {
        MultiplySubSingle(long word) {
            super(word);
        }

        @Override
        void perform(CpuContext ctx) {
            ctx.v[d] = Fp.fma(
                    SINGLE,
                    ctx.v[a] & Integers.LOW32,
                    SINGLE.neg(ctx.v[n] & Integers.LOW32),
                    ctx.v[m] & Integers.LOW32,
                    ctx.fp);
            ctx.v[d + 1] = 0;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            if (!ctx.fpEnabled) {
                return stay(ctx, at, Interpreter.FP_TRAP);
            }
            perform(ctx);
            return at + 1;
        }
    }
}
