package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExceptionTest {
    @ParameterizedTest
    @CsvSource({"0x0, 0x400", "0x4, 0x0", "0x5, 0x200"})
    void supervisorCallGoesToTheVectorOfItsMode(String mode, String vector) {
        try (Rig rig = new Rig()) {
            rig.ctx.setPstate(Long.decode(mode) | Pstate.Z);

            rig.run(asm -> asm.svc(0x42));

            assertThat(rig.reachedVector(Integer.decode(vector))).isTrue();
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.svc(0x42));
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE + 4);
            assertThat(rig.ctx.get(SysReg.SPSR_EL1)).isEqualTo(Long.decode(mode) | Pstate.Z);
            assertThat(rig.ctx.el()).isEqualTo(1);
            assertThat(rig.ctx.pstate() & (Pstate.MODE | Pstate.DAIF)).isEqualTo(Pstate.EL1H | Pstate.DAIF);
        }
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                0x0000_0000, // UDF #0
                0x0440_0000, // ADD Z0.H (SVE)
                0xd400_0001 | 3, // SMC #0 without HCR_EL2.TSC: there is no EL3
                0xd440_0000, // HLT #0
                0xd4a0_0001, // DCPS1
                0xd6bf_03e0, // DRPS
            })
    void whatTheGuestDoesNotHaveIsUndefined(int insn) {
        try (Rig rig = new Rig()) {
            rig.ctx.setX(0, Rig.DATA);

            rig.run(asm -> asm.word(insn));

            assertThat(rig.reachedVector(0x200)).isTrue();
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE);
        }
    }

    @Test
    void atomicsAreUndefinedWithoutTheFeature() {
        try (Rig rig = new Rig("cortex-a53")) {
            // LDADD X1, X2, [X0]
            rig.run(asm -> asm.word(0xf821_0002));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @Test
    void pointerAuthenticationHintsDoNothing() {
        try (Rig rig = new Rig()) {
            rig.ctx.setX(30, 0x1234);

            // PACIASP; AUTIASP; BTI c
            rig.run(asm ->
                    asm.word(0xd503_233f).word(0xd503_23bf).word(0xd503_245f).hvc(0));

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
            assertThat(rig.ctx.x(30)).isEqualTo(0x1234);
        }
    }

    @Test
    void breakpointInstructionReportsItself() {
        try (Rig rig = new Rig()) {
            rig.run(asm -> asm.nop().brk(9));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.brk(9));
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE + 4);
        }
    }

    @Test
    void misalignedProgramCounterFaultsWithItsAddress() {
        try (Rig rig = new Rig()) {
            rig.ctx.setX(0, Rig.CODE + 0x102);

            rig.run(asm -> asm.br(X0));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.pcAlignment());
            assertThat(rig.ctx.get(SysReg.FAR_EL1)).isEqualTo(Rig.CODE + 0x102);
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE + 0x102);
        }
    }

    @Test
    void stage1FaultOfALoadIsReportedToEl1() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.setX(0, 0x1_2345_6780L);

            rig.run(asm -> asm.ldr(X1, X0, 0));

            // EC 0x25, IL, translation fault level 1.
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(0x9600_0005L);
            assertThat(rig.ctx.get(SysReg.FAR_EL1)).isEqualTo(0x1_2345_6780L);
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE);
        }
    }

    @Test
    void stage1FaultOfAStoreSetsWnr() {
        try (Rig rig = new Rig()) {
            rig.stage1(Stage1Descriptor.AP_READ_ONLY);
            rig.ctx.setX(0, Rig.DATA);

            rig.run(asm -> asm.str(X1, X0, 0));

            // EC 0x25, IL, WnR, permission fault level 1.
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(0x9600_004dL);
        }
    }

    @Test
    void fetchFromNowhereIsAnInstructionAbort() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.setX(0, 0x8000_0000L);

            rig.run(asm -> asm.br(X0));

            // EC 0x21, IL, translation fault level 1.
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(0x8600_0005L);
            assertThat(rig.ctx.get(SysReg.FAR_EL1)).isEqualTo(0x8000_0000L);
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(0x8000_0000L);
        }
    }

    @Test
    void abortsFromEl0HaveTheClassesOfALowerLevel() {
        try (Rig rig = new Rig()) {
            rig.stage1(Stage1Descriptor.AP_EL0 | Stage1Descriptor.AP_READ_ONLY).el0();
            rig.ctx.setX(0, Rig.DATA);

            rig.run(asm -> asm.str(X1, X0, 0));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(0x9200_004dL);
        }
    }

    @Test
    void exceptionEntrySetsPanUnlessSpanKeepsIt() {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1);
            rig.run(asm -> asm.svc(0));
            assertThat(rig.ctx.pstate() & Pstate.PAN).isEqualTo(Pstate.PAN);

            rig.ctx.setPstate(Pstate.EL1H);
            rig.ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.SPAN);
            rig.run(asm -> asm.svc(0));
            assertThat(rig.ctx.pstate() & Pstate.PAN).isZero();
        }
    }

    @Test
    void exceptionReturnRestoresModeFlagsAndStackPointer() {
        try (Rig rig = new Rig()) {
            rig.load(Rig.CODE + 0x100, asm -> asm.nop());
            rig.ctx.set(SysReg.SP_EL0, 0x5000);
            rig.ctx.set(SysReg.SPSR_EL1, Pstate.EL0T | Pstate.C | Pstate.V);
            rig.ctx.set(SysReg.ELR_EL1, Rig.CODE + 0x100);

            rig.step(asm -> asm.eret());

            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 0x100);
            assertThat(rig.ctx.pstate()).isEqualTo(Pstate.EL0T | Pstate.C | Pstate.V);
            assertThat(rig.ctx.sp()).isEqualTo(0x5000);
            assertThat(rig.ctx.get(SysReg.SP_EL1)).isEqualTo(Rig.STACK);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0x9, 0xd, 0x10, 0x13, 0x2, 0x1})
    void illegalReturnSetsIlAndTheNextInstructionFaults(long mode) {
        try (Rig rig = new Rig()) {
            rig.load(Rig.CODE + 0x100, asm -> asm.nop());
            rig.ctx.set(SysReg.SPSR_EL1, mode | Pstate.N | Pstate.I);
            rig.ctx.set(SysReg.ELR_EL1, Rig.CODE + 0x100);

            rig.run(asm -> asm.eret());

            assertThat(rig.reachedVector(0x200)).isTrue();
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.illegalState());
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE + 0x100);
            assertThat(rig.ctx.get(SysReg.SPSR_EL1)).isEqualTo(Pstate.EL1H | Pstate.N | Pstate.I | Pstate.IL);
            assertThat(rig.ctx.pstate() & Pstate.IL).isZero();
        }
    }

    @Test
    void exceptionReturnIsUndefinedAtEl0() {
        try (Rig rig = new Rig()) {
            rig.el0();

            rig.run(asm -> asm.eret());

            assertThat(rig.reachedVector(0x400)).isTrue();
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @Test
    void virtualInterruptIsTakenWhenUnmasked() {
        try (Rig rig = new Rig()) {
            rig.hcr(HcrEl2.IMO | HcrEl2.VI);

            rig.run(asm -> asm.nop().daifClr(2).nop());

            assertThat(rig.reachedVector(0x280)).isTrue();
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE + 8);
            assertThat(rig.ctx.get(SysReg.HCR_EL2) & HcrEl2.VI).isEqualTo(HcrEl2.VI);
        }
    }

    @Test
    void virtualInterruptWithoutRoutingIsNotTaken() {
        try (Rig rig = new Rig()) {
            rig.hcr(HcrEl2.VI | HcrEl2.VF);

            rig.run(asm -> asm.daifClr(15).nop().hvc(1));

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(1));
        }
    }

    @Test
    void virtualSErrorIsTakenOnceWithItsSyndrome() {
        try (Rig rig = new Rig()) {
            rig.hcr(HcrEl2.AMO | HcrEl2.VSE);
            rig.ctx.set(SysReg.VSESR_EL2, 0x123);
            rig.ctx.setPstate(Pstate.EL1H);

            rig.run(asm -> asm.nop());

            assertThat(rig.reachedVector(0x380)).isTrue();
            // EC 0x2f, IL, ISS from VSESR_EL2.
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(0xbe00_0123L);
            assertThat(rig.ctx.get(SysReg.HCR_EL2) & HcrEl2.VSE).isZero();
        }
    }

    @Test
    void errorBarrierDefersAMaskedVirtualSError() {
        try (Rig rig = new Rig()) {
            rig.hcr(HcrEl2.AMO | HcrEl2.VSE);
            rig.ctx.set(SysReg.VSESR_EL2, 0x45);

            // ESB
            rig.run(asm -> asm.word(0xd503_221f).mrs(X0, SysReg.DISR_EL1).hvc(0));

            assertThat(rig.ctx.x(0)).isEqualTo(1L << 31 | 0x45);
            assertThat(rig.ctx.get(SysReg.HCR_EL2) & HcrEl2.VSE).isZero();
        }
    }

    @Test
    void vectorsThatCannotBeFetchedAreCountedAndEndByTheBudget() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.set(SysReg.VBAR_EL1, 0x8000_0000L);

            Exit exit = rig.run(asm -> asm.svc(0));

            assertThat(exit).isEqualTo(Exit.BUDGET);
            assertThat(rig.pe.exceptionsWithoutProgress()).isGreaterThan(1000);
        }
    }

    @Test
    void exceptionsOfEl0GoToEl2WithTge() {
        try (Rig rig = new Rig()) {
            rig.hcr(HcrEl2.TGE).el0();

            Exit exit = rig.run(asm -> asm.svc(7));

            assertThat(exit).isEqualTo(Exit.TRAP);
            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.svc(7));
            assertThat(rig.ctx.el()).isZero();
        }
    }
}
