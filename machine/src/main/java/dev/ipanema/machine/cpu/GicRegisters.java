package dev.ipanema.machine.cpu;

import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.IccSreEl1;
import dev.ipanema.arm.register.IchHcrEl2;
import dev.ipanema.arm.register.SysReg;

/// The `ICC_*_EL1` registers: who may use them, what traps, and which part of the [VirtualCpuInterface] they reach.
/// A physical CPU interface for EL1 is not there: without HCR_EL2.IMO and FMO the registers are UNDEFINED.
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), the access pseudocode of each register.
final class GicRegisters {
    private GicRegisters() {}

    /// {@return whether EL1 has a register now}
    static boolean exists(CpuContext ctx, SysReg reg) {
        return switch (reg) {
            case ICC_SRE_EL1 -> true;
            case ICC_AP0R1_EL1, ICC_AP0R2_EL1, ICC_AP0R3_EL1, ICC_AP1R1_EL1, ICC_AP1R2_EL1, ICC_AP1R3_EL1 -> false;
            default -> ctx.gic().systemRegisters() && isVirtual(ctx);
        };
    }

    private static boolean isVirtual(CpuContext ctx) {
        return (ctx.translation().hcrEl2 & (HcrEl2.IMO | HcrEl2.FMO)) != 0;
    }

    /// {@return whether an access at EL1 traps to EL2}
    static boolean trapped(CpuContext ctx, SysReg reg) {
        long traps = switch (reg) {
            case ICC_SRE_EL1 -> (ctx.sys[SysReg.ICC_SRE_EL2.index()] & IccSreEl1.EL2_ENABLE) == 0 ? -1L : 0;
            case ICC_SGI0R_EL1, ICC_SGI1R_EL1, ICC_ASGI1R_EL1 -> -1L;
            case ICC_DIR_EL1 -> IchHcrEl2.TC | IchHcrEl2.TDIR;
            case ICC_PMR_EL1, ICC_RPR_EL1, ICC_CTLR_EL1 -> IchHcrEl2.TC;
            case ICC_IAR0_EL1, ICC_EOIR0_EL1, ICC_HPPIR0_EL1, ICC_BPR0_EL1, ICC_AP0R0_EL1, ICC_IGRPEN0_EL1 ->
                IchHcrEl2.TALL0;
            default -> IchHcrEl2.TALL1;
        };
        return traps == -1L || (ctx.gic().hcr() & traps) != 0;
    }

    static long read(CpuContext ctx, SysReg reg) {
        VirtualCpuInterface gic = ctx.gic();
        return switch (reg) {
            case ICC_SRE_EL1 -> IccSreEl1.DFB | IccSreEl1.DIB | (gic.systemRegisters() ? IccSreEl1.SRE : 0);
            case ICC_IAR0_EL1 -> gic.acknowledge(false);
            case ICC_IAR1_EL1 -> gic.acknowledge(true);
            case ICC_HPPIR0_EL1 -> gic.highestPending(false);
            case ICC_HPPIR1_EL1 -> gic.highestPending(true);
            case ICC_BPR0_EL1 -> gic.bpr(false);
            case ICC_BPR1_EL1 -> gic.bpr(true);
            case ICC_IGRPEN0_EL1 -> gic.isEnabled(false) ? 1 : 0;
            case ICC_IGRPEN1_EL1 -> gic.isEnabled(true) ? 1 : 0;
            case ICC_AP0R0_EL1 -> Integer.toUnsignedLong(gic.ap0r());
            case ICC_AP1R0_EL1 -> Integer.toUnsignedLong(gic.ap1r());
            case ICC_PMR_EL1 -> gic.pmr();
            case ICC_RPR_EL1 -> gic.rpr();
            case ICC_CTLR_EL1 -> gic.ctlr();
            default -> 0;
        };
    }

    static void write(CpuContext ctx, SysReg reg, long value) {
        VirtualCpuInterface gic = ctx.gic();
        int intid = (int) (value & reg.writable());
        switch (reg) {
            case ICC_EOIR0_EL1 -> gic.endOfInterrupt(intid, false);
            case ICC_EOIR1_EL1 -> gic.endOfInterrupt(intid, true);
            case ICC_DIR_EL1 -> gic.deactivateInterrupt(intid);
            case ICC_BPR0_EL1 -> gic.setBpr(false, value);
            case ICC_BPR1_EL1 -> gic.setBpr(true, value);
            case ICC_IGRPEN0_EL1 -> gic.setEnabled(false, (value & 1) != 0);
            case ICC_IGRPEN1_EL1 -> gic.setEnabled(true, (value & 1) != 0);
            case ICC_AP0R0_EL1 -> {
                gic.setAp0r((int) value);
                gic.changed();
            }
            case ICC_AP1R0_EL1 -> {
                gic.setAp1r((int) value);
                gic.changed();
            }
            case ICC_PMR_EL1 -> gic.setPmr(value);
            case ICC_CTLR_EL1 -> gic.setCtlr(value);
            default -> {
                // ICC_SRE_EL1: fixed by the hypervisor.
            }
        }
    }
}
