package dev.ipanema.machine.cpu;

import dev.ipanema.arm.register.CntCtl;
import dev.ipanema.arm.register.CnthctlEl2;
import dev.ipanema.arm.register.CntkctlEl1;
import dev.ipanema.arm.register.SysReg;

/// The registers of the EL1 physical and virtual timers over one machine's counter, and the interrupts that the timers
/// raise at one processing element.
///
/// Source: Arm ARM DDI 0487, D12 "The Generic Timer in AArch64 state".
final class GenericTimer {
    private final Counter counter;

    GenericTimer(Counter counter) {
        this.counter = counter;
    }

    /// {@return whether a register belongs to the timer}
    static boolean owns(SysReg reg) {
        return switch (reg) {
            case CNTFRQ_EL0,
                    CNTPCT_EL0,
                    CNTVCT_EL0,
                    CNTPCTSS_EL0,
                    CNTVCTSS_EL0,
                    CNTP_TVAL_EL0,
                    CNTP_CTL_EL0,
                    CNTP_CVAL_EL0,
                    CNTV_TVAL_EL0,
                    CNTV_CTL_EL0,
                    CNTV_CVAL_EL0 -> true;
            default -> false;
        };
    }

    /// {@return whether CNTKCTL_EL1 lets EL0 access a register}
    static boolean allowedAtEl0(CpuContext ctx, SysReg reg) {
        long allowed = ctx.sys[SysReg.CNTKCTL_EL1.index()];
        long needed = switch (reg) {
            case CNTFRQ_EL0 -> CntkctlEl1.EL0PCTEN | CntkctlEl1.EL0VCTEN;
            case CNTPCT_EL0, CNTPCTSS_EL0 -> CntkctlEl1.EL0PCTEN;
            case CNTVCT_EL0, CNTVCTSS_EL0 -> CntkctlEl1.EL0VCTEN;
            case CNTV_TVAL_EL0, CNTV_CTL_EL0, CNTV_CVAL_EL0 -> CntkctlEl1.EL0VTEN;
            default -> CntkctlEl1.EL0PTEN;
        };
        return (allowed & needed) != 0;
    }

    /// {@return whether CNTHCTL_EL2 traps an access to a register}
    static boolean trapped(CpuContext ctx, SysReg reg) {
        long allowed = ctx.sys[SysReg.CNTHCTL_EL2.index()];
        return switch (reg) {
            case CNTPCT_EL0, CNTPCTSS_EL0 -> (allowed & CnthctlEl2.EL1PCTEN) == 0;
            case CNTP_TVAL_EL0, CNTP_CTL_EL0, CNTP_CVAL_EL0 -> (allowed & CnthctlEl2.EL1PCEN) == 0;
            default -> false;
        };
    }

    long read(CpuContext ctx, SysReg reg) {
        return switch (reg) {
            case CNTFRQ_EL0 -> Counter.FREQUENCY_HZ;
            case CNTPCT_EL0, CNTPCTSS_EL0 -> counter.count();
            case CNTVCT_EL0, CNTVCTSS_EL0 -> virtualCount(ctx);
            case CNTP_TVAL_EL0 -> (ctx.sys[SysReg.CNTP_CVAL_EL0.index()] - counter.count()) & Integers.LOW32;
            case CNTV_TVAL_EL0 -> (ctx.sys[SysReg.CNTV_CVAL_EL0.index()] - virtualCount(ctx)) & Integers.LOW32;
            case CNTP_CTL_EL0 -> control(ctx, El1Timer.PHYSICAL);
            case CNTV_CTL_EL0 -> control(ctx, El1Timer.VIRTUAL);
            default -> ctx.sys[reg.index()];
        };
    }

    void write(CpuContext ctx, SysReg reg, long value) {
        switch (reg) {
            case CNTP_TVAL_EL0 -> ctx.sys[SysReg.CNTP_CVAL_EL0.index()] = counter.count() + (int) value;
            case CNTV_TVAL_EL0 -> ctx.sys[SysReg.CNTV_CVAL_EL0.index()] = virtualCount(ctx) + (int) value;
            default -> ctx.set(reg, value);
        }
    }

    /// {@return whether the virtual count has reached a value: the local time-out event of WFET and WFIT}
    boolean hasPassed(CpuContext ctx, long count) {
        return Long.compareUnsigned(virtualCount(ctx), count) >= 0;
    }

    private long virtualCount(CpuContext ctx) {
        return El1Timer.VIRTUAL.view(ctx, counter.count());
    }

    private long control(CpuContext ctx, El1Timer timer) {
        long control = ctx.sys[timer.control().index()];
        boolean met = (control & CntCtl.ENABLE) != 0 && timer.isMet(ctx, counter.count());
        return met ? control | CntCtl.ISTATUS : control;
    }

    /// {@return whether a timer asserts its interrupt and the interrupt is not active}
    boolean interrupts(CpuContext ctx) {
        int forwarded = ctx.gic().forwarded();
        boolean virtual = El1Timer.VIRTUAL.isOn(ctx) && (forwarded & 1 << El1Timer.VIRTUAL.intid()) == 0;
        boolean physical = El1Timer.PHYSICAL.isOn(ctx) && (forwarded & 1 << El1Timer.PHYSICAL.intid()) == 0;
        if (!virtual && !physical) {
            return false;
        }
        long count = counter.count();
        return (virtual && El1Timer.VIRTUAL.isMet(ctx, count)) || (physical && El1Timer.PHYSICAL.isMet(ctx, count));
    }
}
