package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.DebugControl;
import dev.ipanema.arm.register.MdcrEl2;
import dev.ipanema.arm.register.MdscrEl1;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DebugExceptionTest {
    private static final int CODE_BAS = 0xf;

    @Test
    void hypervisorStepsOneInstruction() {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.MDCR_EL2, MdcrEl2.TDE);
            rig.ctx.set(SysReg.MDSCR_EL1, MdscrEl1.SS);
            rig.ctx.setPstate(Pstate.EL1H | Pstate.DAIF | Pstate.SS);

            Exit first = rig.run(asm -> asm.movImm(X0, 1).movImm(X1, 2).hvc(0));

            assertThat(first).isEqualTo(Exit.TRAP);
            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.softwareStep(true, true, false));
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 4);
            assertThat(rig.ctx.x(0)).isEqualTo(1);
            assertThat(rig.ctx.x(1)).isZero();
        }
    }

    @Test
    void stepPendingIsTakenBeforeAnything() {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.MDCR_EL2, MdcrEl2.TDE);
            rig.ctx.set(SysReg.MDSCR_EL1, MdscrEl1.SS);

            rig.run(asm -> asm.movImm(X0, 1).hvc(0));

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.softwareStep(true, false, false));
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE);
        }
    }

    @Test
    void stepOverAnExceptionStopsAtTheVector() {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.MDCR_EL2, MdcrEl2.TDE);
            rig.ctx.set(SysReg.MDSCR_EL1, MdscrEl1.SS);
            rig.ctx.setPstate(Pstate.EL1H | Pstate.DAIF | Pstate.SS);

            rig.run(asm -> asm.svc(0));

            assertThat(rig.ctx.pc()).isEqualTo(rig.ctx.get(SysReg.VBAR_EL1) + 0x200);
        }
    }

    @ParameterizedTest
    @CsvSource({"true, false, true", "true, true, false", "false, false, false"})
    void breakpointAtEl1NeedsKdeAndAClearMask(boolean kde, boolean masked, boolean taken) {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.MDSCR_EL1, MdscrEl1.MDE | (kde ? MdscrEl1.KDE : 0));
            rig.ctx.set(SysReg.DBGBVR5_EL1, Rig.CODE + 4);
            rig.ctx.set(SysReg.DBGBCR5_EL1, DebugControl.of(0, CODE_BAS, 0));
            rig.ctx.setPstate(Pstate.EL1H | (masked ? Pstate.D : 0));

            rig.run(asm -> asm.movImm(X0, 1).movImm(X1, 2).hvc(0));

            assertThat(rig.ctx.x(0)).isEqualTo(1);
            if (taken) {
                assertThat(rig.reachedVector(0x200)).isTrue();
                assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.breakpoint(false));
                assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE + 4);
            } else {
                assertThat(rig.ctx.x(1)).isEqualTo(2);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0xff, 0, 0, load, true",
        "2, 0xff, 0, 0, load, false",
        "2, 0xff, 0, 0, store, true",
        "1, 0xff, 0, 0, store, false",
        "3, 0x0f, 0, 8, store, false",
        "3, 0x01, 0, 0, store, true",
        "3, 0xff, 12, 0x800, load, true",
    })
    void watchpointStopsTheAccessItWatches(int lsc, String bas, int mask, String offset, String kind, boolean taken) {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.MDCR_EL2, MdcrEl2.TDE);
            rig.ctx.set(SysReg.MDSCR_EL1, MdscrEl1.MDE);
            rig.ctx.set(SysReg.DBGWVR3_EL1, Rig.DATA);
            rig.ctx.set(SysReg.DBGWCR3_EL1, DebugControl.of(lsc, Integer.decode(bas), mask));
            long address = Rig.DATA + Long.decode(offset);
            boolean store = "store".equals(kind);

            rig.run(asm -> {
                asm.movImm(X0, address).movImm(X2, 77);
                if (store) {
                    asm.str(X2, X0);
                } else {
                    asm.ldr(X2, X0);
                }
                asm.hvc(0);
            });

            if (taken) {
                assertThat(rig.pe.esrEl2()).isEqualTo(Esr.watchpoint(true, store, false));
                assertThat(rig.pe.farEl2()).isEqualTo(address);
                assertThat(rig.ctx.x(2)).isEqualTo(77);
            } else {
                assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
            }
        }
    }

    @Test
    void osLockHoldsDebugExceptionsBack() {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.MDCR_EL2, MdcrEl2.TDE);
            rig.ctx.set(SysReg.MDSCR_EL1, MdscrEl1.SS);
            rig.ctx.set(SysReg.OSLAR_EL1, 1);

            rig.run(asm -> asm.hvc(3));

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(3));
        }
    }

    @Test
    void kernelStepsItsUserByReturning() {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.MDSCR_EL1, MdscrEl1.SS);
            rig.ctx.set(SysReg.ELR_EL1, Rig.CODE + 4);
            rig.ctx.set(SysReg.SPSR_EL1, Pstate.SS);

            rig.run(asm -> asm.eret().movImm(X0, 1).movImm(X1, 2).hvc(0));

            assertThat(rig.reachedVector(0x400)).isTrue();
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.softwareStep(true, true, false));
            assertThat(rig.ctx.x(0)).isEqualTo(1);
            assertThat(rig.ctx.x(1)).isZero();
        }
    }
}
