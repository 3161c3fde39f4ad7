package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.PreDecoded.aux;
import static dev.ipanema.arm.a64.PreDecoded.ra;
import static dev.ipanema.machine.cpu.Integers.LOW32;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.register.Pstate;

/// Integer instructions that are too rare for a class of their own.
///
/// Source: Arm ARM DDI 0487, C6.2 by name.
final class RareIntegers {
    private RareIntegers() {}

    /// Executes one instruction of the immediate or register group.
    static void execute(CpuContext ctx, long word, long imm) {
        long[] x = ctx.x;
        long n = x[PreDecoded.rn(word)];
        long m = x[PreDecoded.rm(word)];
        int rd = PreDecoded.rd(word);
        switch (PreDecoded.op(word)) {
            case Op.ADD_EXT_W -> x[rd] = n + (int) PreDecoded.extend(m, aux(word)) & LOW32;
            case Op.ADDS_EXT_W -> x[rd] = Flags.adds32(ctx, (int) n, (int) PreDecoded.extend(m, aux(word)));
            case Op.ADDS_EXT_X -> x[rd] = Flags.adds64(ctx, n, PreDecoded.extend(m, aux(word)));
            case Op.SUB_EXT_W -> x[rd] = n - (int) PreDecoded.extend(m, aux(word)) & LOW32;
            case Op.SUB_EXT_X -> x[rd] = n - PreDecoded.extend(m, aux(word));
            case Op.SUBS_EXT_W -> x[rd] = Flags.subs32(ctx, (int) n, (int) PreDecoded.extend(m, aux(word)));
            case Op.SUBS_EXT_X -> x[rd] = Flags.subs64(ctx, n, PreDecoded.extend(m, aux(word)));
            case Op.ADCS_W -> x[rd] = Flags.adcs32(ctx, (int) n, (int) m);
            case Op.ADCS_X -> x[rd] = Flags.adcs64(ctx, n, m);
            case Op.SBC_W -> x[rd] = n + ~m + Flags.carry(ctx) & LOW32;
            case Op.SBC_X -> x[rd] = n + ~m + Flags.carry(ctx);
            case Op.SBCS_W -> x[rd] = Flags.adcs32(ctx, (int) n, ~(int) m);
            case Op.SBCS_X -> x[rd] = Flags.adcs64(ctx, n, ~m);
            case Op.CCMN_REG_W -> {
                if (Flags.holds(ctx, aux(word))) {
                    Flags.adds32(ctx, (int) n, (int) m);
                } else {
                    ctx.setNzcv((long) PreDecoded.nzcv(aux(word)) << Pstate.NZCV_SHIFT);
                }
            }
            case Op.CCMN_REG_X -> {
                if (Flags.holds(ctx, aux(word))) {
                    Flags.adds64(ctx, n, m);
                } else {
                    ctx.setNzcv((long) PreDecoded.nzcv(aux(word)) << Pstate.NZCV_SHIFT);
                }
            }
            case Op.CCMN_IMM_W -> {
                if (Flags.holds(ctx, aux(word))) {
                    Flags.adds32(ctx, (int) n, (int) imm);
                } else {
                    ctx.setNzcv((long) PreDecoded.nzcv(aux(word)) << Pstate.NZCV_SHIFT);
                }
            }
            case Op.CCMN_IMM_X -> {
                if (Flags.holds(ctx, aux(word))) {
                    Flags.adds64(ctx, n, imm);
                } else {
                    ctx.setNzcv((long) PreDecoded.nzcv(aux(word)) << Pstate.NZCV_SHIFT);
                }
            }
            case Op.UDIV_W -> x[rd] = Integers.divideUnsigned((int) n, (int) m) & LOW32;
            case Op.UDIV_X -> x[rd] = Integers.divideUnsigned(n, m);
            case Op.SDIV_W -> x[rd] = Integers.divideSigned((int) n, (int) m) & LOW32;
            case Op.SDIV_X -> x[rd] = Integers.divideSigned(n, m);
            case Op.RORV_W -> x[rd] = Integer.rotateRight((int) n, (int) m) & LOW32;
            case Op.RORV_X -> x[rd] = Long.rotateRight(n, (int) m);
            case Op.SMSUBL -> x[rd] = x[ra(word)] - (long) (int) n * (int) m;
            case Op.UMSUBL -> x[rd] = x[ra(word)] - (n & LOW32) * (m & LOW32);
            case Op.SMULH -> x[rd] = Math.multiplyHigh(n, m);
            case Op.REV16_W -> x[rd] = Integers.reverseBytesIn16(n) & LOW32;
            case Op.REV16_X -> x[rd] = Integers.reverseBytesIn16(n);
            case Op.REV32_X -> x[rd] = Integers.reverseBytesIn32(n);
            case Op.CLS_W -> x[rd] = Integers.countLeadingSign((int) n);
            case Op.CLS_X -> x[rd] = Integers.countLeadingSign(n);

            case Op.RBIT_W -> x[rd] = Integer.reverse((int) n) & LOW32;
            case Op.RBIT_X -> x[rd] = Long.reverse(n);
            case Op.ASRV_W -> x[rd] = (int) n >> (int) m & LOW32;
            default -> throw new AssertionError("Operation " + PreDecoded.op(word) + " is not executed here");
        }
    }
}
