package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Access;
import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import org.jspecify.annotations.Nullable;

/// Makes the executable form of loads and stores of SIMD registers.
final class SimdAccessFactory {
    private SimdAccessFactory() {}

    /// {@return the executable form, or null when the operation is none of them}
    ///
    /// @param word see [PreDecoded]
    /// @param imm see [PreDecoded]
    /// @param at index of the instruction in its page
    static @Nullable DecodedInstruction make(long word, long imm, int at) {
        return switch (PreDecoded.op(word)) {
            case Op.LDR_V_IMM -> load(word, imm, VectorAccesses.Mode.OFFSET);
            case Op.LDR_V_POST -> load(word, imm, VectorAccesses.Mode.POST);
            case Op.LDR_V_PRE -> load(word, imm, VectorAccesses.Mode.PRE);
            case Op.LDR_V_REG -> load(word, imm, VectorAccesses.Mode.INDEX);
            case Op.LDR_V_EXT -> load(word, imm, VectorAccesses.Mode.EXTENDED_INDEX);
            case Op.STR_V_IMM -> store(word, imm, VectorAccesses.Mode.OFFSET);
            case Op.STR_V_POST -> store(word, imm, VectorAccesses.Mode.POST);
            case Op.STR_V_PRE -> store(word, imm, VectorAccesses.Mode.PRE);
            case Op.STR_V_REG -> store(word, imm, VectorAccesses.Mode.INDEX);
            case Op.STR_V_EXT -> store(word, imm, VectorAccesses.Mode.EXTENDED_INDEX);
            case Op.LDR_V_LIT -> new VectorAccesses.Literal(word, (long) DecodedPage.INSTRUCTION_BYTES * at + imm);
            case Op.LDP_V_IMM -> loadPair(word, imm, VectorAccesses.Mode.OFFSET);
            case Op.LDP_V_POST -> loadPair(word, imm, VectorAccesses.Mode.POST);
            case Op.LDP_V_PRE -> loadPair(word, imm, VectorAccesses.Mode.PRE);
            case Op.STP_V_IMM -> storePair(word, imm, VectorAccesses.Mode.OFFSET);
            case Op.STP_V_POST -> storePair(word, imm, VectorAccesses.Mode.POST);
            case Op.STP_V_PRE -> storePair(word, imm, VectorAccesses.Mode.PRE);
            case Op.LD1 -> new VectorStructures.LoadMultiple(word, imm, false);
            case Op.LD2, Op.LD3, Op.LD4 -> new VectorStructures.LoadMultiple(word, imm, true);
            case Op.ST1 -> new VectorStructures.StoreMultiple(word, imm, false);
            case Op.ST2, Op.ST3, Op.ST4 -> new VectorStructures.StoreMultiple(word, imm, true);
            case Op.LD1_LANE, Op.LD2_LANE, Op.LD3_LANE, Op.LD4_LANE -> new VectorStructures.LoadLane(word, imm);
            case Op.ST1_LANE, Op.ST2_LANE, Op.ST3_LANE, Op.ST4_LANE -> new VectorStructures.StoreLane(word, imm);
            case Op.LD1R, Op.LD2R, Op.LD3R, Op.LD4R -> new VectorStructures.LoadReplicated(word, imm);
            default -> null;
        };
    }

    private static boolean isQ(long word) {
        return Access.log2Size(PreDecoded.aux(word)) == 4;
    }

    private static DecodedInstruction load(long word, long imm, VectorAccesses.Mode mode) {
        return switch (Access.log2Size(PreDecoded.aux(word))) {
            case 4 -> new VectorAccesses.Load128(word, imm, mode);
            case 3 -> new VectorAccesses.Load64(word, imm, mode);
            case 2 -> new VectorAccesses.Load32(word, imm, mode);
            default -> new VectorAccesses.LoadSmall(word, imm, mode);
        };
    }

    private static DecodedInstruction store(long word, long imm, VectorAccesses.Mode mode) {
        return switch (Access.log2Size(PreDecoded.aux(word))) {
            case 4 -> new VectorAccesses.Store128(word, imm, mode);
            case 3 -> new VectorAccesses.Store64(word, imm, mode);
            case 2 -> new VectorAccesses.Store32(word, imm, mode);
            default -> new VectorAccesses.StoreSmall(word, imm, mode);
        };
    }

    private static DecodedInstruction loadPair(long word, long imm, VectorAccesses.Mode mode) {
        return isQ(word)
                ? new VectorAccesses.LoadPair128(word, imm, mode)
                : new VectorAccesses.LoadPair(word, imm, mode);
    }

    private static DecodedInstruction storePair(long word, long imm, VectorAccesses.Mode mode) {
        return isQ(word)
                ? new VectorAccesses.StorePair128(word, imm, mode)
                : new VectorAccesses.StorePair(word, imm, mode);
    }
}
