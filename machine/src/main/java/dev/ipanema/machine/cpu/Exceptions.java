package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Access;
import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.exception.Hpfar;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.MdcrEl2;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.mmu.Fault;
import dev.ipanema.machine.mmu.Mmu;

/// Takes exceptions of one processing element: to EL1, where the guest's vector runs next, or to EL2, where the run
/// ends
/// and the syndrome registers are kept for the hypervisor.
///
/// The preferred return address is `ctx.pc`, which the caller has moved behind the instruction where the architecture
/// says so. Each method answers what the interpreter's loop has to be told: [Interpreter#RESUME] after EL1,
/// [Interpreter#TRAPPED] after EL2.
///
/// Source: Arm ARM DDI 0487, D1.3, `AArch64.TakeException`, `AArch64.ExceptionReturn`, `AArch64.RouteToEL2` cases.
final class Exceptions {
    private static final int VECTOR_IRQ = 0x80;
    private static final int VECTOR_FIQ = 0x100;
    private static final int VECTOR_SERROR = 0x180;
    private static final int VECTORS_SP_ELX = 0x200;
    private static final int VECTORS_LOWER_EL = 0x400;

    private final Mmu mmu;
    private final boolean hasRas;
    private final long restored;

    /// Exceptions taken to EL1 so far.
    long taken;

    long esrEl2;
    long farEl2;
    long hpfarEl2;

    Exceptions(Mmu mmu, CpuModel model) {
        this.mmu = mmu;
        this.hasRas = model.guestHas(CpuFeature.RAS);
        this.restored = implementedPstate(model);
    }

    /// {@return the bits of PSTATE that exist on this model}
    static long implementedPstate(CpuModel model) {
        return Pstate.NZCV
                | Pstate.DAIF
                | Pstate.MODE
                | Pstate.IL
                | (model.guestHas(CpuFeature.PAN) ? Pstate.PAN : 0)
                | (model.guestHas(CpuFeature.UAO) ? Pstate.UAO : 0)
                | (model.guestHas(CpuFeature.DIT) ? Pstate.DIT : 0)
                | (model.guestHas(CpuFeature.SSBS) ? Pstate.SSBS : 0)
                | (model.guestHas(CpuFeature.BTI) ? Pstate.BTYPE : 0);
    }

    /// Takes a synchronous exception that does not set FAR: to EL1, from EL0 with HCR_EL2.TGE to EL2.
    int synchronous(CpuContext ctx, long esr) {
        if (routedByTge(ctx)) {
            return trap(esr);
        }
        toEl1(ctx, esr, 0);
        return Interpreter.RESUME;
    }

    private int synchronous(CpuContext ctx, long esr, long far) {
        if (routedByTge(ctx)) {
            farEl2 = far;
            return trap(esr);
        }
        ctx.sys[SysReg.FAR_EL1.index()] = far;
        toEl1(ctx, esr, 0);
        return Interpreter.RESUME;
    }

    private static boolean routedByTge(CpuContext ctx) {
        return (ctx.translation().hcrEl2 & HcrEl2.TGE) != 0 && ctx.el() == 0;
    }

    /// Takes an exception to EL2 that sets ESR_EL2 only.
    int trap(long esr) {
        esrEl2 = esr;
        mmu.clearExclusive();
        return Interpreter.TRAPPED;
    }

    /// Takes the trap of SIMD and floating point: to EL1 by CPACR_EL1, else to EL2 by CPTR_EL2.
    int fpAccess(CpuContext ctx) {
        return ctx.isFpEnabledAtEl1() ? trap(Esr.fpAsimd()) : synchronous(ctx, Esr.fpAsimd());
    }

    /// Takes the exception of an instruction that is UNDEFINED.
    int undefined(CpuContext ctx) {
        return synchronous(ctx, Esr.unknown());
    }

    /// Takes the exception of a PC that is not a multiple of 4.
    int pcAlignment(CpuContext ctx) {
        return synchronous(ctx, Esr.pcAlignment(), ctx.pc);
    }

    /// Takes the abort that the MMU recorded for a fetch.
    int instructionAbort(CpuContext ctx, Fault fault) {
        boolean lower = ctx.el() == 0;
        if (toEl2(ctx, fault)) {
            recordEl2(fault);
            return trap(Esr.instructionAbort(true, Esr.abortIss(fault.fsc(), fault.s1ptw() ? Esr.S1PTW : 0)));
        }
        return synchronous(ctx, Esr.instructionAbort(lower, Esr.abortIss(fault.fsc(), 0)), fault.va());
    }

    /// Takes the abort that the MMU recorded for a data access.
    ///
    /// @param word the pre-decoded instruction
    int dataAbort(CpuContext ctx, long word, Fault fault) {
        if (fault.fsc() == FaultStatus.DEBUG) {
            return watchpoint(ctx, fault);
        }
        int flags = (fault.isWrite() ? Esr.WNR : 0) | (fault.isCacheMaintenance() ? Esr.CM : 0);
        if (toEl2(ctx, fault)) {
            int iss = Esr.abortIss(fault.fsc(), flags | (fault.s1ptw() ? Esr.S1PTW : 0));
            int aux = PreDecoded.aux(word);
            if (fault.syndromeAllowed() && isLoadOrStore(word) && (aux & Access.SYNDROME_VALID) != 0) {
                iss = Esr.withAccess(
                        iss,
                        Access.log2Size(aux),
                        (aux & Access.SIGNED) != 0,
                        PreDecoded.encoded(PreDecoded.rd(word)),
                        (aux & Access.SF) != 0,
                        (aux & (Access.ACQUIRE | Access.RELEASE)) != 0);
            }
            recordEl2(fault);
            return trap(Esr.dataAbort(true, true, iss));
        }
        boolean lower = ctx.el() == 0;
        return synchronous(ctx, Esr.dataAbort(lower, true, Esr.abortIss(fault.fsc(), flags)), fault.va());
    }

    private int watchpoint(CpuContext ctx, Fault fault) {
        boolean routed = (ctx.sys[SysReg.MDCR_EL2.index()] & MdcrEl2.TDE) != 0;
        long esr = Esr.watchpoint(routed || ctx.el() == 0, fault.isWrite(), fault.isCacheMaintenance());
        if (routed) {
            farEl2 = fault.va();
            return trap(esr);
        }
        return synchronous(ctx, esr, fault.va());
    }

    /// The aux of other instructions is no [Access].
    private static boolean isLoadOrStore(long word) {
        int op = PreDecoded.op(word);
        return (op >= Op.FIRST_LOAD_STORE && op <= Op.LAST_ATOMIC) || (op >= Op.LDRAA_IMM && op <= Op.LDRAB_PRE);
    }

    private static boolean toEl2(CpuContext ctx, Fault fault) {
        return fault.stage() == 2 || (fault.isExternal() && (ctx.translation().hcrEl2 & HcrEl2.TEA) != 0);
    }

    private void recordEl2(Fault fault) {
        farEl2 = fault.va();
        if (fault.ipaValid()) {
            hpfarEl2 = Hpfar.of(fault.ipa());
        }
    }

    /// Takes a pending virtual interrupt that is not masked, if there is one: SError, then IRQ, then FIQ.
    ///
    /// @return whether one was taken, to EL1
    boolean virtualInterrupt(CpuContext ctx) {
        long hcr = ctx.translation().hcrEl2;
        if (((hcr & (HcrEl2.VSE | HcrEl2.VI | HcrEl2.VF)) == 0 && ctx.gic().signals() == 0)
                || (hcr & HcrEl2.TGE) != 0) {
            return false;
        }
        long masks = ctx.pstate;
        if ((hcr & HcrEl2.VSE) != 0 && (hcr & HcrEl2.AMO) != 0 && (masks & Pstate.A) == 0) {
            ctx.translation().hcrEl2 = hcr & ~HcrEl2.VSE;
            int syndrome = hasRas ? (int) ctx.sys[SysReg.VSESR_EL2.index()] : 0;
            toEl1(ctx, Esr.of(ExceptionClass.SERROR, true, syndrome), VECTOR_SERROR);
            return true;
        }
        if ((masks & Pstate.I) == 0 && isVirtualIrq(ctx)) {
            toEl1(ctx, ctx.sys[SysReg.ESR_EL1.index()], VECTOR_IRQ);
            return true;
        }
        if ((masks & Pstate.F) == 0 && isVirtualFiq(ctx)) {
            toEl1(ctx, ctx.sys[SysReg.ESR_EL1.index()], VECTOR_FIQ);
            return true;
        }
        return false;
    }

    /// {@return whether a virtual interrupt is pending, masked or not: what ends WFI}
    static boolean isVirtualInterruptPending(CpuContext ctx) {
        long hcr = ctx.translation().hcrEl2;
        return ((hcr & HcrEl2.VSE) != 0 && (hcr & HcrEl2.AMO) != 0) || isVirtualIrq(ctx) || isVirtualFiq(ctx);
    }

    /// {@return whether IRQ is pending: HCR_EL2.VI or a list register}
    static boolean isVirtualIrq(CpuContext ctx) {
        long hcr = ctx.translation().hcrEl2;
        return (hcr & HcrEl2.IMO) != 0
                && ((hcr & HcrEl2.VI) != 0 || (ctx.gic().signals() & VirtualCpuInterface.IRQ) != 0);
    }

    /// {@return whether FIQ is pending: HCR_EL2.VF or a list register}
    static boolean isVirtualFiq(CpuContext ctx) {
        long hcr = ctx.translation().hcrEl2;
        return (hcr & HcrEl2.FMO) != 0
                && ((hcr & HcrEl2.VF) != 0 || (ctx.gic().signals() & VirtualCpuInterface.FIQ) != 0);
    }

    private void toEl1(CpuContext ctx, long esr, int vector) {
        taken++;
        enterEl1(ctx, esr, vector, restored);
        mmu.clearExclusive();
    }

    /// Enters EL1 at a vector of VBAR_EL1 (`AArch64.TakeException`).
    ///
    /// @param implemented result of [#implementedPstate]
    static void enterEl1(CpuContext ctx, long esr, int vector, long implemented) {
        long old = ctx.pstate();
        ctx.events().exceptionTaken(Pstate.el(old));
        long sctlr = ctx.translation().sctlrEl1;
        int vectors = Pstate.el(old) == 0 ? VECTORS_LOWER_EL : (old & Pstate.SP) != 0 ? VECTORS_SP_ELX : 0;
        ctx.sys[SysReg.SPSR_EL1.index()] = old;
        ctx.sys[SysReg.ELR_EL1.index()] = ctx.pc;
        ctx.sys[SysReg.ESR_EL1.index()] = esr;
        long state = old & ~(Pstate.MODE | Pstate.IL | Pstate.SS | Pstate.UAO | Pstate.SSBS | Pstate.BTYPE);
        state |= Pstate.EL1H | Pstate.DAIF;
        if ((sctlr & SctlrEl1.SPAN) == 0) {
            state |= Pstate.PAN & implemented;
        }
        if ((sctlr & SctlrEl1.DSSBS) != 0) {
            state |= Pstate.SSBS & implemented;
        }
        ctx.replacePstate(state);
        ctx.pc = ctx.sys[SysReg.VBAR_EL1.index()] + vectors + vector;
    }

    /// Returns from an exception at EL1 as SPSR_EL1 and ELR_EL1 say. A return to EL2, EL3, AArch32 or a reserved mode
    /// is
    /// illegal: mode and the like stay, and PSTATE.IL makes the next instruction fault.
    ///
    /// @param target where it goes: ELR_EL1, or that after authentication
    void exceptionReturn(CpuContext ctx, long target) {
        long spsr = ctx.sys[SysReg.SPSR_EL1.index()] & (restored | Pstate.AARCH32);
        long mode = spsr & Pstate.MODE;
        if (mode == Pstate.EL0T || mode == Pstate.EL1T || mode == Pstate.EL1H) {
            ctx.replacePstate(spsr | DebugUnit.stepStateOnReturn(ctx, ctx.sys[SysReg.SPSR_EL1.index()]));
        } else {
            long regardless = Pstate.NZCV | Pstate.DAIF | Pstate.PAN;
            ctx.replacePstate((ctx.pstate() & ~regardless) | (spsr & regardless) | Pstate.IL);
        }
        ctx.pc = target;
        ctx.events().exceptionReturned();
        mmu.clearExclusive();
    }
}
