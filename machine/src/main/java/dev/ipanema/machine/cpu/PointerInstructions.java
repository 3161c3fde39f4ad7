package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.pauth.PacKey;
import dev.ipanema.arm.pauth.PauthLevel;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.mmu.Mmu;

/// The instructions of pointer authentication. Those of the hint space do nothing on a processor without it; the others
/// are then not decoded.
///
/// An instruction whose key SCTLR_EL1 turns off moves its pointer unchanged; else HCR_EL2.API decides whether EL2 takes
/// it. [RareInstructions] says what the answers are.
///
/// Source: Arm ARM DDI 0487, C6.2 by name; `AddPACIA`, `AuthIA` and their like.
final class PointerInstructions {
    private static final int LINK = 30;
    private static final int X16 = 16;
    private static final int X17 = 17;
    private static final long UPPER_HALF = ~Integers.LOW32;
    private static final PacKey[] KEYS = {PacKey.IA, PacKey.IB, PacKey.DA, PacKey.DB};

    private final Mmu mmu;
    private final Exceptions exceptions;
    private final PointerCodes codes;
    private final boolean present;
    private final boolean branchTargets;

    /// What the last [#authenticated] gave.
    private long result;

    PointerInstructions(Mmu mmu, Exceptions exceptions, CpuModel model) {
        this.mmu = mmu;
        this.exceptions = exceptions;
        this.codes = new PointerCodes(model);
        this.present = codes.level() != PauthLevel.NONE;
        this.branchTargets = model.guestHas(CpuFeature.BTI);
    }

    /// Executes one instruction, but for ERETAA and ERETAB.
    int execute(CpuContext ctx, int op, long word, long imm) {
        if (op >= Op.PACIA && op <= Op.AUTDZB) {
            boolean zero = op >= Op.PACIZA;
            long modifier = zero ? 0 : ctx.x[PreDecoded.rn(word)];
            int rd = PreDecoded.rd(word);
            return sign(ctx, op - Op.PACIA, rd, ctx.x[PreDecoded.ra(word)], modifier);
        }
        return switch (op) {
            case Op.XPACI, Op.XPACD -> {
                ctx.x[PreDecoded.rd(word)] = codes.strip(ctx, ctx.x[PreDecoded.ra(word)], op == Op.XPACD);
                yield Interpreter.NEXT;
            }
            case Op.PACGA -> generic(ctx, word);
            case Op.BRAAZ, Op.BRABZ, Op.BLRAAZ, Op.BLRABZ, Op.BRAA, Op.BRAB, Op.BLRAA, Op.BLRAB ->
                branch(ctx, op, word);
            case Op.RETAA, Op.RETAB -> {
                int answer = authenticated(ctx, op == Op.RETAA ? PacKey.IA : PacKey.IB, ctx.x[LINK], ctx.sp(), true);
                if (answer == Interpreter.NEXT) {
                    ctx.pc = result;
                    yield Interpreter.JUMP;
                }
                yield answer;
            }
            case Op.LDRAA_IMM, Op.LDRAA_PRE -> load(ctx, PacKey.DA, word, imm, op == Op.LDRAA_PRE);
            case Op.LDRAB_IMM, Op.LDRAB_PRE -> load(ctx, PacKey.DB, word, imm, op == Op.LDRAB_PRE);
            default -> present ? hint(ctx, op) : Interpreter.NEXT;
        };
    }

    private int hint(CpuContext ctx, int op) {
        long link = ctx.x[LINK];
        return switch (op) {
            case Op.XPACLRI -> {
                ctx.x[LINK] = codes.strip(ctx, link, false);
                yield Interpreter.NEXT;
            }
            case Op.PACIA1716 -> sign(ctx, Op.PACIA - Op.PACIA, X17, ctx.x[X17], ctx.x[X16]);
            case Op.PACIB1716 -> sign(ctx, Op.PACIB - Op.PACIA, X17, ctx.x[X17], ctx.x[X16]);
            case Op.AUTIA1716 -> sign(ctx, Op.AUTIA - Op.PACIA, X17, ctx.x[X17], ctx.x[X16]);
            case Op.AUTIB1716 -> sign(ctx, Op.AUTIB - Op.PACIA, X17, ctx.x[X17], ctx.x[X16]);
            case Op.PACIAZ -> sign(ctx, Op.PACIA - Op.PACIA, LINK, link, 0);
            case Op.PACIBZ -> sign(ctx, Op.PACIB - Op.PACIA, LINK, link, 0);
            case Op.AUTIAZ -> sign(ctx, Op.AUTIA - Op.PACIA, LINK, link, 0);
            case Op.AUTIBZ -> sign(ctx, Op.AUTIB - Op.PACIA, LINK, link, 0);
            case Op.PACIASP -> sign(ctx, Op.PACIA - Op.PACIA, LINK, link, ctx.sp());
            case Op.PACIBSP -> sign(ctx, Op.PACIB - Op.PACIA, LINK, link, ctx.sp());
            case Op.AUTIASP -> sign(ctx, Op.AUTIA - Op.PACIA, LINK, link, ctx.sp());
            default -> sign(ctx, Op.AUTIB - Op.PACIA, LINK, link, ctx.sp());
        };
    }

    /// Signs or authenticates a register.
    ///
    /// @param index of the operation behind PACIA: the key in bits 1:0, AUT in bit 2 (the table keeps that order)
    private int sign(CpuContext ctx, int index, int rd, long pointer, long modifier) {
        PacKey key = KEYS[index & 3];
        if ((index & 4) != 0) {
            int answer = authenticated(ctx, key, pointer, modifier, false);
            if (answer == Interpreter.NEXT) {
                ctx.x[rd] = result;
            }
            return answer;
        }
        if (isOff(ctx, key)) {
            ctx.x[rd] = pointer;
            return Interpreter.NEXT;
        }
        if (isTrapped(ctx)) {
            return exceptions.trap(Esr.pac());
        }
        ctx.x[rd] = codes.add(ctx, key, pointer, modifier);
        return Interpreter.NEXT;
    }

    /// Authenticates a pointer into [#result].
    ///
    /// @return [Interpreter#NEXT], or what an exception answers
    private int authenticated(CpuContext ctx, PacKey key, long pointer, long modifier, boolean combined) {
        result = pointer;
        if (isOff(ctx, key)) {
            return Interpreter.NEXT;
        }
        if (isTrapped(ctx)) {
            return exceptions.trap(Esr.pac());
        }
        result = codes.authenticate(ctx, key, pointer, modifier);
        return codes.faults(ctx, key, result, combined)
                ? exceptions.synchronous(ctx, Esr.fpac(key.isData(), key.number()))
                : Interpreter.NEXT;
    }

    private static boolean isOff(CpuContext ctx, PacKey key) {
        return (ctx.translation().sctlrEl1 & key.enable()) == 0;
    }

    private static boolean isTrapped(CpuContext ctx) {
        return (ctx.translation().hcrEl2 & HcrEl2.API) == 0;
    }

    private int generic(CpuContext ctx, long word) {
        if (isTrapped(ctx)) {
            return exceptions.trap(Esr.pac());
        }
        long block = codes.encrypt(ctx, PacKey.GA, ctx.x[PreDecoded.rn(word)], ctx.x[PreDecoded.rm(word)]);
        ctx.x[PreDecoded.rd(word)] = block & UPPER_HALF;
        return Interpreter.NEXT;
    }

    private int branch(CpuContext ctx, int op, long word) {
        boolean zero = op == Op.BRAAZ || op == Op.BRABZ || op == Op.BLRAAZ || op == Op.BLRABZ;
        boolean keyA = op == Op.BRAA || op == Op.BRAAZ || op == Op.BLRAA || op == Op.BLRAAZ;
        boolean call = op >= Op.BLRAAZ;
        int n = PreDecoded.rn(word);
        long modifier = zero ? 0 : ctx.x[PreDecoded.rm(word)];
        int answer = authenticated(ctx, keyA ? PacKey.IA : PacKey.IB, ctx.x[n], modifier, true);
        if (answer != Interpreter.NEXT) {
            return answer;
        }
        if (call) {
            ctx.x[LINK] = ctx.pc + DecodedPage.INSTRUCTION_BYTES;
        }
        if (branchTargets) {
            BranchTargets.set(ctx, call ? BranchTargets.CALL : IndirectBranches.jumpType(ctx, n));
        }
        ctx.pc = result;
        return Interpreter.JUMP;
    }

    private int load(CpuContext ctx, PacKey key, long word, long imm, boolean writeBack) {
        int n = PreDecoded.rn(word);
        int answer = authenticated(ctx, key, ctx.x[n], 0, true);
        if (answer != Interpreter.NEXT) {
            return answer;
        }
        long va = result + imm;
        long value = mmu.load64(va);
        if (mmu.faulted()) {
            return Interpreter.FAULT;
        }
        if (writeBack) {
            ctx.x[n] = va;
        }
        ctx.x[PreDecoded.rd(word)] = value;
        return Interpreter.NEXT;
    }

    /// Authenticates the return address of ERETAA or ERETAB, in ELR_EL1 with SP.
    ///
    /// @return [Interpreter#NEXT], and [#address()] is the address; or what an exception answers
    int exceptionReturn(CpuContext ctx, int op) {
        PacKey key = op == Op.ERETAA ? PacKey.IA : PacKey.IB;
        return authenticated(ctx, key, ctx.sys[SysReg.ELR_EL1.index()], ctx.sp(), true);
    }

    /// {@return the address that [#exceptionReturn] authenticated}
    long address() {
        return result;
    }
}
