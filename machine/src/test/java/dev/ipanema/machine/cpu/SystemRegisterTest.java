package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.CntCtl;
import dev.ipanema.arm.register.CntkctlEl1;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SystemRegisterTest {
    private static long readBack(Rig rig, SysReg reg, long value) {
        rig.ctx.setX(0, value);
        rig.run(asm -> asm.msr(reg, X0).mrs(X1, reg).hvc(0));
        assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
        return rig.ctx.x(1);
    }

    @ParameterizedTest
    @CsvSource({
        "VBAR_EL1, 0xfffffffffffff800",
        "CONTEXTIDR_EL1, 0xffffffff",
        "TPIDR_EL0, 0xffffffffffffffff",
        "TPIDRRO_EL0, 0xffffffffffffffff",
        "TPIDR_EL1, 0xffffffffffffffff",
        "ELR_EL1, 0xffffffffffffffff",
        "SP_EL0, 0xffffffffffffffff",
        "CNTKCTL_EL1, 0x3ff",
        "CSSELR_EL1, 0x1f",
        "ACTLR_EL1, 0x0",
        "AFSR0_EL1, 0x0",
        "NZCV, 0xf0000000",
    })
    void allOnesReadBackWithoutReservedBits(SysReg reg, String kept) {
        try (Rig rig = new Rig()) {
            assertThat(readBack(rig, reg, -1)).isEqualTo(Long.parseUnsignedLong(kept.substring(2), 16));
        }
    }

    @Test
    void systemControlKeepsItsReservedOnesAndZeroes() {
        try (Rig rig = new Rig()) {
            long all = ~(SctlrEl1.M | SctlrEl1.A);

            assertThat(readBack(rig, SysReg.SCTLR_EL1, 0)).isEqualTo(SctlrEl1.RES1);
            long ones = readBack(rig, SysReg.SCTLR_EL1, all);
            assertThat(ones & (SctlrEl1.EE | SctlrEl1.E0E)).isZero();
            assertThat(ones & SctlrEl1.ENIA).isEqualTo(SctlrEl1.ENIA);
            assertThat(ones & SctlrEl1.SPAN).isEqualTo(SctlrEl1.SPAN);
        }
    }

    @Test
    void controlsOfAbsentFeaturesAreReservedZeroes() {
        try (Rig rig = new Rig("cortex-a53")) {
            long ones = readBack(rig, SysReg.SCTLR_EL1, ~(SctlrEl1.M | SctlrEl1.A));

            assertThat(ones & (SctlrEl1.ENIA | SctlrEl1.ENDB | SctlrEl1.BT0 | SctlrEl1.NAA))
                    .isZero();
        }
    }

    @Test
    void spanIsReservedOneWithoutPan() {
        try (Rig rig = new Rig("cortex-a53")) {
            assertThat(readBack(rig, SysReg.SCTLR_EL1, 0)).isEqualTo(SctlrEl1.RES1 | SctlrEl1.SPAN);
        }
    }

    @Test
    void resetStateIsEl1WithEverythingMaskedAndTranslationOff() {
        CpuContext ctx = new CpuContext(CpuModel.parse("neoverse-v2"));

        assertThat(ctx.pstate()).isEqualTo(Pstate.EL1H | Pstate.DAIF);
        assertThat(ctx.get(SysReg.SCTLR_EL1)).isEqualTo(SctlrEl1.RES1);
        assertThat(ctx.get(SysReg.MIDR_EL1)).isEqualTo(0x410f_d4f0L);
        assertThat(ctx.pc()).isZero();
    }

    @Test
    void guestReadsSanitisedIdentification() {
        try (Rig rig = new Rig("neoverse-v2")) {
            rig.run(asm -> asm.mrs(X0, SysReg.ID_AA64PFR0_EL1)
                    .mrs(X1, SysReg.ID_AA64MMFR0_EL1)
                    .hvc(0));

            assertThat(rig.ctx.x(0)).isEqualTo(rig.model.guestId(SysReg.ID_AA64PFR0_EL1));
            assertThat(rig.ctx.x(1)).isEqualTo(rig.model.guestId(SysReg.ID_AA64MMFR0_EL1));
        }
    }

    @Test
    void unnamedIdentificationReadsZero() {
        try (Rig rig = new Rig()) {
            rig.ctx.setX(0, 5);
            // MRS X0, S3_0_C0_C7_7
            rig.run(asm -> asm.word(0xd538_07e0).hvc(0));

            assertThat(rig.ctx.x(0)).isZero();
        }
    }

    @Test
    void processorIdentificationIsTheHypervisors() {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.VPIDR_EL2, 0x1234_5678);
            rig.ctx.set(SysReg.VMPIDR_EL2, 0x8000_0003L);

            rig.run(asm ->
                    asm.mrs(X0, SysReg.MIDR_EL1).mrs(X1, SysReg.MPIDR_EL1).hvc(0));

            assertThat(rig.ctx.x(0)).isEqualTo(0x1234_5678);
            assertThat(rig.ctx.x(1)).isEqualTo(0x8000_0003L);
        }
    }

    @Test
    void cacheSizeFollowsTheSelection() {
        try (Rig rig = new Rig("cortex-a53")) {
            rig.ctx.setX(0, 2);

            rig.run(asm -> asm.msr(SysReg.CSSELR_EL1, X0)
                    .isb()
                    .mrs(X1, SysReg.CCSIDR_EL1)
                    .hvc(0));

            assertThat(rig.ctx.x(1)).isEqualTo(rig.model.ccsidr(2)).isNotZero();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SysReg.class,
            names = {"SCTLR_EL1", "VBAR_EL1", "TPIDR_EL1", "ESR_EL1", "PAN", "SPSel", "OSLAR_EL1", "CNTKCTL_EL1"})
    void privilegedRegistersAreUndefinedAtEl0(SysReg reg) {
        try (Rig rig = new Rig()) {
            rig.el0();

            rig.run(asm -> asm.msr(reg, X0));

            assertThat(rig.reachedVector(0x400)).isTrue();
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SysReg.class,
            names = {"HCR_EL2", "VTTBR_EL2", "SP_EL1", "VPIDR_EL2", "CNTVOFF_EL2"})
    void registersOfEl2AreUndefinedAtEl1(SysReg reg) {
        try (Rig rig = new Rig()) {
            rig.run(asm -> asm.mrs(X0, reg));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @Test
    void writeOfAReadOnlyRegisterIsUndefined() {
        try (Rig rig = new Rig()) {
            rig.run(asm -> asm.msr(SysReg.MIDR_EL1, X0));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @Test
    void cacheTypeAtEl0NeedsPermission() {
        try (Rig rig = new Rig()) {
            rig.el0();
            rig.run(asm -> asm.mrs(X2, SysReg.CTR_EL0));
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.sys64(3, 3, 0, 0, 1, 2, true));

            rig.ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.UCT);
            rig.el0();
            Exit exit = rig.step(asm -> asm.mrs(X2, SysReg.CTR_EL0));
            assertThat(exit).isEqualTo(Exit.BUDGET);
            assertThat(rig.ctx.x(2)).isEqualTo(rig.model.ctrEl0());
        }
    }

    @Test
    void interruptMasksAtEl0NeedPermission() {
        try (Rig rig = new Rig()) {
            rig.el0();
            rig.run(asm -> asm.daifSet(2));
            // MSR DAIFSet, #2: op0=0 op1=3 CRn=4 CRm=2 op2=6 Rt=31, write.
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.sys64(0, 3, 4, 2, 6, 31, false));

            rig.ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.UMA);
            rig.el0();
            rig.step(asm -> asm.daifSet(2));
            assertThat(rig.ctx.pstate()).isEqualTo(Pstate.EL0T | Pstate.I);
        }
    }

    @Test
    void stackPointerOfEl0IsNotReachableWhileInUse() {
        try (Rig rig = new Rig()) {
            // MSR SPSel, #0; MRS X0, SP_EL0
            rig.run(asm -> asm.word(0xd500_40bf).mrs(X0, SysReg.SP_EL0));

            assertThat(rig.reachedVector(0x000)).isTrue();
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @Test
    void stackPointersAreBanked() {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.SP_EL0, 0x7000);

            // MSR SPSel, #0; MOV X0, SP; MSR SPSel, #1; MOV X1, SP
            rig.run(asm -> asm.word(0xd500_40bf)
                    .word(0x9100_03e0)
                    .word(0xd500_41bf)
                    .word(0x9100_03e1)
                    .hvc(0));

            assertThat(rig.ctx.x(0)).isEqualTo(0x7000);
            assertThat(rig.ctx.x(1)).isEqualTo(Rig.STACK);
        }
    }

    @Test
    void countersFollowTheClockAndTheOffset() {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.CNTVOFF_EL2, 1000);
            rig.ctx.set(SysReg.CNTHCTL_EL2, 3);
            rig.nanos = 5000;

            rig.run(asm -> asm.mrs(X0, SysReg.CNTPCT_EL0)
                    .mrs(X1, SysReg.CNTVCT_EL0)
                    .mrs(X2, SysReg.CNTFRQ_EL0)
                    .hvc(0));

            assertThat(rig.ctx.x(0)).isEqualTo(5000);
            assertThat(rig.ctx.x(1)).isEqualTo(4000);
            assertThat(rig.ctx.x(2)).isEqualTo(Counter.FREQUENCY_HZ);
        }
    }

    @Test
    void timerConditionIsMetWhenTheCountReachesTheValue() {
        try (Rig rig = new Rig()) {
            rig.ctx.setX(0, 100);
            rig.ctx.setX(1, CntCtl.ENABLE);
            rig.run(asm -> asm.msr(SysReg.CNTV_TVAL_EL0, X0)
                    .msr(SysReg.CNTV_CTL_EL0, X1)
                    .mrs(X2, SysReg.CNTV_CTL_EL0)
                    .hvc(0));
            assertThat(rig.ctx.x(2)).isEqualTo(CntCtl.ENABLE);
            assertThat(rig.ctx.get(SysReg.CNTV_CVAL_EL0)).isEqualTo(100);

            rig.nanos = 130;
            rig.ctx.gic().setForwarded(El1Timer.VIRTUAL.intid(), true);
            rig.run(asm -> asm.mrs(X2, SysReg.CNTV_CTL_EL0)
                    .mrs(X1, SysReg.CNTV_TVAL_EL0)
                    .hvc(0));
            assertThat(rig.ctx.x(2)).isEqualTo(CntCtl.ENABLE | CntCtl.ISTATUS);
            assertThat(rig.ctx.x(1)).isEqualTo(0xffff_ffe2L);
        }
    }

    @Test
    void virtualCounterAtEl0NeedsPermission() {
        try (Rig rig = new Rig()) {
            rig.el0();
            rig.run(asm -> asm.mrs(X0, SysReg.CNTVCT_EL0));
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.sys64(3, 3, 14, 0, 2, 0, true));

            rig.ctx.set(SysReg.CNTKCTL_EL1, CntkctlEl1.EL0VCTEN);
            rig.el0();
            assertThat(rig.step(asm -> asm.mrs(X0, SysReg.CNTVCT_EL0))).isEqualTo(Exit.BUDGET);
        }
    }

    @Test
    void pendingVirtualInterruptsShowInIsr() {
        try (Rig rig = new Rig()) {
            rig.hcr(dev.ipanema.arm.register.HcrEl2.IMO | dev.ipanema.arm.register.HcrEl2.VI);

            rig.run(asm -> asm.mrs(X0, SysReg.ISR_EL1).hvc(0));

            assertThat(rig.ctx.x(0)).isEqualTo(Pstate.I);
        }
    }

    @Test
    void osLockReadsBackThroughItsStatus() {
        try (Rig rig = new Rig()) {
            rig.ctx.setX(0, 1);

            rig.run(asm ->
                    asm.msr(SysReg.OSLAR_EL1, X0).mrs(X1, SysReg.OSLSR_EL1).hvc(0));

            assertThat(rig.ctx.x(1)).isEqualTo(0xa);
        }
    }

    @Test
    void identificationAtEl0IsReportedWithIdstAndUndefinedWithout() {
        try (Rig rig = new Rig("max");
                Rig old = new Rig("cortex-a76")) {
            rig.el0();
            rig.run(asm -> asm.mrs(X0, SysReg.ID_AA64PFR0_EL1));
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.sys64(3, 0, 0, 4, 0, 0, true));

            old.el0();
            old.run(asm -> asm.mrs(X0, SysReg.ID_AA64PFR0_EL1));
            assertThat(old.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @Test
    void everyStatefulRegisterKeepsWhatTheHypervisorSets() {
        CpuContext ctx = new CpuContext(CpuModel.parse("max"));
        assertThat(SysReg.values()).allSatisfy(reg -> {
            long value = 0x5a5a_5a5a_5a5a_5a5aL & reg.writable();
            boolean stateful = reg.access() == SysReg.Access.EL2_WRITE || reg.access() == SysReg.Access.EL1_WRITE;
            if (stateful) {
                ctx.set(reg, value);
                assertThat(ctx.get(reg)).as(reg.name()).isEqualTo(value);
            }
        });
    }
}
