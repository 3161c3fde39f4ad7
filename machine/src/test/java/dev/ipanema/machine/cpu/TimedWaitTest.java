package dev.ipanema.machine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// WFET and WFIT, and random numbers.
class TimedWaitTest {
    @Test
    void aWaitThatIsOverNeitherTrapsNorWaits() {
        try (Rig rig = new Rig().hcr(HcrEl2.TWI | HcrEl2.TWE)) {
            rig.nanos = 1000;
            rig.ctx.setX(1, 1000);

            rig.run(asm -> asm.emit("WFIT", Reg.X1).emit("WFET", Reg.X1).hvc(1));

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(1));
        }
    }

    @Test
    void theOffsetOfTheVirtualCounterCounts() {
        try (Rig rig = new Rig().hcr(HcrEl2.TWI)) {
            rig.nanos = 1000;
            rig.ctx.set(SysReg.CNTVOFF_EL2, 400);
            rig.ctx.setX(1, 601);

            Exit exit = rig.run(asm -> asm.emit("WFIT", Reg.X1));

            assertThat(exit).isEqualTo(Exit.TRAP);
        }
    }

    @ParameterizedTest
    @CsvSource({"WFIT, 2", "WFET, 3"})
    void aTrapTellsTheRegister(String instruction, int ti) {
        try (Rig rig = new Rig().hcr(HcrEl2.TWI | HcrEl2.TWE)) {
            rig.ctx.setX(7, 5000);
            rig.run(asm -> asm.emit("SEVL").emit("WFE").emit(instruction, Reg.X7));

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.wfx(ti, 7));
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 8);
        }
    }

    @Test
    void anUntrappedWfitEndsTheRun() {
        try (Rig rig = new Rig()) {
            rig.ctx.setX(7, 5000);

            Exit exit = rig.run(asm -> asm.emit("WFIT", Reg.X7));

            assertThat(exit).isEqualTo(Exit.WAIT);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 4);
        }
    }

    @Test
    void withoutTheFeatureBothAreUndefined() {
        try (Rig rig = new Rig("cortex-a76")) {
            rig.run(asm -> asm.emit("WFET", Reg.X1));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @Test
    void randomNumbersFollowTheSeedAndClearTheFlags() {
        try (Rig rig = new Rig();
                Rig same = new Rig();
                Rig other = new Rig()) {
            rig.machine.seedRandom(7);
            same.machine.seedRandom(7);
            other.machine.seedRandom(8);
            for (Rig each : new Rig[] {rig, same, other}) {
                each.ctx.set(SysReg.NZCV, Pstate.NZCV);
                each.run(asm ->
                        asm.mrs(Reg.X1, SysReg.RNDR).mrs(Reg.X2, SysReg.RNDRRS).hvc(1));
            }

            assertThat(rig.ctx.x(1)).isNotEqualTo(rig.ctx.x(2)).isEqualTo(same.ctx.x(1));
            assertThat(other.ctx.x(1)).isNotEqualTo(rig.ctx.x(1));
            assertThat(rig.ctx.get(SysReg.NZCV)).isZero();
        }
    }

    @Test
    void withoutTheFeatureThereAreNoRandomNumbers() {
        try (Rig rig = new Rig("cortex-a76")) {
            rig.run(asm -> asm.mrs(Reg.X1, SysReg.RNDR));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }
}
