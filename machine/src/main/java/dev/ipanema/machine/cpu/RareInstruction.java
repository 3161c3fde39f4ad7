package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.machine.mmu.Mmu;

/// An instruction that has no class of its own: [RareInstructions] executes it.
final class RareInstruction extends DecodedInstruction {
    /// What SP has to be a multiple of when it is the base of an access.
    static final int SP_ALIGNMENT = 16;

    private final RareInstructions rare;
    private final long imm;
    private final boolean checksSp;

    RareInstruction(RareInstructions rare, long word, long imm) {
        super(word);
        this.rare = rare;
        this.imm = imm;
        this.checksSp = PreDecoded.rn(word) == PreDecoded.SP && isAccessAtBase(PreDecoded.op(word));
    }

    private static boolean isAccessAtBase(int op) {
        return (op >= Op.FIRST_LOAD_STORE && op <= Op.LAST_ATOMIC && op != Op.PRFM)
                || (op >= Op.LDRAA_IMM && op <= Op.LDRAB_PRE)
                || (op >= Op.FIRST_SIMD_LOAD_STORE && op <= Op.LAST_SIMD_LOAD_STORE);
    }

    /// BTI with a matching operand, PACIASP and PACIBSP as they please SCTLR_EL1, BRK and HLT (Arm ARM, D8.4.4, and
    /// `AArch64.CheckForBTIEnabled` with each instruction).
    @Override
    boolean acceptsBranch(CpuContext ctx, int btype) {
        return switch (PreDecoded.op(word)) {
            case Op.PACIASP, Op.PACIBSP -> BranchTargets.pacSp(ctx, btype);
            case Op.BRK, Op.HLT -> true;
            default -> false;
        };
    }

    @Override
    int execute(CpuContext ctx, Mmu mmu, int at) {
        ctx.pc = ctx.pageVa + (long) DecodedPage.INSTRUCTION_BYTES * at;
        if (checksSp && (ctx.x[PreDecoded.SP] & (SP_ALIGNMENT - 1)) != 0) {
            return Interpreter.SP_ALIGNMENT;
        }
        int answer = rare.execute(ctx, word, imm);
        return answer == Interpreter.NEXT ? at + 1 : answer;
    }
}
