package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.a64.VectorShape;
import dev.ipanema.arm.simd.Permutes;
import org.jspecify.annotations.Nullable;

/// Makes the executable form of Advanced SIMD integer data processing and cryptographic instructions.
final class SimdFactory {
    private SimdFactory() {}

    /// {@return the executable form of an operation from [Op#FIRST_SIMD_SAME] to [Op#LAST_CRYPTO]}
    ///
    /// @param word see [PreDecoded]
    /// @param imm see [PreDecoded]
    static DecodedInstruction make(long word, long imm) {
        int op = PreDecoded.op(word);
        DecodedInstruction common = isScalar(word) ? null : common(op, word, imm);
        if (common != null) {
            return common;
        }
        if (op <= Op.LAST_SIMD_SAME) {
            return same(op, word);
        }
        if (op <= Op.LAST_SIMD_PAIRWISE) {
            return new SimdInstructions.Pairwise(word, SimdFunctions.pairwise(op));
        }
        if (op <= Op.LAST_SIMD_MATRIX) {
            return new SimdInstructions.Matrix(word, SimdFunctions.matrix(op));
        }
        if (op <= Op.LAST_SIMD_LONG) {
            return different(op, word);
        }
        if (op <= Op.LAST_SIMD_MISC) {
            return misc(op, word);
        }
        if (op <= Op.LAST_SIMD_ACROSS) {
            boolean sum = op == Op.SADDLV_V || op == Op.UADDLV_V || op == Op.ADDV_V;
            return new SimdInstructions.Across(word, SimdFunctions.across(op), sum);
        }
        if (op <= Op.LAST_SIMD_SHIFT) {
            return shift(op, word, imm);
        }
        if (op <= Op.LAST_SIMD_ELEMENT) {
            return element(op, word, imm);
        }
        return op <= Op.LAST_SIMD_PERMUTE
                ? new SimdInstructions.Registers(word, permute(op), imm)
                : CryptoFactory.make(op, word, imm);
    }

    /// {@return an instruction of a class of its own, or null}
    private static @Nullable DecodedInstruction common(int op, long word, long imm) {
        return switch (op) {
            case Op.AND_V -> new CommonVectors.And(word);
            case Op.BIC_V -> new CommonVectors.Bic(word);
            case Op.ORR_V -> new CommonVectors.Orr(word);
            case Op.EOR_V -> new CommonVectors.Eor(word);
            case Op.BSL_V -> new CommonVectors.Bsl(word);
            case Op.BIT_V -> new CommonVectors.Bit(word);
            case Op.BIF_V -> new CommonVectors.Bif(word);
            case Op.ADD_V -> new CommonVectors.Add(word);
            case Op.SUB_V -> new CommonVectors.Sub(word);
            case Op.CMEQ_V -> new CommonVectors.Cmeq(word);
            case Op.CMTST_V -> new CommonVectors.Cmtst(word);
            case Op.CMHI_V -> new CommonVectors.Cmhi(word);
            case Op.CMHS_V -> new CommonVectors.Cmhs(word);
            case Op.CMGT_V -> new CommonVectors.Cmgt(word);
            case Op.UMAX_V -> new CommonVectors.Umax(word);
            case Op.UMIN_V -> new CommonVectors.Umin(word);
            case Op.CMEQ_ZERO_V -> new CommonVectors.CmeqZero(word);
            case Op.CMLT_ZERO_V -> new CommonVectors.CmltZero(word);
            case Op.NOT_V -> new CommonVectors.Not(word);
            case Op.USHR_V -> new CommonVectors.Ushr(word, imm);
            case Op.SSHR_V -> new CommonVectors.Sshr(word, imm);
            case Op.SHL_V -> new CommonVectors.Shl(word, imm);
            default -> commonHalves(op, word, imm);
        };
    }

    private static @Nullable DecodedInstruction commonHalves(int op, long word, long imm) {
        boolean q = VectorShape.isQ(PreDecoded.aux(word));
        return switch (op) {
            case Op.ADDP_V -> q ? new CommonVectors.Addp(word) : null;
            case Op.UMAXP_V -> q ? new CommonVectors.Umaxp(word) : null;
            case Op.UMINP_V -> q ? new CommonVectors.Uminp(word) : null;
            case Op.SHRN_V -> q ? null : new CommonVectors.Shrn(word, imm);
            case Op.XTN_V -> q ? null : new CommonVectors.Xtn(word);
            default -> null;
        };
    }

    private static boolean isScalar(long word) {
        return VectorShape.isScalar(PreDecoded.aux(word));
    }

    /// {@return an instruction on two sources and the destination, element by element}
    static DecodedInstruction lanewise(long word, LaneFunction function) {
        if (isScalar(word)) {
            return new SimdInstructions.Scalar(word, function);
        }
        return VectorShape.isQ(PreDecoded.aux(word))
                ? new SimdInstructions.Same(word, function)
                : new SimdInstructions.Same64(word, function);
    }

    private static DecodedInstruction same(int op, long word) {
        return lanewise(word, SimdFunctions.same(op));
    }

    private static DecodedInstruction constant(long word, LaneFunction function, long imm) {
        return isScalar(word)
                ? new SimdInstructions.ScalarConstant(word, function, imm)
                : new SimdInstructions.Constant(word, function, imm);
    }

    private static DecodedInstruction narrow(int op, long word, long imm) {
        LaneFunction function = SimdFunctions.narrow(op);
        return isScalar(word)
                ? new SimdInstructions.NarrowScalar(word, function, imm)
                : new SimdInstructions.Narrow(word, function, imm);
    }

    private static DecodedInstruction different(int op, long word) {
        return switch (op) {
            case Op.PMULL_1Q -> new SimdInstructions.Registers(word, CryptoFactory.PMULL, 0);
            case Op.SADDW_V, Op.UADDW_V, Op.SSUBW_V, Op.USUBW_V ->
                new SimdInstructions.Wide(word, SimdFunctions.wide(op));
            case Op.ADDHN_V, Op.RADDHN_V, Op.SUBHN_V, Op.RSUBHN_V ->
                new SimdInstructions.NarrowHigh(word, SimdFunctions.narrowHigh(op));
            default -> {
                LaneFunction function = SimdFunctions.longer(op);
                yield isScalar(word)
                        ? new SimdInstructions.LongScalar(word, function, 0)
                        : new SimdInstructions.Twice(word, function);
            }
        };
    }

    private static DecodedInstruction misc(int op, long word) {
        return switch (op) {
            case Op.XTN_V, Op.SQXTN_V, Op.UQXTN_V, Op.SQXTUN_V -> narrow(op, word, 0);
            case Op.SHLL_V -> new SimdInstructions.LongConstant(word, SimdFunctions.longer(op), 0);
            default -> constant(word, SimdFunctions.misc(op), 0);
        };
    }

    private static DecodedInstruction shift(int op, long word, long imm) {
        return switch (op) {
            case Op.SHRN_V,
                    Op.RSHRN_V,
                    Op.SQSHRN_V,
                    Op.SQRSHRN_V,
                    Op.UQSHRN_V,
                    Op.UQRSHRN_V,
                    Op.SQSHRUN_V,
                    Op.SQRSHRUN_V -> narrow(op, word, imm);
            case Op.SSHLL_V, Op.USHLL_V -> new SimdInstructions.LongConstant(word, SimdFunctions.longer(op), imm);
            default -> constant(word, SimdFunctions.shift(op), imm);
        };
    }

    private static DecodedInstruction element(int op, long word, long imm) {
        return switch (op) {
            case Op.SMULL_E,
                    Op.UMULL_E,
                    Op.SMLAL_E,
                    Op.UMLAL_E,
                    Op.SMLSL_E,
                    Op.UMLSL_E,
                    Op.SQDMULL_E,
                    Op.SQDMLAL_E,
                    Op.SQDMLSL_E -> {
                LaneFunction function = SimdFunctions.longer(op);
                yield isScalar(word)
                        ? new SimdInstructions.LongScalar(word, function, imm)
                        : new SimdInstructions.LongElement(word, function, imm);
            }
            default -> {
                LaneFunction function = SimdFunctions.same(op);
                yield isScalar(word)
                        ? new SimdInstructions.ScalarElement(word, function, imm)
                        : new SimdInstructions.Element(word, function, imm);
            }
        };
    }

    private static RegisterFunction permute(int op) {
        return switch (op) {
            case Op.UZP1_V ->
                (v, d, n, m, a, imm, aux) -> Permutes.uzp1(v, d, n, m, VectorShape.log2Size(aux), VectorShape.isQ(aux));
            case Op.UZP2_V ->
                (v, d, n, m, a, imm, aux) -> Permutes.uzp2(v, d, n, m, VectorShape.log2Size(aux), VectorShape.isQ(aux));
            case Op.TRN1_V ->
                (v, d, n, m, a, imm, aux) -> Permutes.trn1(v, d, n, m, VectorShape.log2Size(aux), VectorShape.isQ(aux));
            case Op.TRN2_V ->
                (v, d, n, m, a, imm, aux) -> Permutes.trn2(v, d, n, m, VectorShape.log2Size(aux), VectorShape.isQ(aux));
            case Op.ZIP1_V ->
                (v, d, n, m, a, imm, aux) -> Permutes.zip1(v, d, n, m, VectorShape.log2Size(aux), VectorShape.isQ(aux));
            case Op.ZIP2_V ->
                (v, d, n, m, a, imm, aux) -> Permutes.zip2(v, d, n, m, VectorShape.log2Size(aux), VectorShape.isQ(aux));
            case Op.EXT_V -> (v, d, n, m, a, imm, aux) -> Permutes.ext(v, d, n, m, imm, VectorShape.isQ(aux));
            case Op.TBL_V ->
                (v, d, n, m, a, imm, aux) -> Permutes.tbl(v, d, n, m, VectorShape.free(aux), VectorShape.isQ(aux));
            case Op.TBX_V ->
                (v, d, n, m, a, imm, aux) -> Permutes.tbx(v, d, n, m, VectorShape.free(aux), VectorShape.isQ(aux));
            default -> throw new AssertionError("Operation " + op + " is no permute");
        };
    }
}
