package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.fp.Fp;
import dev.ipanema.arm.fp.FpCompare;
import dev.ipanema.arm.fp.FpEstimates;
import dev.ipanema.arm.fp.FpFormat;
import dev.ipanema.arm.fp.FpIntegers;
import dev.ipanema.arm.fp.FpStatus;
import org.jspecify.annotations.Nullable;

/// The function of each floating-point operation that treats elements one by one.
///
/// Source: Arm ARM DDI 0487, C7.2 by name.
final class FpFunctions {
    /// In the free bits of an operation: the rounding mode of FPCR.
    private static final int FPCR_MODE = 7;

    /// In the free bits of an operation: its rounding mode, or [#FPCR_MODE].
    static final int MODE = 7;

    /// In the free bits of FRINT: inexactness is flagged.
    private static final int EXACT = 8;

    /// In the free bits of FRINT_SIZED: to 64 bits.
    private static final int TO_64_BITS = 8;

    /// In the free bits of conversions: the integer is unsigned.
    static final int UNSIGNED = 8;

    /// In the free bits of conversions: the general register is an X register.
    static final int X_REGISTER = 16;

    private FpFunctions() {}

    /// {@return the function of an operation on one or two sources, or null when it is none}
    static @Nullable FpFunction lanewise(int op, int free, int imm) {
        return switch (op) {
            case Op.FADD -> (f, d, n, m, s) -> Fp.add(f, n, m, s);
            case Op.FSUB -> (f, d, n, m, s) -> Fp.sub(f, n, m, s);
            case Op.FMUL, Op.FMUL_E -> (f, d, n, m, s) -> Fp.mul(f, n, m, s);
            case Op.FDIV -> (f, d, n, m, s) -> Fp.div(f, n, m, s);
            case Op.FNMUL -> (f, d, n, m, s) -> f.neg(Fp.mul(f, n, m, s));
            case Op.FMULX, Op.FMULX_E -> (f, d, n, m, s) -> Fp.mulx(f, n, m, s);
            case Op.FMLA, Op.FMLA_E -> (f, d, n, m, s) -> Fp.fma(f, d, n, m, s);
            case Op.FMLS, Op.FMLS_E -> (f, d, n, m, s) -> Fp.fma(f, d, f.neg(n), m, s);
            case Op.FABD -> (f, d, n, m, s) -> Fp.absoluteDifference(f, n, m, s);
            case Op.FRECPS -> (f, d, n, m, s) -> FpEstimates.reciprocalStep(f, n, m, s);
            case Op.FRSQRTS -> (f, d, n, m, s) -> FpEstimates.reciprocalSquareRootStep(f, n, m, s);
            case Op.FABS -> (f, d, n, m, s) -> f.abs(n);
            case Op.FNEG -> (f, d, n, m, s) -> f.neg(n);
            case Op.FSQRT -> (f, d, n, m, s) -> Fp.sqrt(f, n, s);
            case Op.FRECPE -> (f, d, n, m, s) -> FpEstimates.reciprocal(f, n, s);
            case Op.FRSQRTE -> (f, d, n, m, s) -> FpEstimates.reciprocalSquareRoot(f, n, s);
            case Op.FRECPX -> (f, d, n, m, s) -> FpEstimates.reciprocalExponent(f, n, s);
            case Op.FRINT, Op.FRINT_SIZED -> round(op, free);
            case Op.FCVT_TO_LANE, Op.CVTF_FROM_LANE -> convert(op, free, imm);
            default -> reducing(op) == null ? compare(op) : reducing(op);
        };
    }

    /// {@return the function of an operation that combines pairs of elements, or null when it is none}
    static @Nullable FpFunction reducing(int op) {
        return switch (op) {
            case Op.FADDP, Op.FADDV -> (f, d, n, m, s) -> Fp.add(f, n, m, s);
            case Op.FMAX, Op.FMAXP, Op.FMAXV -> (f, d, n, m, s) -> Fp.max(f, n, m, s);
            case Op.FMIN, Op.FMINP, Op.FMINV -> (f, d, n, m, s) -> Fp.min(f, n, m, s);
            case Op.FMAXNM, Op.FMAXNMP, Op.FMAXNMV -> (f, d, n, m, s) -> Fp.maxNum(f, n, m, s);
            case Op.FMINNM, Op.FMINNMP, Op.FMINNMV -> (f, d, n, m, s) -> Fp.minNum(f, n, m, s);
            default -> null;
        };
    }

    /// {@return the function of a fused operation on three sources}
    static FpFunction fused(int op) {
        return switch (op) {
            case Op.FMADD -> Fp::fma;
            case Op.FMSUB -> (f, a, n, m, s) -> Fp.fma(f, a, f.neg(n), m, s);
            case Op.FNMADD -> (f, a, n, m, s) -> Fp.fma(f, f.neg(a), f.neg(n), m, s);
            case Op.FNMSUB -> (f, a, n, m, s) -> Fp.fma(f, f.neg(a), n, m, s);
            default -> throw new IllegalArgumentException("Operation " + op);
        };
    }

    private static long allOnes(FpFormat format, boolean holds) {
        return holds ? -1L >>> (64 - format.bits()) : 0;
    }

    private static @Nullable FpFunction compare(int op) {
        return switch (op) {
            case Op.FCMEQ -> (f, d, n, m, s) -> allOnes(f, FpCompare.equal(f, n, m, s));
            case Op.FCMGE -> (f, d, n, m, s) -> allOnes(f, FpCompare.greaterOrEqual(f, n, m, s));
            case Op.FCMGT -> (f, d, n, m, s) -> allOnes(f, FpCompare.greater(f, n, m, s));
            case Op.FACGE -> (f, d, n, m, s) -> allOnes(f, FpCompare.greaterOrEqual(f, f.abs(n), f.abs(m), s));
            case Op.FACGT -> (f, d, n, m, s) -> allOnes(f, FpCompare.greater(f, f.abs(n), f.abs(m), s));
            case Op.FCMEQ_ZERO -> (f, d, n, m, s) -> allOnes(f, FpCompare.equal(f, n, 0, s));
            case Op.FCMGE_ZERO -> (f, d, n, m, s) -> allOnes(f, FpCompare.greaterOrEqual(f, n, 0, s));
            case Op.FCMGT_ZERO -> (f, d, n, m, s) -> allOnes(f, FpCompare.greater(f, n, 0, s));
            case Op.FCMLE_ZERO -> (f, d, n, m, s) -> allOnes(f, FpCompare.greaterOrEqual(f, 0, n, s));
            case Op.FCMLT_ZERO -> (f, d, n, m, s) -> allOnes(f, FpCompare.greater(f, 0, n, s));
            default -> null;
        };
    }

    private static int mode(int given, FpStatus status) {
        return given == FPCR_MODE ? status.rounding() : given;
    }

    private static FpFunction round(int op, int free) {
        int given = free & MODE;
        if (op == Op.FRINT_SIZED) {
            int size = (free & TO_64_BITS) != 0 ? Long.SIZE : Integer.SIZE;
            return (f, d, n, m, s) -> FpIntegers.roundToSize(f, n, mode(given, s), size, s);
        }
        boolean exact = (free & EXACT) != 0;
        return (f, d, n, m, s) -> FpIntegers.round(f, n, mode(given, s), exact, s);
    }

    private static FpFunction convert(int op, int free, int fractionBits) {
        boolean unsigned = (free & UNSIGNED) != 0;
        int mode = free & MODE;
        if (op == Op.FCVT_TO_LANE) {
            return (f, d, n, m, s) -> FpIntegers.toFixed(f, n, fractionBits, unsigned, f.bits(), mode, s);
        }
        return (f, d, n, m, s) -> {
            int unused = 64 - f.bits();
            long value = unsigned ? n : n << unused >> unused;
            return FpIntegers.fromFixed(f, value, fractionBits, unsigned, s);
        };
    }
}
