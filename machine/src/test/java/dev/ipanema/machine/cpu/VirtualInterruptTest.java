package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X3;
import static dev.ipanema.arm.a64.Reg.X4;
import static dev.ipanema.arm.a64.Reg.XZR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.register.CntCtl;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.IchHcrEl2;
import dev.ipanema.arm.register.IchLrEl2;
import dev.ipanema.arm.register.IchMisrEl2;
import dev.ipanema.arm.register.IchVmcrEl2;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import org.junit.jupiter.api.Test;

/// List registers, priorities, maintenance and timer interrupts as a guest's instructions see them.
final class VirtualInterruptTest {
    private static final long PRIORITY = 0xa0;
    private static final int VECTOR_IRQ_SAME_EL = 0x280;

    private static Rig rig() {
        Rig rig = new Rig();
        rig.ctx.set(SysReg.HCR_EL2, HcrEl2.RW | HcrEl2.IMO | HcrEl2.FMO | HcrEl2.AMO);
        VirtualCpuInterface gic = rig.ctx.gic();
        gic.setSystemRegisters(true);
        gic.setHcr(IchHcrEl2.EN);
        gic.setVmcr(IchVmcrEl2.withPmr(IchVmcrEl2.VENG1 | IchVmcrEl2.VENG0, 0xf0));
        gic.changed();
        return rig;
    }

    private static void list(Rig rig, int n, long intid, long priority, long bits) {
        rig.ctx.gic().setLr(n, intid | IchLrEl2.priority((int) priority) | bits);
        rig.ctx.gic().changed();
    }

    private static void pending(Rig rig, int n, long intid, long priority) {
        list(rig, n, intid, priority, IchLrEl2.GROUP | IchLrEl2.PENDING);
    }

    @Test
    void pendingInterruptIsTakenOnceUnmasked() {
        try (Rig rig = rig()) {
            pending(rig, 0, 40, PRIORITY);

            rig.run(asm -> asm.mrs(X0, SysReg.ISR_EL1).msr(SysReg.DAIF, XZR).hvc(1));

            assertThat(rig.ctx.x(0)).isEqualTo(Pstate.I);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.VECTORS + VECTOR_IRQ_SAME_EL + 4);
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE + 8);
        }
    }

    @Test
    void group0IsSignalledAsFiq() {
        try (Rig rig = rig()) {
            list(rig, 0, 40, PRIORITY, IchLrEl2.PENDING);

            rig.run(asm -> asm.mrs(X0, SysReg.ISR_EL1)
                    .mrs(X1, SysReg.ICC_IAR1_EL1)
                    .mrs(X2, SysReg.ICC_IAR0_EL1)
                    .hvc(1));

            assertThat(rig.ctx.x(0)).isEqualTo(Pstate.F);
            assertThat(rig.ctx.x(1)).isEqualTo(VirtualCpuInterface.SPURIOUS);
            assertThat(rig.ctx.x(2)).isEqualTo(40);
        }
    }

    @Test
    void acknowledgeAndEndMoveTheStateOfTheListRegister() {
        try (Rig rig = rig()) {
            pending(rig, 1, 40, PRIORITY);

            rig.run(asm -> asm.mrs(X0, SysReg.ICC_HPPIR1_EL1)
                    .mrs(X1, SysReg.ICC_IAR1_EL1)
                    .mrs(X2, SysReg.ICC_RPR_EL1)
                    .mrs(X3, SysReg.ICC_AP1R0_EL1)
                    .hvc(1));

            assertThat(rig.ctx.x(0)).isEqualTo(40);
            assertThat(rig.ctx.x(1)).isEqualTo(40);
            assertThat(rig.ctx.x(2)).isEqualTo(PRIORITY);
            assertThat(rig.ctx.x(3)).isEqualTo(1L << (PRIORITY >> 3));
            assertThat(rig.ctx.gic().lr(1) & IchLrEl2.STATE).isEqualTo(IchLrEl2.ACTIVE);

            rig.run(asm -> asm.msr(SysReg.ICC_EOIR1_EL1, X1)
                    .mrs(X2, SysReg.ICC_RPR_EL1)
                    .mrs(X3, SysReg.ICC_IAR1_EL1)
                    .hvc(1));

            assertThat(rig.ctx.x(2)).isEqualTo(0xff);
            assertThat(rig.ctx.x(3)).isEqualTo(VirtualCpuInterface.SPURIOUS);
            assertThat(rig.ctx.gic().lr(1) & IchLrEl2.STATE).isZero();
            assertThat(rig.ctx.gic().elrsr()).isEqualTo(0xf);
        }
    }

    @Test
    void onlyAHigherGroupPriorityPreempts() {
        try (Rig rig = rig()) {
            pending(rig, 0, 40, 0x80);
            rig.run(asm -> asm.mrs(X0, SysReg.ICC_IAR1_EL1).hvc(1));
            pending(rig, 1, 41, 0x80);
            rig.run(asm -> asm.mrs(X1, SysReg.ICC_IAR1_EL1).hvc(1));
            pending(rig, 2, 42, 0x78);
            rig.run(asm -> asm.mrs(X2, SysReg.ICC_IAR1_EL1).hvc(1));

            assertThat(rig.ctx.x(0)).isEqualTo(40);
            assertThat(rig.ctx.x(1)).isEqualTo(VirtualCpuInterface.SPURIOUS);
            assertThat(rig.ctx.x(2)).isEqualTo(42);
        }
    }

    @Test
    void theBinaryPointJoinsPrioritiesOfOneGroup() {
        try (Rig rig = rig()) {
            rig.ctx.setX(4, 5);
            pending(rig, 0, 40, 0x98);
            rig.run(asm -> asm.msr(SysReg.ICC_BPR1_EL1, X4)
                    .mrs(X0, SysReg.ICC_IAR1_EL1)
                    .hvc(1));
            pending(rig, 1, 41, 0x80);
            rig.run(asm -> asm.mrs(X1, SysReg.ICC_IAR1_EL1)
                    .mrs(X2, SysReg.ICC_HPPIR1_EL1)
                    .hvc(1));

            assertThat(rig.ctx.x(1)).isEqualTo(VirtualCpuInterface.SPURIOUS);
            assertThat(rig.ctx.x(2)).isEqualTo(41);
        }
    }

    @Test
    void thePriorityMaskHoldsAnInterruptBack() {
        try (Rig rig = rig()) {
            rig.ctx.setX(4, PRIORITY);
            pending(rig, 0, 40, PRIORITY);

            rig.run(asm -> asm.msr(SysReg.ICC_PMR_EL1, X4)
                    .mrs(X0, SysReg.ISR_EL1)
                    .mrs(X1, SysReg.ICC_IAR1_EL1)
                    .hvc(1));

            assertThat(rig.ctx.x(0)).isZero();
            assertThat(rig.ctx.x(1)).isEqualTo(VirtualCpuInterface.SPURIOUS);
        }
    }

    @Test
    void lowBitsOfThePriorityMaskReadAsZero() {
        try (Rig rig = rig()) {
            rig.ctx.setX(4, 0xff);

            rig.run(asm ->
                    asm.msr(SysReg.ICC_PMR_EL1, X4).mrs(X0, SysReg.ICC_PMR_EL1).hvc(1));

            assertThat(rig.ctx.x(0)).isEqualTo(0xf8);
        }
    }

    @Test
    void binaryPointsHaveALowestValue() {
        try (Rig rig = rig()) {
            rig.ctx.setX(4, 0);

            rig.run(asm -> asm.msr(SysReg.ICC_BPR0_EL1, X4)
                    .msr(SysReg.ICC_BPR1_EL1, X4)
                    .mrs(X0, SysReg.ICC_BPR0_EL1)
                    .mrs(X1, SysReg.ICC_BPR1_EL1)
                    .hvc(1));

            assertThat(rig.ctx.x(0)).isEqualTo(2);
            assertThat(rig.ctx.x(1)).isEqualTo(3);
        }
    }

    @Test
    void withEoiModeOneOnlyDirDeactivates() {
        try (Rig rig = rig()) {
            rig.ctx.setX(4, 2);
            pending(rig, 0, 40, PRIORITY);

            rig.run(asm -> asm.msr(SysReg.ICC_CTLR_EL1, X4)
                    .mrs(X0, SysReg.ICC_IAR1_EL1)
                    .msr(SysReg.ICC_EOIR1_EL1, X0)
                    .mrs(X1, SysReg.ICC_RPR_EL1)
                    .hvc(1));
            assertThat(rig.ctx.x(1)).isEqualTo(0xff);
            assertThat(rig.ctx.gic().lr(0) & IchLrEl2.STATE).isEqualTo(IchLrEl2.ACTIVE);

            rig.run(asm -> asm.msr(SysReg.ICC_DIR_EL1, X0).hvc(1));
            assertThat(rig.ctx.gic().lr(0) & IchLrEl2.STATE).isZero();
        }
    }

    @Test
    void anLpiIsNeverActive() {
        try (Rig rig = rig()) {
            pending(rig, 0, 8200, PRIORITY);

            rig.run(asm -> asm.mrs(X0, SysReg.ICC_IAR1_EL1)
                    .msr(SysReg.ICC_EOIR1_EL1, X0)
                    .hvc(1));

            assertThat(rig.ctx.x(0)).isEqualTo(8200);
            assertThat(rig.ctx.gic().lr(0) & IchLrEl2.STATE).isZero();
            assertThat(rig.ctx.gic().ap1r()).isZero();
            assertThat(IchHcrEl2.eoiCount(rig.ctx.gic().hcr())).isZero();
        }
    }

    @Test
    void endOfAnUnlistedInterruptIsCounted() {
        try (Rig rig = rig()) {
            rig.ctx.setX(0, 45);
            rig.ctx.gic().setAp1r(1 << 20);
            rig.ctx.gic().setHcr(IchHcrEl2.EN | IchHcrEl2.LRENPIE);

            Exit exit = rig.run(asm -> asm.msr(SysReg.ICC_EOIR1_EL1, X0).hvc(1));

            assertThat(exit).isEqualTo(Exit.MAINTENANCE);
            assertThat(rig.ctx.gic().misr()).isEqualTo(IchMisrEl2.LRENP);
            assertThat(IchHcrEl2.eoiCount(rig.ctx.gic().hcr())).isEqualTo(1);
            assertThat(rig.ctx.gic().ap1r()).isZero();
        }
    }

    @Test
    void endOfAnInterruptThatAskedForItIsAMaintenanceInterrupt() {
        try (Rig rig = rig()) {
            list(rig, 2, 40, PRIORITY, IchLrEl2.GROUP | IchLrEl2.PENDING | IchLrEl2.EOI);

            Exit exit = rig.run(asm -> asm.mrs(X0, SysReg.ICC_IAR1_EL1)
                    .msr(SysReg.ICC_EOIR1_EL1, X0)
                    .hvc(1));

            assertThat(exit).isEqualTo(Exit.MAINTENANCE);
            assertThat(rig.ctx.gic().eisr()).isEqualTo(4);
            assertThat(rig.ctx.gic().elrsr()).isEqualTo(0xb);
        }
    }

    @Test
    void underflowIsAMaintenanceInterrupt() {
        try (Rig rig = rig()) {
            rig.ctx.gic().setHcr(IchHcrEl2.EN | IchHcrEl2.UIE);
            pending(rig, 0, 40, PRIORITY);
            pending(rig, 1, 41, PRIORITY);
            assertThat(rig.ctx.gic().misr()).isZero();

            Exit exit = rig.run(asm -> asm.mrs(X0, SysReg.ICC_IAR1_EL1)
                    .msr(SysReg.ICC_EOIR1_EL1, X0)
                    .hvc(1));

            assertThat(exit).isEqualTo(Exit.MAINTENANCE);
            assertThat(rig.ctx.gic().misr()).isEqualTo(IchMisrEl2.U);
        }
    }

    @Test
    void sgiRegistersTrap() {
        try (Rig rig = rig()) {
            Exit exit = rig.run(asm -> asm.msr(SysReg.ICC_SGI1R_EL1, X4));

            assertThat(exit).isEqualTo(Exit.TRAP);
            assertThat(Esr.ec(rig.pe.esrEl2())).isEqualTo(ExceptionClass.SYS64);
        }
    }

    @Test
    void withoutSystemRegistersTheInterfaceIsUndefined() {
        try (Rig rig = rig()) {
            rig.ctx.gic().setSystemRegisters(false);

            rig.run(asm -> asm.mrs(X0, SysReg.ICC_IAR1_EL1).hvc(1));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @Test
    void registersOfAGroupTrapByThemselves() {
        try (Rig rig = rig()) {
            rig.ctx.gic().setHcr(IchHcrEl2.EN | IchHcrEl2.TALL1);

            Exit group0 = rig.run(asm -> asm.mrs(X0, SysReg.ICC_IAR0_EL1).hvc(1));
            assertThat(group0).isEqualTo(Exit.TRAP);
            assertThat(Esr.ec(rig.pe.esrEl2())).isEqualTo(ExceptionClass.HVC64);
            rig.run(asm -> asm.mrs(X0, SysReg.ICC_IAR1_EL1).hvc(1));
            assertThat(Esr.ec(rig.pe.esrEl2())).isEqualTo(ExceptionClass.SYS64);
        }
    }

    @Test
    void aDueTimerEndsTheRun() {
        try (Rig rig = rig()) {
            rig.ctx.set(SysReg.CNTV_CVAL_EL0, 100);
            rig.ctx.set(SysReg.CNTV_CTL_EL0, CntCtl.ENABLE);
            assertThat(rig.run(asm -> asm.hvc(1))).isEqualTo(Exit.TRAP);
            assertThat(El1Timer.VIRTUAL.delay(rig.ctx, 0)).isEqualTo(100);
            rig.nanos = 100;

            assertThat(rig.run(asm -> asm.hvc(1))).isEqualTo(Exit.TIMER);
            assertThat(El1Timer.VIRTUAL.line(rig.ctx, 100)).isTrue();
        }
    }

    @Test
    void aTimerThatBecomesDueIsNoticedInALoop() {
        try (Rig rig = rig()) {
            rig.ctx.set(SysReg.CNTP_CVAL_EL0, 100);
            rig.ctx.set(SysReg.CNTP_CTL_EL0, CntCtl.ENABLE);
            rig.ctx.set(SysReg.CNTHCTL_EL2, 3);
            rig.ticker = () -> rig.pe.instructions() / 100;

            Exit exit = rig.run(asm -> {
                Label here = asm.here();
                asm.b(here);
            });

            assertThat(exit).isEqualTo(Exit.TIMER);
            assertThat(rig.pe.instructions()).isBetween(10_000L, 16_000L);
        }
    }

    @Test
    void aMaskedOrForwardedTimerDoesNotInterrupt() {
        try (Rig rig = rig()) {
            rig.nanos = 100;
            rig.ctx.set(SysReg.CNTV_CTL_EL0, CntCtl.ENABLE | CntCtl.IMASK);
            assertThat(rig.run(asm -> asm.hvc(1))).isEqualTo(Exit.TRAP);
            rig.ctx.set(SysReg.CNTV_CTL_EL0, CntCtl.ENABLE);
            rig.ctx.gic().setForwarded(27, true);

            assertThat(rig.run(asm -> asm.hvc(1))).isEqualTo(Exit.TRAP);
        }
    }

    @Test
    void deactivationOfAHardwareInterruptLetsTheTimerInterruptAgain() {
        try (Rig rig = rig()) {
            rig.nanos = 100;
            rig.ctx.set(SysReg.CNTV_CTL_EL0, CntCtl.ENABLE);
            rig.ctx.gic().setForwarded(27, true);
            list(rig, 0, 27, PRIORITY, IchLrEl2.GROUP | IchLrEl2.PENDING | IchLrEl2.HW | IchLrEl2.physicalId(27));

            rig.run(asm -> asm.mrs(X0, SysReg.ICC_IAR1_EL1)
                    .msr(SysReg.ICC_EOIR1_EL1, X0)
                    .hvc(1));
            assertThat(rig.ctx.gic().forwarded()).isZero();

            assertThat(rig.run(asm -> asm.hvc(1))).isEqualTo(Exit.TIMER);
        }
    }
}
