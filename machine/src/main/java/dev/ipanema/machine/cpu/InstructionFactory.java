package dev.ipanema.machine.cpu;

import static dev.ipanema.machine.cpu.Integers.LOW32;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import org.jspecify.annotations.Nullable;

/// Makes the executable form of a pre-decoded instruction: the class of its kind, or [RareInstruction].
final class InstructionFactory {
    private static final long ALL = -1;

    private final RareInstructions rare;
    private final boolean branchTargets;

    /// @param branchTargets whether the processor has FEAT_BTI
    InstructionFactory(RareInstructions rare, boolean branchTargets) {
        this.rare = rare;
        this.branchTargets = branchTargets;
    }

    /// {@return the executable form}
    ///
    /// @param word see [PreDecoded]
    /// @param imm see [PreDecoded]
    /// @param at index of the instruction in its page
    DecodedInstruction make(long word, long imm, int at) {
        int op = PreDecoded.op(word);
        if (op >= Op.FIRST_IMMEDIATE && op <= Op.LAST_REGISTER) {
            return integer(op, word, imm, at);
        }
        if (op >= Op.FIRST_BRANCH && op <= Op.LAST_BRANCH) {
            return branch(op, word, imm, at);
        }
        if (op >= Op.FIRST_LOAD_STORE && op <= Op.LAST_LOAD_STORE) {
            return access(op, word, imm, at);
        }
        if (op == Op.NOP || op == Op.HINT) {
            return HintInstruction.nop(word);
        }
        if (op == Op.BTI) {
            return HintInstruction.bti(word, (int) imm);
        }
        DecodedInstruction made = simd(op, word, imm, at);
        return made == null ? new RareInstruction(rare, word, imm) : made;
    }

    private static @Nullable DecodedInstruction simd(int op, long word, long imm, int at) {
        if (op >= Op.FIRST_SIMD_LOAD_STORE && op <= Op.LAST_SIMD_LOAD_STORE) {
            return SimdAccessFactory.make(word, imm, at);
        }
        if (op >= Op.FIRST_SIMD_MOVE && op <= Op.LAST_SIMD_MOVE) {
            return SimdMoveFactory.make(word, imm);
        }
        if (op >= Op.FIRST_FLOAT && op <= Op.LAST_FLOAT_BFLOAT) {
            return FpFactory.make(word, imm);
        }
        return op >= Op.FIRST_SIMD_SAME && op <= Op.LAST_CRYPTO ? SimdFactory.make(word, imm) : null;
    }

    private static long offset(int at) {
        return (long) DecodedPage.INSTRUCTION_BYTES * at;
    }

    /// ORR of XZR is MOV.
    private static DecodedInstruction orr(long word, long mask) {
        return PreDecoded.rn(word) == PreDecoded.ZR
                ? new IntegerInstructions.Move(word, mask)
                : new IntegerInstructions.OrrRegister(word, mask);
    }

    private DecodedInstruction integer(int op, long word, long imm, int at) {
        int aux = PreDecoded.aux(word);
        return switch (op) {
            case Op.ADD_IMM_X -> new IntegerInstructions.AddImmediate(word, imm, ALL);
            case Op.ADD_IMM_W -> new IntegerInstructions.AddImmediate(word, imm, LOW32);
            case Op.SUB_IMM_X -> new IntegerInstructions.AddImmediate(word, -imm, ALL);
            case Op.SUB_IMM_W -> new IntegerInstructions.AddImmediate(word, -imm, LOW32);
            case Op.ADR -> new IntegerInstructions.PageAddress(word, offset(at) + imm, ALL);
            case Op.ADRP -> new IntegerInstructions.PageAddress(word, imm, ALL);
            case Op.AND_IMM_W, Op.AND_IMM_X -> new IntegerInstructions.AndImmediate(word, imm, ALL);
            case Op.ORR_IMM_X -> new IntegerInstructions.OrrImmediate(word, imm, ALL);
            case Op.ORR_IMM_W -> new IntegerInstructions.OrrImmediate(word, imm, LOW32);
            case Op.EOR_IMM_X -> new IntegerInstructions.EorImmediate(word, imm, ALL);
            case Op.EOR_IMM_W -> new IntegerInstructions.EorImmediate(word, imm, LOW32);
            case Op.ADDS_IMM_X -> new IntegerInstructions.AddsImmediate(word, imm, ALL);
            case Op.ADDS_IMM_W -> new IntegerInstructions.AddsImmediate32(word, imm, LOW32);
            case Op.SUBS_IMM_X -> new IntegerInstructions.SubsImmediate(word, imm, ALL);
            case Op.SUBS_IMM_W -> new IntegerInstructions.SubsImmediate32(word, imm, LOW32);
            case Op.ANDS_IMM_X -> new IntegerInstructions.AndsImmediate(word, imm, ALL);
            case Op.ANDS_IMM_W -> new IntegerInstructions.AndsImmediate32(word, imm, LOW32);
            case Op.MOV_CONST -> new IntegerInstructions.Constant(word, imm, ALL);
            case Op.MOVK_X -> new IntegerInstructions.MoveKeep(word, imm, ~(0xffffL << aux));
            case Op.MOVK_W -> new IntegerInstructions.MoveKeep(word, imm, ~(0xffffL << aux) & LOW32);
            case Op.UBFM_X -> new IntegerInstructions.UnsignedBitfield(word, ALL);
            case Op.UBFM_W -> new IntegerInstructions.UnsignedBitfield(word, LOW32);
            case Op.SBFM_X -> new IntegerInstructions.SignedBitfield(word, ALL);
            case Op.SBFM_W -> new IntegerInstructions.SignedBitfield(word, LOW32);
            case Op.BFM_X -> new IntegerInstructions.Insert(word, imm, ALL);
            case Op.BFM_W -> new IntegerInstructions.Insert32(word, imm, LOW32);
            case Op.ORR_REG_X -> orr(word, ALL);
            case Op.ORR_REG_W -> orr(word, LOW32);
            case Op.ADD_REG_X -> new IntegerInstructions.AddRegister(word, ALL);
            case Op.ADD_REG_W -> new IntegerInstructions.AddRegister(word, LOW32);
            case Op.SUB_REG_X -> new IntegerInstructions.SubRegister(word, ALL);
            case Op.SUB_REG_W -> new IntegerInstructions.SubRegister(word, LOW32);
            case Op.AND_REG_X -> new IntegerInstructions.AndRegister(word, ALL);
            case Op.AND_REG_W -> new IntegerInstructions.AndRegister(word, LOW32);
            case Op.EOR_REG_X -> new IntegerInstructions.EorRegister(word, ALL);
            case Op.EOR_REG_W -> new IntegerInstructions.EorRegister(word, LOW32);
            case Op.ADDS_REG_X -> new IntegerInstructions.AddsRegister(word, ALL);
            case Op.ADDS_REG_W -> new IntegerInstructions.AddsRegister32(word, LOW32);
            case Op.SUBS_REG_X -> new IntegerInstructions.SubsRegister(word, ALL);
            case Op.SUBS_REG_W -> new IntegerInstructions.SubsRegister32(word, LOW32);
            case Op.ANDS_REG_X -> new IntegerInstructions.AndsRegister(word, ALL);
            case Op.ANDS_REG_W -> new IntegerInstructions.AndsRegister32(word, LOW32);
            case Op.ADD_EXT_X -> new IntegerInstructions.AddExtended(word, ALL);
            case Op.ADD_EXT_W -> new IntegerInstructions.AddExtended(word, LOW32);
            case Op.CSEL_X -> new IntegerInstructions.Csel(word, ALL);
            case Op.CSEL_W -> new IntegerInstructions.Csel(word, LOW32);
            case Op.CSINC_X -> new IntegerInstructions.Csinc(word, ALL);
            case Op.CSINC_W -> new IntegerInstructions.Csinc(word, LOW32);
            case Op.CSINV_X -> new IntegerInstructions.Csinv(word, ALL);
            case Op.CSINV_W -> new IntegerInstructions.Csinv(word, LOW32);
            case Op.CSNEG_X -> new IntegerInstructions.Csneg(word, ALL);
            case Op.CSNEG_W -> new IntegerInstructions.Csneg(word, LOW32);
            case Op.MADD_X -> new IntegerInstructions.Madd(word, ALL);
            case Op.MADD_W -> new IntegerInstructions.Madd(word, LOW32);
            case Op.MSUB_X -> new IntegerInstructions.Msub(word, ALL);
            case Op.MSUB_W -> new IntegerInstructions.Msub(word, LOW32);
            case Op.CCMP_REG_X -> new IntegerInstructions.CcmpRegister(word, ALL);
            case Op.CCMP_REG_W -> new IntegerInstructions.CcmpRegister32(word, LOW32);
            case Op.CCMP_IMM_X -> new IntegerInstructions.CcmpImmediate(word, imm, ALL);
            case Op.CCMP_IMM_W -> new IntegerInstructions.CcmpImmediate32(word, imm, LOW32);
            case Op.SMADDL -> new IntegerInstructions.Smaddl(word, ALL);
            case Op.UMADDL -> new IntegerInstructions.Umaddl(word, ALL);
            case Op.UMULH -> new IntegerInstructions.Umulh(word, ALL);
            case Op.LSLV_X -> new IntegerInstructions.Lslv(word, ALL);
            case Op.LSLV_W -> new IntegerInstructions.Lslv32(word, LOW32);
            case Op.LSRV_X -> new IntegerInstructions.Lsrv(word, ALL);
            case Op.LSRV_W -> new IntegerInstructions.Lsrv32(word, LOW32);
            case Op.ASRV_X -> new IntegerInstructions.Asrv(word, ALL);
            default -> shifted(op, word, imm);
        };
    }

    private DecodedInstruction shifted(int op, long word, long imm) {
        DecodedInstruction made = PreDecoded.shiftKind(PreDecoded.aux(word)) == 0 ? shiftedLeft(op, word) : null;
        if (made == null) {
            made = ShiftedInstructions.make(op, word);
        }
        if (made == null) {
            made = ChecksumInstructions.make(op, word, imm);
        }
        return made == null ? new RareInstruction(rare, word, imm) : made;
    }

    private static @Nullable DecodedInstruction shiftedLeft(int op, long word) {
        return switch (op) {
            case Op.ADD_SHIFT_X -> new IntegerInstructions.AddShiftedLeft(word, ALL);
            case Op.ADD_SHIFT_W -> new IntegerInstructions.AddShiftedLeft(word, LOW32);
            case Op.SUB_SHIFT_X -> new IntegerInstructions.SubShiftedLeft(word, ALL);
            case Op.SUB_SHIFT_W -> new IntegerInstructions.SubShiftedLeft(word, LOW32);
            case Op.AND_SHIFT_X -> new IntegerInstructions.AndShiftedLeft(word, ALL);
            case Op.AND_SHIFT_W -> new IntegerInstructions.AndShiftedLeft(word, LOW32);
            case Op.BIC_SHIFT_X -> new IntegerInstructions.BicShiftedLeft(word, ALL);
            case Op.BIC_SHIFT_W -> new IntegerInstructions.BicShiftedLeft(word, LOW32);
            case Op.ORR_SHIFT_X -> new IntegerInstructions.OrrShiftedLeft(word, ALL);
            case Op.ORR_SHIFT_W -> new IntegerInstructions.OrrShiftedLeft(word, LOW32);
            case Op.ORN_SHIFT_X -> new IntegerInstructions.OrnShiftedLeft(word, ALL);
            case Op.ORN_SHIFT_W -> new IntegerInstructions.OrnShiftedLeft(word, LOW32);
            case Op.EOR_SHIFT_X -> new IntegerInstructions.EorShiftedLeft(word, ALL);
            case Op.EOR_SHIFT_W -> new IntegerInstructions.EorShiftedLeft(word, LOW32);
            default -> null;
        };
    }

    private DecodedInstruction branch(int op, long word, long imm, int at) {
        int aux = PreDecoded.aux(word);
        return switch (op) {
            case Op.B -> new BranchInstructions.Always(word, at, imm);
            case Op.BL -> new BranchInstructions.Link(word, at, imm);
            case Op.B_EQ -> new BranchInstructions.IfEq(word, at, imm);
            case Op.B_NE -> new BranchInstructions.IfNe(word, at, imm);
            case Op.B_CS -> new BranchInstructions.IfCs(word, at, imm);
            case Op.B_CC -> new BranchInstructions.IfCc(word, at, imm);
            case Op.B_MI -> new BranchInstructions.IfMi(word, at, imm);
            case Op.B_PL -> new BranchInstructions.IfPl(word, at, imm);
            case Op.B_VS -> new BranchInstructions.IfVs(word, at, imm);
            case Op.B_VC -> new BranchInstructions.IfVc(word, at, imm);
            case Op.B_HI -> new BranchInstructions.IfHi(word, at, imm);
            case Op.B_LS -> new BranchInstructions.IfLs(word, at, imm);
            case Op.B_GE -> new BranchInstructions.IfGe(word, at, imm);
            case Op.B_LT -> new BranchInstructions.IfLt(word, at, imm);
            case Op.B_GT -> new BranchInstructions.IfGt(word, at, imm);
            case Op.B_LE -> new BranchInstructions.IfLe(word, at, imm);
            case Op.CBZ_X -> new BranchInstructions.IfZero(word, at, imm, ALL);
            case Op.CBZ_W -> new BranchInstructions.IfZero(word, at, imm, LOW32);
            case Op.CBNZ_X -> new BranchInstructions.IfNotZero(word, at, imm, ALL);
            case Op.CBNZ_W -> new BranchInstructions.IfNotZero(word, at, imm, LOW32);
            case Op.TBZ -> new BranchInstructions.IfZero(word, at, imm, 1L << aux);
            case Op.TBNZ -> new BranchInstructions.IfNotZero(word, at, imm, 1L << aux);
            case Op.RET -> new BranchInstructions.ToRegister(word);
            case Op.BR -> branchTargets ? new IndirectBranches.Jump(word) : new BranchInstructions.ToRegister(word);
            case Op.BLR ->
                branchTargets ? new IndirectBranches.Call(word) : new BranchInstructions.LinkToRegister(word);
            default -> new RareInstruction(rare, word, imm);
        };
    }

    private DecodedInstruction access(int op, long word, long imm, int at) {
        return switch (op) {
            case Op.LDR_X_IMM -> new AccessInstructions.Load64(word, imm, 0);
            case Op.LDR_W_IMM -> new AccessInstructions.Load32(word, imm, 0);
            case Op.LDRH_IMM -> new AccessInstructions.Load16(word, imm, 0);
            case Op.LDRB_IMM -> new AccessInstructions.Load8(word, imm, 0);
            case Op.LDRSW_IMM -> new AccessInstructions.LoadSigned32(word, imm, 0);
            case Op.STR_X_IMM -> new AccessInstructions.Store64(word, imm, 0);
            case Op.STR_W_IMM -> new AccessInstructions.Store32(word, imm, 0);
            case Op.STRH_IMM -> new AccessInstructions.Store16(word, imm, 0);
            case Op.STRB_IMM -> new AccessInstructions.Store8(word, imm, 0);
            case Op.LDR_X_REG -> new AccessInstructions.Load64Indexed(word, 0, 0);
            case Op.LDR_W_REG -> new AccessInstructions.Load32Indexed(word, 0, 0);
            case Op.LDRH_REG -> new AccessInstructions.Load16Indexed(word, 0, 0);
            case Op.LDRB_REG -> new AccessInstructions.Load8Indexed(word, 0, 0);
            case Op.LDRSW_REG -> new AccessInstructions.LoadSigned32Indexed(word, 0, 0);
            case Op.STR_X_REG -> new AccessInstructions.Store64Indexed(word, 0, 0);
            case Op.STR_W_REG -> new AccessInstructions.Store32Indexed(word, 0, 0);
            case Op.STRH_REG -> new AccessInstructions.Store16Indexed(word, 0, 0);
            case Op.STRB_REG -> new AccessInstructions.Store8Indexed(word, 0, 0);
            case Op.LDR_X_EXT -> new AccessInstructions.Load64Extended(word, 0, 0);
            case Op.LDR_W_EXT -> new AccessInstructions.Load32Extended(word, 0, 0);
            case Op.LDRB_EXT -> new AccessInstructions.Load8Extended(word, 0, 0);
            case Op.STR_X_EXT -> new AccessInstructions.Store64Extended(word, 0, 0);
            case Op.STR_W_EXT -> new AccessInstructions.Store32Extended(word, 0, 0);
            case Op.STRB_EXT -> new AccessInstructions.Store8Extended(word, 0, 0);
            case Op.LDR_X_POST -> new AccessInstructions.Load64WriteBack(word, 0, imm);
            case Op.LDR_X_PRE -> new AccessInstructions.Load64WriteBack(word, imm, imm);
            case Op.LDR_W_POST -> new AccessInstructions.Load32WriteBack(word, 0, imm);
            case Op.LDR_W_PRE -> new AccessInstructions.Load32WriteBack(word, imm, imm);
            case Op.LDRB_POST -> new AccessInstructions.Load8WriteBack(word, 0, imm);
            case Op.LDRB_PRE -> new AccessInstructions.Load8WriteBack(word, imm, imm);
            case Op.STR_X_POST -> new AccessInstructions.Store64WriteBack(word, 0, imm);
            case Op.STR_X_PRE -> new AccessInstructions.Store64WriteBack(word, imm, imm);
            case Op.STR_W_POST -> new AccessInstructions.Store32WriteBack(word, 0, imm);
            case Op.STR_W_PRE -> new AccessInstructions.Store32WriteBack(word, imm, imm);
            case Op.STRB_POST -> new AccessInstructions.Store8WriteBack(word, 0, imm);
            case Op.STRB_PRE -> new AccessInstructions.Store8WriteBack(word, imm, imm);
            case Op.LDP_X_IMM -> new AccessInstructions.LoadPair(word, imm, 0);
            case Op.LDP_X_POST -> new AccessInstructions.LoadPairWriteBack(word, 0, imm);
            case Op.LDP_X_PRE -> new AccessInstructions.LoadPairWriteBack(word, imm, imm);
            case Op.STP_X_IMM -> new AccessInstructions.StorePair(word, imm, 0);
            case Op.STP_X_POST -> new AccessInstructions.StorePairWriteBack(word, 0, imm);
            case Op.STP_X_PRE -> new AccessInstructions.StorePairWriteBack(word, imm, imm);
            case Op.LDR_X_LIT -> new AccessInstructions.LoadLiteral64(word, offset(at) + imm);
            default -> new RareInstruction(rare, word, imm);
        };
    }
}
