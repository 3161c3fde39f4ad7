package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import org.jspecify.annotations.Nullable;

/// Makes the executable form of moves between and within SIMD registers.
final class SimdMoveFactory {
    private static final long ALL = -1;

    private SimdMoveFactory() {}

    /// {@return the executable form, or null when the operation is none of them}
    ///
    /// @param word see [PreDecoded]
    /// @param imm see [PreDecoded]
    static @Nullable DecodedInstruction make(long word, long imm) {
        return switch (PreDecoded.op(word)) {
            case Op.MOVI_V -> new SimdMoves.Constant(word, imm);
            case Op.ORR_IMM_V -> new SimdMoves.OrrConstant(word, imm);
            case Op.BIC_IMM_V -> new SimdMoves.AndConstant(word, imm);
            case Op.DUP_ELEMENT -> new SimdMoves.DuplicateElement(word, imm);
            case Op.DUP_GENERAL -> new SimdMoves.DuplicateGeneral(word);
            case Op.INS_GENERAL -> new SimdMoves.InsertGeneral(word, imm);
            case Op.INS_ELEMENT -> new SimdMoves.InsertElement(word, imm);
            case Op.UMOV -> new SimdMoves.MoveElement(word, imm);
            case Op.SMOV_W -> new SimdMoves.MoveSignedElement(word, imm, Integers.LOW32);
            case Op.SMOV_X -> new SimdMoves.MoveSignedElement(word, imm, ALL);
            case Op.FMOV_REG -> new SimdMoves.MoveScalar(word);
            case Op.FMOV_TO_GENERAL -> new SimdMoves.MoveToGeneral(word, 0);
            case Op.FMOV_HIGH_TO_GENERAL -> new SimdMoves.MoveToGeneral(word, 1);
            case Op.FMOV_FROM_GENERAL -> new SimdMoves.MoveFromGeneral(word);
            case Op.FMOV_HIGH_FROM_GENERAL -> new SimdMoves.MoveFromGeneralHigh(word);
            default -> null;
        };
    }
}
