package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.MdcrEl2;
import dev.ipanema.arm.register.PmuEvent;
import dev.ipanema.arm.register.PmuserenrEl0;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import org.junit.jupiter.api.Test;

/// What the performance monitors count, and the traps of their registers.
class EventCountsTest {
    private static long el0(Rig rig, int event) {
        return rig.ctx.events().total(event, false, true);
    }

    private static long el1(Rig rig, int event) {
        return rig.ctx.events().total(event, true, false);
    }

    @Test
    void instructionsAreCountedAtTheirExceptionLevel() {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.ELR_EL1, Rig.CODE + 0x100);
            rig.ctx.set(SysReg.SPSR_EL1, Pstate.EL0T);
            rig.load(Rig.CODE + 0x100, asm -> asm.nop().nop().nop().svc(0));

            // Ten at EL1 with ERET; three at EL0, where SVC does not complete; the vector's HVC neither.
            rig.run(asm -> {
                for (int i = 0; i < 9; i++) {
                    asm.nop();
                }
                asm.eret();
            });

            assertThat(rig.reachedVector(0x400)).isTrue();
            assertThat(el1(rig, PmuEvent.INST_RETIRED)).isEqualTo(10);
            assertThat(el0(rig, PmuEvent.INST_RETIRED)).isEqualTo(3);
            assertThat(el1(rig, PmuEvent.EXC_RETURN)).isEqualTo(1);
            assertThat(el0(rig, PmuEvent.EXC_TAKEN)).isEqualTo(1);
            assertThat(el1(rig, PmuEvent.EXC_TAKEN)).isZero();
            assertThat(rig.ctx.events().total(PmuEvent.CPU_CYCLES, true, true)).isEqualTo(14);
        }
    }

    @Test
    void longLoopsAreCountedToTheLastInstruction() {
        try (Rig rig = new Rig()) {
            rig.run(asm -> {
                asm.movImm(X1, 10_000);
                Label loop = asm.here();
                asm.sub(X1, X1, 1).cbnz(X1, loop).hvc(0);
            });

            assertThat(el1(rig, PmuEvent.INST_RETIRED)).isEqualTo(20_001);
            assertThat(rig.pe.instructions()).isEqualTo(20_001);
        }
    }

    @Test
    void onlyWhatIsCountedIsPromised() {
        assertThat(EventCounts.pmceid(0)).isEqualTo(1 | 1 << 0x08 | 1 << 0x09 | 1 << 0x0a | 1 << 0x11);
        assertThat(EventCounts.pmceid(1)).isZero();
    }

    @Test
    void accessesTrapToEl2ByTheirControls() {
        try (Rig rig = new Rig("neoverse-v1")) {
            rig.ctx.set(SysReg.MDCR_EL2, MdcrEl2.TPMCR);
            assertThat(rig.step(asm -> asm.mrs(X0, SysReg.PMCR_EL0))).isEqualTo(Exit.TRAP);
            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.sys64(3, 3, 9, 12, 0, 0, true));
            rig.step(asm -> asm.mrs(X0, SysReg.PMCCNTR_EL0));
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());

            rig.ctx.set(SysReg.MDCR_EL2, MdcrEl2.TPM);
            for (SysReg reg : new SysReg[] {SysReg.PMCR_EL0, SysReg.PMEVTYPER30_EL0, SysReg.PMMIR_EL1}) {
                assertThat(rig.step(asm -> asm.mrs(X0, reg))).as(reg.name()).isEqualTo(Exit.TRAP);
            }
            assertThat(rig.step(asm -> asm.msr(SysReg.PMSWINC_EL0, X0))).isEqualTo(Exit.TRAP);
            rig.ctx.set(SysReg.ESR_EL1, 0);
            rig.step(asm -> asm.mrs(X0, SysReg.PMSWINC_EL0));
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).as("write-only").isEqualTo(Esr.unknown());
        }
    }

    @Test
    void el0IsTrappedToEl1WithoutPermission() {
        try (Rig rig = new Rig()) {
            rig.ctx.set(SysReg.MDCR_EL2, MdcrEl2.TPM);
            rig.el0();
            rig.step(asm -> asm.mrs(X0, SysReg.PMCCNTR_EL0));
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.sys64(3, 3, 9, 13, 0, 0, true));

            rig.ctx.set(SysReg.PMUSERENR_EL0, PmuserenrEl0.CR);
            rig.el0();
            assertThat(rig.step(asm -> asm.mrs(X0, SysReg.PMCCNTR_EL0))).isEqualTo(Exit.TRAP);
        }
    }

    @Test
    void registersThatTheModelLacksAreUndefined() {
        try (Rig none = new Rig("max-pmu");
                Rig old = new Rig("cortex-a57")) {
            none.ctx.set(SysReg.MDCR_EL2, MdcrEl2.TPM);
            none.step(asm -> asm.mrs(X0, SysReg.PMCR_EL0));
            assertThat(none.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());

            old.ctx.set(SysReg.MDCR_EL2, MdcrEl2.TPM);
            old.step(asm -> asm.mrs(X0, SysReg.PMMIR_EL1));
            assertThat(old.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }
}
