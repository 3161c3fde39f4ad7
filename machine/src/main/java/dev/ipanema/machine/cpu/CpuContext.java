package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.fp.FpStatus;
import dev.ipanema.arm.register.CpacrEl1;
import dev.ipanema.arm.register.CptrEl2;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.mmu.TranslationContext;
import java.util.Arrays;

/// The state of one virtual processor: what a hypervisor loads into a processing element and saves from it. It is
/// used by one thread at a time; while [ProcessingElement#run] has it, nobody else touches it.
///
/// [#get(SysReg)] and [#set(SysReg, long)] reach every register of the catalogue that holds state, EL2's
/// included, with the hypervisor's rights: nothing traps, RES0 bits are dropped.
public final class CpuContext {
    /// Index in [#x] of the stack pointer in use.
    static final int SP = PreDecoded.SP;

    /// Length of [#x]: a power of two above [PreDecoded#REGISTER_COUNT], so that a masked index is always inside.
    static final int X_LENGTH = 64;

    /// The general registers, indexed as [PreDecoded] says.
    final long[] x = new long[X_LENGTH];

    /// The condition flags, spread for cheap setting: N is the sign of `flagN`, Z is `flagZ == 0`, C and V are
    /// the signs of `flagC` and `flagV`.
    long flagN;

    long flagZ;
    long flagC;
    long flagV;

    final long[] v = new long[64];
    final long[] sys = new long[SysReg.COUNT];

    /// Elements on their way between memory and up to four SIMD registers; holds nothing between instructions.
    final long[] vectorScratch = new long[8];

    /// FPCR and FPSR.
    final FpStatus fp = new FpStatus();

    /// Whether SIMD and floating point execute at the current exception level, by CPACR_EL1 and CPTR_EL2.
    boolean fpEnabled;

    long pc;

    /// Virtual address of the page that the interpreter runs in.
    long pageVa;

    /// Whether that page is guarded (FEAT_BTI); kept only by processing elements that have the feature.
    boolean pageGuarded;

    /// SPSR form without the condition flags; the mode field is the only record of exception level and stack pointer
    /// choice.
    long pstate;

    /// The stack pointer that is not in use: SP_EL1 while SP_EL0 is [#SP], and the other way round.
    long bankedSp;

    private final CpuModel model;
    private final TranslationContext translation = new TranslationContext();
    private final VirtualCpuInterface gic = new VirtualCpuInterface();
    private final EventCounts events = new EventCounts();
    private boolean yieldEndsRun;
    private long injected;

    /// Creates a context in reset state for a processor of this model.
    public CpuContext(CpuModel model) {
        this.model = model;
        reset();
    }

    /// Puts everything into reset state: AArch64 EL1h with all exceptions masked, stage 1 off, caches off, PC and
    /// general registers 0, registers whose reset value is architecturally UNKNOWN 0. EL2's registers too, stage
    /// 2 off.
    public void reset() {
        Arrays.fill(x, 0);
        Arrays.fill(v, 0);
        Arrays.fill(sys, 0);
        fp.fpcr = 0;
        fp.fpsr = 0;
        pc = 0;
        bankedSp = 0;
        pstate = Pstate.EL1H | Pstate.DAIF;
        setNzcv(0);
        translation.sctlrEl1 = SctlrEl1.RES1;
        translation.tcrEl1 = 0;
        translation.ttbr0El1 = 0;
        translation.ttbr1El1 = 0;
        translation.mairEl1 = 0;
        translation.hcrEl2 = 0;
        translation.vtcrEl2 = 0;
        translation.vttbrEl2 = 0;
        sys[SysReg.VPIDR_EL2.index()] = model.id(SysReg.MIDR_EL1);
        gic.reset();
        pstateChanged();
        translation.changed();
    }

    /// {@return the model whose identification registers this context shows}
    public CpuModel model() {
        return model;
    }

    /// {@return Xn}
    ///
    /// @param n 0 to 30
    public long x(int n) {
        return x[checkedIndex(n)];
    }

    /// Sets Xn.
    ///
    /// @param n 0 to 30
    public void setX(int n, long value) {
        x[checkedIndex(n)] = value;
    }

    private static int checkedIndex(int n) {
        if (n < 0 || n > 30) {
            throw new IndexOutOfBoundsException("X" + n + " is no general register");
        }
        return n;
    }

    /// {@return the stack pointer in use}
    public long sp() {
        return x[SP];
    }

    /// Sets the stack pointer in use.
    public void setSp(long value) {
        x[SP] = value;
    }

    /// {@return the address of the next instruction}
    public long pc() {
        return pc;
    }

    /// Sets the address of the next instruction.
    public void setPc(long value) {
        pc = value;
    }

    /// {@return the process state in SPSR form, see [Pstate]}
    public long pstate() {
        return pstate | nzcv();
    }

    /// Sets the process state from SPSR form. A mode other than EL0t, EL1t or EL1h is the caller's error.
    public void setPstate(long value) {
        long mode = value & Pstate.MODE;
        if (mode != Pstate.EL0T && mode != Pstate.EL1T && mode != Pstate.EL1H) {
            throw new IllegalArgumentException("PSTATE mode 0x" + Long.toHexString(mode) + " is no mode of a guest");
        }
        replacePstate(value);
    }

    /// Replaces PSTATE and exchanges the stack pointers when the choice changes.
    void replacePstate(long value) {
        if (((pstate ^ value) & Pstate.SP) != 0) {
            long other = bankedSp;
            bankedSp = x[SP];
            x[SP] = other;
        }
        pstate = value & ~Pstate.NZCV;
        setNzcv(value);
        pstateChanged();
    }

    /// {@return the condition flags in their bits of SPSR}
    long nzcv() {
        return ((flagN & Long.MIN_VALUE) | (flagZ == 0 ? Long.MIN_VALUE >>> 1 : 0)) >>> 32
                | ((flagC & Long.MIN_VALUE) >>> 34)
                | ((flagV & Long.MIN_VALUE) >>> 35);
    }

    /// Sets the condition flags from their bits of SPSR.
    void setNzcv(long bits) {
        flagN = bits << 32;
        flagZ = ~bits & Pstate.Z;
        flagC = bits << 34;
        flagV = bits << 35;
    }

    /// Tells translation which exception level and PAN and UAO state apply.
    void pstateChanged() {
        translation.el = Pstate.el(pstate);
        translation.pan = (pstate & Pstate.PAN) != 0;
        translation.uao = (pstate & Pstate.UAO) != 0;
        translation.privilegeChanged();
        fpAccessChanged();
    }

    /// {@return whether an access at a misaligned SP is an exception at the current exception level}
    boolean checksSpAlignment() {
        long checked = Pstate.el(pstate) == 0 ? SctlrEl1.SA0 : SctlrEl1.SA;
        return (translation.sctlrEl1 & checked) != 0;
    }

    /// Recomputes [#fpEnabled].
    private void fpAccessChanged() {
        fpEnabled = isFpEnabledAtEl1() && CptrEl2.isFpEnabled(sys[SysReg.CPTR_EL2.index()], translation.hcrEl2);
    }

    /// {@return whether CPACR_EL1 lets the current exception level use SIMD and floating point}
    boolean isFpEnabledAtEl1() {
        return CpacrEl1.isFpEnabled(sys[SysReg.CPACR_EL1.index()], Pstate.el(pstate));
    }

    /// Takes a synchronous exception to EL1, as a hypervisor injects one: ESR_EL1, ELR_EL1, SPSR_EL1, PSTATE and
    /// PC are written as hardware would; the preferred return address is [#pc()]. FAR_EL1 is the caller's.
    public void enterSynchronous(long esr) {
        Exceptions.enterEl1(this, esr, 0, Exceptions.implementedPstate(model));
        injected++;
    }

    /// {@return how many exceptions [#enterSynchronous] injected since this was asked last}
    long takeInjected() {
        long count = injected;
        injected = 0;
        return count;
    }

    /// {@return the exception level, 0 or 1}
    public int el() {
        return Pstate.el(pstate);
    }

    /// {@return the low (`half` 0) or high (1) half of Vn}
    public long v(int n, int half) {
        return v[2 * n + half];
    }

    /// Sets the low (`half` 0) or high (1) half of Vn.
    public void setV(int n, int half, long value) {
        v[2 * n + half] = value;
    }

    /// {@return the registers of translation, which the MMU reads; a direct change of a field is followed by
    /// [TranslationContext#changed()]}
    public TranslationContext translation() {
        return translation;
    }

    /// Makes YIELD end a run, as a kick does, or have no effect. A reset does not change it.
    public void setYieldEndsRun(boolean on) {
        yieldEndsRun = on;
    }

    /// {@return whether YIELD ends a run}
    boolean yieldEndsRun() {
        return yieldEndsRun;
    }

    /// {@return the virtual GIC CPU interface}
    public VirtualCpuInterface gic() {
        return gic;
    }

    /// {@return the events that it has caused since it was made; a reset does not change them}
    public EventCounts events() {
        return events;
    }

    /// {@return the stored value of a system register; identification registers as the guest sees them}
    public long get(SysReg reg) {
        return switch (reg) {
            case SCTLR_EL1 -> translation.sctlrEl1;
            case TCR_EL1 -> translation.tcrEl1;
            case TTBR0_EL1 -> translation.ttbr0El1;
            case TTBR1_EL1 -> translation.ttbr1El1;
            case MAIR_EL1 -> translation.mairEl1;
            case HCR_EL2 -> translation.hcrEl2;
            case VTCR_EL2 -> translation.vtcrEl2;
            case VTTBR_EL2 -> translation.vttbrEl2;
            case SP_EL0 -> (pstate & Pstate.SP) == 0 ? x[SP] : bankedSp;
            case SP_EL1 -> (pstate & Pstate.SP) != 0 ? x[SP] : bankedSp;
            case NZCV -> nzcv();
            case FPCR -> Integer.toUnsignedLong(fp.fpcr);
            case FPSR -> Integer.toUnsignedLong(fp.fpsr);
            case DAIF -> pstate & Pstate.DAIF;
            case SPSel -> pstate & Pstate.SP;
            case CurrentEL -> pstate & 3L << Pstate.EL_SHIFT;
            case PAN -> pstate & Pstate.PAN;
            case UAO -> pstate & Pstate.UAO;
            case DIT -> pstate & Pstate.DIT;
            case SSBS -> pstate & Pstate.SSBS;
            case MIDR_EL1 -> sys[SysReg.VPIDR_EL2.index()];
            case MPIDR_EL1 -> sys[SysReg.VMPIDR_EL2.index()];
            case CCSIDR_EL1 -> model.ccsidr((int) sys[SysReg.CSSELR_EL1.index()]);
            default -> isIdentification(reg) ? model.guestId(reg) : sys[reg.index()];
        };
    }

    private static boolean isIdentification(SysReg reg) {
        return reg.isFeatureId()
                || reg == SysReg.CTR_EL0
                || reg == SysReg.CLIDR_EL1
                || reg == SysReg.DCZID_EL0
                || reg == SysReg.REVIDR_EL1;
    }

    /// Sets a system register; bits outside [SysReg#writable()] keep 0, writes to identification registers have no
    /// effect.
    public void set(SysReg reg, long value) {
        long bits = value & reg.writable();
        switch (reg) {
            case SCTLR_EL1 -> translation.sctlrEl1 = bits;
            case TCR_EL1 -> translation.tcrEl1 = bits;
            case TTBR0_EL1 -> translation.ttbr0El1 = bits;
            case TTBR1_EL1 -> translation.ttbr1El1 = bits;
            case MAIR_EL1 -> translation.mairEl1 = bits;
            case HCR_EL2 -> translation.hcrEl2 = bits;
            case VTCR_EL2 -> translation.vtcrEl2 = bits;
            case VTTBR_EL2 -> translation.vttbrEl2 = bits;
            case FPCR -> fp.fpcr = (int) bits;
            case FPSR -> fp.fpsr = (int) bits & FpStatus.FPSR_BITS;
            case SP_EL0 -> setBankedSp(0, bits);
            case SP_EL1 -> setBankedSp(1, bits);
            case NZCV, DAIF, PAN, UAO, DIT, SSBS, SPSel -> replacePstate((pstate() & ~reg.writable()) | bits);
            default -> {
                if (!isIdentification(reg)) {
                    sys[reg.index()] = bits;
                }
            }
        }
        if (isTranslation(reg)) {
            translation.changed();
        }
        if (reg == SysReg.CPACR_EL1 || reg == SysReg.CPTR_EL2 || reg == SysReg.HCR_EL2) {
            fpAccessChanged();
        }
    }

    private static boolean isTranslation(SysReg reg) {
        return switch (reg) {
            case SCTLR_EL1, TCR_EL1, TTBR0_EL1, TTBR1_EL1, MAIR_EL1, HCR_EL2, VTCR_EL2, VTTBR_EL2 -> true;
            default -> false;
        };
    }

    private void setBankedSp(long choice, long value) {
        if ((pstate & Pstate.SP) == choice) {
            x[SP] = value;
        } else {
            bankedSp = value;
        }
    }
}
