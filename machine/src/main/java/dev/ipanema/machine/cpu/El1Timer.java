package dev.ipanema.machine.cpu;

import dev.ipanema.arm.register.CntCtl;
import dev.ipanema.arm.register.SysReg;

/// The two generic timers of EL1, each with its line to the interrupt controller. Time is the machine's [Counter].
///
/// Source: Arm ARM DDI 0487, D12.2 "The AArch64 view of the Generic Timer"; interrupt numbers from the Base System
/// Architecture, DEN0094, table of PPIs.
public enum El1Timer {
    /// `CNTV_*`, which counts from CNTVOFF_EL2.
    VIRTUAL(27, SysReg.CNTV_CTL_EL0, SysReg.CNTV_CVAL_EL0),
    /// `CNTP_*`.
    PHYSICAL(30, SysReg.CNTP_CTL_EL0, SysReg.CNTP_CVAL_EL0);

    /// The delay of a timer that is off.
    public static final long NEVER = Long.MAX_VALUE;

    private final int intid;
    private final SysReg control;
    private final SysReg compare;

    El1Timer(int intid, SysReg control, SysReg compare) {
        this.intid = intid;
        this.control = control;
        this.compare = compare;
    }

    /// {@return the physical PPI of the timer}
    public int intid() {
        return intid;
    }

    /// {@return the control register, see [CntCtl]}
    public SysReg control() {
        return control;
    }

    /// {@return the register with the value that is compared}
    public SysReg compare() {
        return compare;
    }

    /// {@return the count of this timer when the physical one is `count`}
    public long view(CpuContext ctx, long count) {
        return this == VIRTUAL ? count - ctx.sys[SysReg.CNTVOFF_EL2.index()] : count;
    }

    /// {@return whether the condition holds, enabled or not}
    boolean isMet(CpuContext ctx, long count) {
        return Long.compareUnsigned(view(ctx, count), ctx.sys[compare.index()]) >= 0;
    }

    /// {@return whether the timer is enabled and its interrupt not masked}
    public boolean isOn(CpuContext ctx) {
        return (ctx.sys[control.index()] & (CntCtl.ENABLE | CntCtl.IMASK)) == CntCtl.ENABLE;
    }

    /// {@return the level of the timer's line}
    ///
    /// @param count the physical count
    public boolean line(CpuContext ctx, long count) {
        return isOn(ctx) && isMet(ctx, count);
    }

    /// {@return counts until the line rises: 0 when it is high, [#NEVER] when it does not}
    ///
    /// @param count the physical count
    public long delay(CpuContext ctx, long count) {
        if (!isOn(ctx)) {
            return NEVER;
        }
        if (isMet(ctx, count)) {
            return 0;
        }
        long left = ctx.sys[compare.index()] - view(ctx, count);
        return left < 0 ? NEVER : left;
    }
}
