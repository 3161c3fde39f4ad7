package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.pauth.PacKey;
import dev.ipanema.arm.register.DisrEl1;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.MdcrEl2;
import dev.ipanema.arm.register.OslsrEl1;
import dev.ipanema.arm.register.PmuserenrEl0;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;

/// MRS and MSR of one processing element: who may access a register, what traps where, what is read and written.
///
/// The order of checks is the architecture's: first what makes the instruction UNDEFINED or trap to EL1, then the traps
/// to EL2. A register that the catalogue does not hold is UNDEFINED, except for the identification space, which reads
/// zero, and the IMPLEMENTATION DEFINED space, which HCR_EL2.TIDCP traps.
///
/// Source: Arm ARM DDI 0487, the access pseudocode of each register in D24; HCR_EL2, MDCR_EL2, CNTHCTL_EL2.
final class SystemRegisters {
    /// Where an access ends.
    private enum Verdict {
        ALLOWED,
        UNDEFINED,
        TRAP_EL1,
        TRAP_EL2,
        FP
    }

    private final Exceptions exceptions;
    private final GenericTimer timer;
    private final HardwareRandom random;
    private final RegisterMasks masks;
    private final boolean ssbs2;
    private final boolean rng;
    private final boolean pointerAuthentication;
    private final boolean ras;
    private final boolean idst;
    private final boolean fp;
    private final boolean pmu;
    private final boolean pmuv3p4;
    private final long implementedPstate;

    SystemRegisters(Exceptions exceptions, GenericTimer timer, HardwareRandom random, CpuModel model) {
        this.exceptions = exceptions;
        this.timer = timer;
        this.random = random;
        this.masks = new RegisterMasks(model);
        this.ssbs2 = model.guestHas(CpuFeature.SSBS2);
        this.rng = model.guestHas(CpuFeature.RNG);
        this.pointerAuthentication = model.pauthLevel() > 0;
        this.ras = model.guestHas(CpuFeature.RAS);
        this.fp = model.has(CpuFeature.FP);
        this.idst = model.guestHas(CpuFeature.IDST);
        this.pmu = model.has(CpuFeature.PMU);
        this.pmuv3p4 = model.has(CpuFeature.PMUV3P4);
        this.implementedPstate = Exceptions.implementedPstate(model);
    }

    /// Executes MRS; see [Interpreter] for the answer.
    int mrs(CpuContext ctx, long word) {
        int key = PreDecoded.aux(word);
        SysReg reg = SysReg.of(key);
        Verdict verdict = reg == null ? unknown(ctx, key, true) : verdict(ctx, reg, true);
        if (verdict != Verdict.ALLOWED) {
            return refuse(ctx, verdict, key, PreDecoded.rd(word), true);
        }
        ctx.x[PreDecoded.rd(word)] = reg == null ? 0 : read(ctx, reg);
        return Interpreter.NEXT;
    }

    /// Executes MSR (register).
    int msr(CpuContext ctx, long word) {
        int key = PreDecoded.aux(word);
        SysReg reg = SysReg.of(key);
        Verdict verdict = reg == null ? unknown(ctx, key, false) : verdict(ctx, reg, false);
        if (verdict != Verdict.ALLOWED || reg == null) {
            return refuse(ctx, verdict, key, PreDecoded.rd(word), false);
        }
        long value = ctx.x[PreDecoded.rd(word)];
        ctx.pc += DecodedPage.INSTRUCTION_BYTES;
        write(ctx, reg, value);
        return Interpreter.RESUME;
    }

    private int refuse(CpuContext ctx, Verdict verdict, int key, int rt, boolean read) {
        return switch (verdict) {
            case TRAP_EL1 -> exceptions.synchronous(ctx, syndrome(key, rt, read));
            case TRAP_EL2 -> exceptions.trap(syndrome(key, rt, read));
            case FP -> exceptions.fpAccess(ctx);
            case ALLOWED, UNDEFINED -> exceptions.undefined(ctx);
        };
    }

    /// {@return the syndrome of a trapped system instruction}
    static long syndrome(int key, int rt, boolean read) {
        return Esr.sys64(
                key >>> 14 & 3, key >>> 11 & 7, key >>> 7 & 15, key >>> 3 & 15, key & 7, PreDecoded.encoded(rt), read);
    }

    private Verdict unknown(CpuContext ctx, int key, boolean read) {
        long hcr = ctx.translation().hcrEl2;
        int crn = key >>> 7 & 15;
        boolean registerSpace = (key >>> 14 & 3) == 3;
        if (registerSpace && (crn == 11 || crn == 15)) {
            return (hcr & HcrEl2.TIDCP) != 0 && ctx.el() == 1 ? Verdict.TRAP_EL2 : Verdict.UNDEFINED;
        }
        if (SysReg.isFeatureIdSpace(key) && read) {
            if (ctx.el() == 0) {
                return idst ? Verdict.TRAP_EL1 : Verdict.UNDEFINED;
            }
            return (hcr & HcrEl2.TID3) != 0 ? Verdict.TRAP_EL2 : Verdict.ALLOWED;
        }
        return Verdict.UNDEFINED;
    }

    private Verdict verdict(CpuContext ctx, SysReg reg, boolean read) {
        if (!exists(reg) || (reg.isGicCpuInterface() && !GicRegisters.exists(ctx, reg))) {
            return Verdict.UNDEFINED;
        }
        boolean allowed = switch (reg.access()) {
            case EL0_WRITE -> true;
            case EL0_WRITE_ONLY -> !read;
            case EL0_READ_EL1_WRITE -> read || ctx.el() == 1;
            case EL0_READ_EL1_READ -> read;
            case EL1_WRITE -> ctx.el() == 1;
            case EL1_READ -> read && ctx.el() == 1;
            case EL1_WRITE_ONLY -> !read && ctx.el() == 1;
            case EL2_WRITE -> false;
        };
        if (!allowed) {
            return read && ctx.el() == 0 && idst && isIdentification(reg) ? Verdict.TRAP_EL1 : Verdict.UNDEFINED;
        }
        if (reg == SysReg.SP_EL0 && (ctx.pstate & Pstate.SP) == 0) {
            return Verdict.UNDEFINED;
        }
        if ((reg == SysReg.FPCR || reg == SysReg.FPSR) && !ctx.fpEnabled) {
            return Verdict.FP;
        }
        if (ctx.el() == 0 && trappedFromEl0(ctx, reg, read)) {
            return Verdict.TRAP_EL1;
        }
        if (trappedToEl2(ctx, reg, read)) {
            return Verdict.TRAP_EL2;
        }
        // Counters are a hypervisor's to emulate, see EventCounts.
        return reg.isPmu() ? Verdict.UNDEFINED : Verdict.ALLOWED;
    }

    /// Registers of features that a guest of this model does not have.
    private boolean exists(SysReg reg) {
        return switch (reg) {
            case PAN -> (implementedPstate & Pstate.PAN) != 0;
            case UAO -> (implementedPstate & Pstate.UAO) != 0;
            case DIT -> (implementedPstate & Pstate.DIT) != 0;
            case SSBS -> ssbs2;
            case DISR_EL1, ERRIDR_EL1, ERRSELR_EL1 -> ras;
            case FPCR, FPSR -> fp;
            case GMID_EL1, CCSIDR2_EL1, LORSA_EL1, LOREA_EL1, LORN_EL1, LORC_EL1, LORID_EL1 -> false;
            case CNTPCTSS_EL0, CNTVCTSS_EL0 -> masks.ecv();
            case RNDR, RNDRRS -> rng;
            case PMMIR_EL1 -> pmuv3p4;
            default -> reg.isPmu() ? pmu : !PacKey.isHalfOf(reg) || pointerAuthentication;
        };
    }

    private static boolean isIdentification(SysReg reg) {
        return switch (reg) {
            case CCSIDR_EL1, CLIDR_EL1, CSSELR_EL1, AIDR_EL1, MIDR_EL1, MPIDR_EL1, REVIDR_EL1 -> true;
            default -> reg.isFeatureId();
        };
    }

    private static boolean trappedFromEl0(CpuContext ctx, SysReg reg, boolean read) {
        long sctlr = ctx.translation().sctlrEl1;
        return switch (reg) {
            case CTR_EL0 -> (sctlr & SctlrEl1.UCT) == 0;
            case DAIF -> (sctlr & SctlrEl1.UMA) == 0;
            default ->
                reg.isPmu()
                        ? !PmuserenrEl0.allows(ctx.sys[SysReg.PMUSERENR_EL0.index()], reg, read)
                        : GenericTimer.owns(reg) && !GenericTimer.allowedAtEl0(ctx, reg);
        };
    }

    private static boolean trappedToEl2(CpuContext ctx, SysReg reg, boolean read) {
        long hcr = ctx.translation().hcrEl2;
        long mdcr = ctx.sys[SysReg.MDCR_EL2.index()];
        return switch (reg) {
            case SCTLR_EL1,
                    TTBR0_EL1,
                    TTBR1_EL1,
                    TCR_EL1,
                    ESR_EL1,
                    FAR_EL1,
                    AFSR0_EL1,
                    AFSR1_EL1,
                    MAIR_EL1,
                    AMAIR_EL1,
                    CONTEXTIDR_EL1 -> (hcr & (read ? HcrEl2.TRVM : HcrEl2.TVM)) != 0;
            case ACTLR_EL1 -> (hcr & HcrEl2.TACR) != 0;
            case REVIDR_EL1, AIDR_EL1 -> (hcr & HcrEl2.TID1) != 0;
            case CTR_EL0 -> (hcr & HcrEl2.TID2) != 0;
            case CCSIDR_EL1, CLIDR_EL1, CSSELR_EL1 -> (hcr & (HcrEl2.TID2 | HcrEl2.TID4)) != 0;
            case ERRIDR_EL1, ERRSELR_EL1 -> (hcr & HcrEl2.TERR) != 0;
            case OSLAR_EL1, OSLSR_EL1, OSDLR_EL1, DBGPRCR_EL1 -> (mdcr & (MdcrEl2.TDOSA | MdcrEl2.TDE)) != 0;
            case PMCR_EL0 -> (mdcr & (MdcrEl2.TPM | MdcrEl2.TPMCR)) != 0;
            case MDRAR_EL1 -> (mdcr & (MdcrEl2.TDRA | MdcrEl2.TDE)) != 0;
            default -> {
                if (reg.isFeatureId()) {
                    yield (hcr & HcrEl2.TID3) != 0;
                }
                if (reg.op0() == 2) {
                    yield (mdcr & (MdcrEl2.TDA | MdcrEl2.TDE)) != 0;
                }
                if (reg.isGicCpuInterface()) {
                    yield GicRegisters.trapped(ctx, reg);
                }
                if (reg.isPmu()) {
                    yield (mdcr & MdcrEl2.TPM) != 0;
                }
                if (PacKey.isHalfOf(reg)) {
                    yield (hcr & HcrEl2.APK) == 0;
                }
                yield GenericTimer.trapped(ctx, reg);
            }
        };
    }

    private long read(CpuContext ctx, SysReg reg) {
        if (GenericTimer.owns(reg)) {
            return timer.read(ctx, reg);
        }
        if (reg.isGicCpuInterface()) {
            return GicRegisters.read(ctx, reg);
        }
        return switch (reg) {
            case ISR_EL1 -> pendingVirtual(ctx);
            case DISR_EL1 -> ctx.sys[deferredSError(ctx).index()];
            case OSLSR_EL1 -> OslsrEl1.IMPLEMENTED | (ctx.sys[SysReg.OSLAR_EL1.index()] != 0 ? OslsrEl1.OSLK : 0);
            case RNDR, RNDRRS -> {
                ctx.setNzcv(0); // not Z: there always is a number
                yield random.next();
            }
            case DBGCLAIMSET_EL1 -> reg.writable();
            case DBGCLAIMCLR_EL1 -> ctx.sys[SysReg.DBGCLAIMSET_EL1.index()];
            default -> ctx.get(reg);
        };
    }

    private static long pendingVirtual(CpuContext ctx) {
        long hcr = ctx.translation().hcrEl2;
        return ((hcr & HcrEl2.AMO) != 0 && (hcr & HcrEl2.VSE) != 0 ? Pstate.A : 0)
                | (Exceptions.isVirtualIrq(ctx) ? Pstate.I : 0)
                | (Exceptions.isVirtualFiq(ctx) ? Pstate.F : 0);
    }

    /// With HCR_EL2.AMO an access to DISR_EL1 reaches VDISR_EL2.
    private static SysReg deferredSError(CpuContext ctx) {
        return (ctx.translation().hcrEl2 & HcrEl2.AMO) != 0 ? SysReg.VDISR_EL2 : SysReg.DISR_EL1;
    }

    private void write(CpuContext ctx, SysReg reg, long value) {
        if (GenericTimer.owns(reg)) {
            timer.write(ctx, reg, value);
            return;
        }
        if (reg.isGicCpuInterface()) {
            GicRegisters.write(ctx, reg, value);
            return;
        }
        switch (reg) {
            case DISR_EL1 -> ctx.sys[deferredSError(ctx).index()] = value & (DisrEl1.A | DisrEl1.SYNDROME);
            case DBGCLAIMSET_EL1 -> ctx.sys[reg.index()] |= value & reg.writable();
            case DBGCLAIMCLR_EL1 -> ctx.sys[SysReg.DBGCLAIMSET_EL1.index()] &= ~value;
            case SPSR_EL1 -> ctx.set(reg, value & (implementedPstate | Pstate.SS | Pstate.AARCH32));
            default -> ctx.set(reg, masks.written(reg, value));
        }
    }

    /// Executes ESB: with a virtual SError pending and masked, defers it into VDISR_EL2.
    void deferVirtualSError(CpuContext ctx) {
        long hcr = ctx.translation().hcrEl2;
        if (ras && (hcr & HcrEl2.AMO) != 0 && (hcr & HcrEl2.VSE) != 0 && (ctx.pstate & Pstate.A) != 0) {
            ctx.translation().hcrEl2 = hcr & ~HcrEl2.VSE;
            ctx.sys[SysReg.VDISR_EL2.index()] = DisrEl1.A | (ctx.sys[SysReg.VSESR_EL2.index()] & DisrEl1.SYNDROME);
        }
    }

    /// {@return the bits of PSTATE that a guest of this model has}
    long implementedPstate() {
        return implementedPstate;
    }
}
