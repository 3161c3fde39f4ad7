package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.a64.VectorShape;
import org.jspecify.annotations.Nullable;

/// Makes the executable form of floating-point data processing.
final class FpFactory {
    private FpFactory() {}

    /// {@return the executable form, or null when the operation is none of them}
    ///
    /// @param word see [PreDecoded]
    /// @param imm see [PreDecoded]
    static @Nullable DecodedInstruction make(long word, long imm) {
        int op = PreDecoded.op(word);
        DecodedInstruction scalar = FpScalars.make(op, word);
        if (scalar != null) {
            return scalar;
        }
        return switch (op) {
            case Op.FMADD, Op.FMSUB, Op.FNMADD, Op.FNMSUB -> new FpInstructions.Fused(word, FpFunctions.fused(op));
            case Op.FCMP -> new FpInstructions.Compare(word, false, -1);
            case Op.FCMP_ZERO -> new FpInstructions.Compare(word, true, -1);
            case Op.FCCMP -> new FpInstructions.Compare(word, false, (int) imm);
            case Op.FCSEL -> new FpInstructions.Select(word, imm);
            case Op.FCVT -> new FpInstructions.Convert(word);
            case Op.FCVT_TO_X -> new FpInstructions.ToGeneral(word, imm);
            case Op.CVTF_FROM_X -> new FpInstructions.FromGeneral(word, imm);
            case Op.FJCVTZS -> new FpInstructions.ToJavaScript(word);
            case Op.FCVTL -> new FpInstructions.Lengthen(word);
            case Op.FCVTN -> new FpInstructions.Narrow(word, false);
            case Op.FCVTXN -> new FpInstructions.Narrow(word, true);
            case Op.FCADD -> new FpInstructions.Complex(word, false, -1);
            case Op.FCMLA -> new FpInstructions.Complex(word, true, -1);
            case Op.FCMLA_E -> new FpInstructions.Complex(word, true, (int) imm);
            default -> made(op, word, imm);
        };
    }

    private static @Nullable DecodedInstruction made(int op, long word, long imm) {
        return switch (op) {
            case Op.FMLAL, Op.FMLSL -> new FpInstructions.MultiplyLong(word, op == Op.FMLSL, false, -1);
            case Op.FMLAL2, Op.FMLSL2 -> new FpInstructions.MultiplyLong(word, op == Op.FMLSL2, true, -1);
            case Op.FMLAL_E, Op.FMLSL_E -> new FpInstructions.MultiplyLong(word, op == Op.FMLSL_E, false, (int) imm);
            case Op.FMLAL2_E, Op.FMLSL2_E -> new FpInstructions.MultiplyLong(word, op == Op.FMLSL2_E, true, (int) imm);
            case Op.BFCVT -> new BfloatInstructions.Convert(word);
            case Op.BFCVTN -> new BfloatInstructions.Narrow(word);
            case Op.BFDOT -> new BfloatInstructions.Dot(word, -1);
            case Op.BFDOT_E -> new BfloatInstructions.Dot(word, (int) imm);
            case Op.BFMMLA -> new BfloatInstructions.Matrix(word);
            case Op.BFMLALB -> new BfloatInstructions.MultiplyLong(word, 0, -1);
            case Op.BFMLALT -> new BfloatInstructions.MultiplyLong(word, 1, -1);
            case Op.BFMLALB_E -> new BfloatInstructions.MultiplyLong(word, 0, (int) imm);
            case Op.BFMLALT_E -> new BfloatInstructions.MultiplyLong(word, 1, (int) imm);
            default -> elementwise(op, word, imm);
        };
    }

    private static @Nullable DecodedInstruction elementwise(int op, long word, long imm) {
        int aux = PreDecoded.aux(word);
        FpFunction function = FpFunctions.lanewise(op, VectorShape.free(aux), (int) imm);
        if (function == null) {
            return null;
        }
        return switch (op) {
            case Op.FMLA_E, Op.FMLS_E, Op.FMUL_E, Op.FMULX_E -> new FpInstructions.ByElement(word, function, imm);
            case Op.FADDP, Op.FMAXP, Op.FMINP, Op.FMAXNMP, Op.FMINNMP -> new FpInstructions.Pairwise(word, function);
            case Op.FADDV, Op.FMAXV, Op.FMINV, Op.FMAXNMV, Op.FMINNMV -> new FpInstructions.Across(word, function);
            default ->
                VectorShape.isScalar(aux)
                        ? new FpInstructions.Scalar(word, function)
                        : new FpInstructions.Vector(word, function);
        };
    }
}
