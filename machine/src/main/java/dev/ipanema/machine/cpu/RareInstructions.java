package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.MdcrEl2;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import java.lang.invoke.VarHandle;

/// The instructions that the hot loop does not execute itself: exception generation and return, system registers,
/// barriers, hints, CRC, by [MemoryInstructions] exclusives and atomics, by [PointerInstructions] pointer
/// authentication. What no guest here has (64-byte accesses) is UNDEFINED.
///
/// `ctx.pc` is the instruction's address. An answer of [Interpreter#NEXT] leaves it; with every other answer it is
/// where
/// execution goes on, or, for [Interpreter#FAULT], still the instruction.
///
/// Source: Arm ARM DDI 0487, C6.2 by name; trap controls HCR_EL2, SCTLR_EL1.
final class RareInstructions {
    private static final int CRC32 = 0xedb8_8320;
    private static final int CRC32C = 0x82f6_3b78;

    /// CRm of DAIFSet and DAIFClr holds D, A, I and F; the two differ in op2.
    private static final int DAIF_OP1 = 3;

    private static final int DAIF_CRN = 4;
    private static final int DAIFSET_OP2 = 6;
    private static final int DAIFCLR_OP2 = 7;

    private final ProcessingElement pe;
    private final Machine machine;
    private final Exceptions exceptions;
    private final SystemRegisters registers;
    private final SystemInstructions system;
    private final MemoryInstructions memory;
    private final PointerInstructions pointers;
    private final GenericTimer timer;

    RareInstructions(
            ProcessingElement pe,
            Machine machine,
            Exceptions exceptions,
            SystemRegisters registers,
            SystemInstructions system,
            MemoryInstructions memory,
            PointerInstructions pointers,
            GenericTimer timer) {
        this.pe = pe;
        this.machine = machine;
        this.exceptions = exceptions;
        this.registers = registers;
        this.system = system;
        this.memory = memory;
        this.pointers = pointers;
        this.timer = timer;
    }

    /// Executes one instruction.
    int execute(CpuContext ctx, long word, long imm) {
        int op = PreDecoded.op(word);
        if (op >= Op.FIRST_SYSTEM && op <= Op.LAST_SYSTEM) {
            return system(ctx, op, word, imm);
        }
        if (op >= Op.FIRST_IMMEDIATE && op <= Op.LAST_REGISTER) {
            RareIntegers.execute(ctx, word, imm);
            return Interpreter.NEXT;
        }
        if (op >= Op.FIRST_POINTER_AUTH && op <= Op.LAST_POINTER_AUTH) {
            return op == Op.ERETAA || op == Op.ERETAB ? exceptionReturn(ctx, op) : pointers.execute(ctx, op, word, imm);
        }
        if (op == Op.PRFM) {
            return Interpreter.NEXT;
        }
        if (op >= Op.FIRST_LOAD_STORE && op <= Op.LAST_ATOMIC) {
            return memory.execute(ctx, op, word, imm);
        }
        return exceptions.undefined(ctx);
    }

    private int system(CpuContext ctx, int op, long word, long imm) {
        return switch (op) {
            case Op.SVC, Op.HVC, Op.SMC, Op.BRK -> exceptionGenerating(ctx, op, (int) imm);
            case Op.ERET -> exceptionReturn(ctx, op);
            case Op.MRS -> registers.mrs(ctx, word);
            case Op.MSR -> registers.msr(ctx, word);
            case Op.SYS -> system.sys(ctx, word);
            case Op.MSR_UAO, Op.MSR_PAN, Op.MSR_SPSEL, Op.MSR_SSBS, Op.MSR_DIT, Op.MSR_DAIFSET, Op.MSR_DAIFCLR ->
                processState(ctx, op, (int) imm);
            case Op.CFINV, Op.XAFLAG, Op.AXFLAG, Op.RMIF, Op.SETF8, Op.SETF16 -> flags(ctx, op, word, imm);
            case Op.SB -> Interpreter.NEXT;
            case Op.YIELD -> yielded(ctx);
            case Op.WFE -> waitForEvent(ctx, Esr.WFX_WFE, 0);
            case Op.WFI -> waitForInterrupt(ctx, Esr.WFX_WFI, 0);
            case Op.WFET, Op.WFIT -> waitAtMost(ctx, op, PreDecoded.rd(word));
            case Op.SEV -> {
                machine.sendEvent();
                yield Interpreter.NEXT;
            }
            case Op.SEVL -> {
                pe.setEvent();
                yield Interpreter.NEXT;
            }
            case Op.ESB -> {
                registers.deferVirtualSError(ctx);
                yield synchronize(ctx);
            }
            case Op.CLREX -> {
                pe.mmu().clearExclusive();
                yield Interpreter.NEXT;
            }
            case Op.DMB -> {
                VarHandle.fullFence();
                yield Interpreter.NEXT;
            }
            case Op.DSB -> {
                VarHandle.fullFence();
                pe.mmu().dsb();
                yield Interpreter.NEXT;
            }
            case Op.ISB -> synchronize(ctx);
            case Op.CRC32B, Op.CRC32H, Op.CRC32W, Op.CRC32X -> crc(ctx, word, 8 << (op - Op.CRC32B), CRC32);
            case Op.CRC32CB, Op.CRC32CH, Op.CRC32CW, Op.CRC32CX -> crc(ctx, word, 8 << (op - Op.CRC32CB), CRC32C);
            default -> exceptions.undefined(ctx);
        };
    }

    /// Goes on behind the instruction after whatever is pending has been looked at.
    private static int synchronize(CpuContext ctx) {
        ctx.pc += DecodedPage.INSTRUCTION_BYTES;
        return Interpreter.RESUME;
    }

    private int exceptionGenerating(CpuContext ctx, int op, int imm16) {
        return switch (op) {
            case Op.SVC -> {
                ctx.pc += DecodedPage.INSTRUCTION_BYTES;
                yield exceptions.synchronous(ctx, Esr.svc(imm16));
            }
            case Op.HVC -> hypervisorCall(ctx, imm16);
            case Op.SMC -> secureMonitorCall(ctx, imm16);
            default -> {
                boolean routed = (ctx.sys[SysReg.MDCR_EL2.index()] & MdcrEl2.TDE) != 0;
                yield routed ? exceptions.trap(Esr.brk(imm16)) : exceptions.synchronous(ctx, Esr.brk(imm16));
            }
        };
    }

    private int hypervisorCall(CpuContext ctx, int imm16) {
        if (ctx.el() == 0 || (ctx.translation().hcrEl2 & HcrEl2.HCD) != 0) {
            return exceptions.undefined(ctx);
        }
        ctx.pc += DecodedPage.INSTRUCTION_BYTES;
        // SSAdvance: a step over HVC is complete when the hypervisor returns.
        ctx.pstate &= ~Pstate.SS;
        return exceptions.trap(Esr.hvc(imm16));
    }

    /// Without the trap SMC is UNDEFINED: there is no EL3.
    private int secureMonitorCall(CpuContext ctx, int imm16) {
        boolean trapped = ctx.el() != 0 && (ctx.translation().hcrEl2 & HcrEl2.TSC) != 0;
        return trapped ? exceptions.trap(Esr.smc(imm16)) : exceptions.undefined(ctx);
    }

    private int exceptionReturn(CpuContext ctx, int op) {
        if (ctx.el() == 0) {
            return exceptions.undefined(ctx);
        }
        long target = ctx.sys[SysReg.ELR_EL1.index()];
        if (op != Op.ERET) {
            int answer = pointers.exceptionReturn(ctx, op);
            if (answer != Interpreter.NEXT) {
                return answer;
            }
            target = pointers.address();
        }
        exceptions.exceptionReturn(ctx, target);
        pe.setEvent();
        return Interpreter.RESUME;
    }

    /// MSR (immediate).
    private int processState(CpuContext ctx, int op, int crm) {
        boolean el0 = ctx.el() == 0;
        switch (op) {
            case Op.MSR_UAO, Op.MSR_PAN, Op.MSR_SPSEL -> {
                if (el0) {
                    return exceptions.undefined(ctx);
                }
                setState(ctx, op == Op.MSR_UAO ? Pstate.UAO : op == Op.MSR_PAN ? Pstate.PAN : Pstate.SP, crm & 1);
            }
            case Op.MSR_SSBS -> setState(ctx, Pstate.SSBS, crm & 1);
            case Op.MSR_DIT -> setState(ctx, Pstate.DIT, crm & 1);
            default -> {
                if (el0 && (ctx.translation().sctlrEl1 & SctlrEl1.UMA) == 0) {
                    int op2 = op == Op.MSR_DAIFSET ? DAIFSET_OP2 : DAIFCLR_OP2;
                    return exceptions.synchronous(
                            ctx, Esr.sys64(0, DAIF_OP1, DAIF_CRN, crm, op2, PreDecoded.ZR, false));
                }
                setState(ctx, (long) crm << Pstate.DAIF_SHIFT & Pstate.DAIF, op == Op.MSR_DAIFSET ? 1 : 0);
                return op == Op.MSR_DAIFSET ? Interpreter.NEXT : synchronize(ctx);
            }
        }
        return Interpreter.NEXT;
    }

    private static void setState(CpuContext ctx, long bits, int value) {
        ctx.replacePstate(value != 0 ? ctx.pstate() | bits : ctx.pstate() & ~bits);
    }

    private int flags(CpuContext ctx, int op, long word, long imm) {
        long source = ctx.x[PreDecoded.rn(word)];
        long old = ctx.nzcv();
        boolean z = (old & Pstate.Z) != 0;
        boolean c = (old & Pstate.C) != 0;
        boolean v = (old & Pstate.V) != 0;
        switch (op) {
            case Op.CFINV -> ctx.setNzcv(old ^ Pstate.C);
            case Op.XAFLAG -> ctx.setNzcv(nzcv(!c && !z, z && c, c || z, !c && z));
            case Op.AXFLAG -> ctx.setNzcv(nzcv(false, z || v, c && !v, false));
            case Op.RMIF -> {
                long mask = (long) PreDecoded.aux(word) << Pstate.NZCV_SHIFT;
                long rotated = Long.rotateRight(source, (int) imm) << Pstate.NZCV_SHIFT;
                ctx.setNzcv((old & ~mask) | (rotated & mask));
            }
            default -> {
                int bits = op == Op.SETF8 ? 8 : 16;
                int value = (int) source << (32 - bits);
                boolean overflow = ((source >>> bits ^ source >>> (bits - 1)) & 1) != 0;
                ctx.setNzcv(nzcv(value < 0, value == 0, c, overflow));
            }
        }
        return Interpreter.NEXT;
    }

    private static long nzcv(boolean n, boolean z, boolean c, boolean v) {
        return (n ? Pstate.N : 0) | (z ? Pstate.Z : 0) | (c ? Pstate.C : 0) | (v ? Pstate.V : 0);
    }

    private static int crc(CpuContext ctx, long word, int bits, int polynomial) {
        ctx.x[PreDecoded.rd(word)] =
                Integers.crc32(ctx.x[PreDecoded.rn(word)], ctx.x[PreDecoded.rm(word)], bits, polynomial);
        return Interpreter.NEXT;
    }

    /// YIELD: a hint, which a hypervisor that lets others run may want to know of.
    private int yielded(CpuContext ctx) {
        if (!ctx.yieldEndsRun()) {
            return Interpreter.NEXT;
        }
        pe.kick();
        return synchronize(ctx);
    }

    /// WFET and WFIT: nothing to wait for when the virtual count has reached the register.
    private int waitAtMost(CpuContext ctx, int op, int register) {
        boolean event = op == Op.WFET;
        if (timer.hasPassed(ctx, ctx.x[register])) {
            if (event) {
                pe.takeEvent();
            }
            return Interpreter.NEXT;
        }
        int encoded = PreDecoded.encoded(register);
        return event ? waitForEvent(ctx, Esr.WFX_WFET, encoded) : waitForInterrupt(ctx, Esr.WFX_WFIT, encoded);
    }

    private int waitForEvent(CpuContext ctx, int instruction, int register) {
        if (pe.takeEvent()) {
            return Interpreter.NEXT;
        }
        int trapped = waitTrap(ctx, SctlrEl1.NTWE, HcrEl2.TWE, Esr.wfx(instruction, register));
        if (trapped != Interpreter.NEXT) {
            return trapped;
        }
        pe.waitForEvent();
        return synchronize(ctx);
    }

    private int waitForInterrupt(CpuContext ctx, int instruction, int register) {
        if (Exceptions.isVirtualInterruptPending(ctx) || pe.isPending()) {
            return synchronize(ctx);
        }
        int trapped = waitTrap(ctx, SctlrEl1.NTWI, HcrEl2.TWI, Esr.wfx(instruction, register));
        if (trapped != Interpreter.NEXT) {
            return trapped;
        }
        ctx.pc += DecodedPage.INSTRUCTION_BYTES;
        return Interpreter.WAITING;
    }

    private int waitTrap(CpuContext ctx, long allowedAtEl0, long trap, long syndrome) {
        if (ctx.el() == 0 && (ctx.translation().sctlrEl1 & allowedAtEl0) == 0) {
            return exceptions.synchronous(ctx, syndrome);
        }
        return (ctx.translation().hcrEl2 & trap) != 0 ? exceptions.trap(syndrome) : Interpreter.NEXT;
    }
}
