package dev.ipanema.machine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Indirect branches into guarded pages.
class BranchTargetTest {
    /// In the page of the code, and in another.
    private static final long NEAR = Rig.CODE + 0x800;

    private static final long FAR = Rig.CODE + 0x3000;

    private static Rig rig(long gp) {
        return new Rig("max+bti").stage1(gp);
    }

    /// Runs a branch by a register to a target that ends with HVC #2.
    private static void branch(Rig rig, String branch, Reg by, long to, Consumer<Assembler> landing) {
        rig.load(to, asm -> {
            landing.accept(asm);
            asm.hvc(2);
        });
        rig.ctx.setX(by.number(), to);
        rig.run(asm -> asm.emit(branch, by));
    }

    private static boolean arrived(Rig rig) {
        return rig.pe.esrEl2() == Esr.hvc(2);
    }

    @ParameterizedTest
    @CsvSource({
        "BLR, BTI_C, true",
        "BLR, BTI_J, false",
        "BLR, BTI_JC, true",
        "BLR, BTI, false",
        "BLR, PACIASP, true",
        "BLR, NOP, false",
        "BR, BTI_C, false",
        "BR, BTI_J, true",
        "BR, BTI_JC, true",
        "BR, BTI, false",
        "BR, PACIBSP, true",
        "BR, NOP, false",
        "RET, NOP, true",
    })
    void aGuardedPageAcceptsTheBranchesOfItsLandingPad(String branch, String landing, boolean accepted) {
        for (long target : new long[] {NEAR, FAR}) {
            try (Rig rig = rig(Stage1Descriptor.GP)) {
                branch(rig, branch, Reg.X1, target, asm -> asm.emit(landing));

                assertThat(arrived(rig)).isEqualTo(accepted);
                if (!accepted) {
                    int btype = branch.equals("BLR") ? 2 : 3;
                    assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.bti(btype));
                    assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(target);
                    assertThat(rig.ctx.get(SysReg.SPSR_EL1) & Pstate.BTYPE).isEqualTo((long) btype << 10);
                    assertThat(rig.ctx.pstate() & Pstate.BTYPE).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 17})
    void aVeneerMayJumpToTheTargetOfACall(int register) {
        try (Rig rig = rig(Stage1Descriptor.GP)) {
            branch(rig, "BR", Reg.x(register), FAR, asm -> asm.emit("BTI_C"));

            assertThat(arrived(rig)).isTrue();
        }
    }

    @Test
    void bt1MakesPaciaspStrict() {
        try (Rig rig = rig(Stage1Descriptor.GP)) {
            rig.ctx.set(SysReg.SCTLR_EL1, rig.ctx.get(SysReg.SCTLR_EL1) | SctlrEl1.BT1);
            branch(rig, "BR", Reg.X1, FAR, asm -> asm.emit("PACIASP"));

            assertThat(arrived(rig)).isFalse();
        }
    }

    @Test
    void breakpointInstructionsAreAcceptedEverywhere() {
        try (Rig rig = rig(Stage1Descriptor.GP)) {
            branch(rig, "BLR", Reg.X1, FAR, asm -> asm.brk(5));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.brk(5));
            assertThat(rig.ctx.get(SysReg.SPSR_EL1) & Pstate.BTYPE).isZero();
        }
    }

    @Test
    void aPageThatIsNotGuardedAcceptsEverything() {
        try (Rig rig = rig(0)) {
            branch(rig, "BLR", Reg.X1, FAR, asm -> asm.emit("NOP"));

            assertThat(arrived(rig)).isTrue();
            assertThat(rig.ctx.pstate() & Pstate.BTYPE).isZero();
        }
    }

    @Test
    void aTargetThatCannotBeFetchedShowsTheBranchInSpsr() {
        try (Rig rig = rig(Stage1Descriptor.GP)) {
            rig.ctx.setX(1, 0x7f_0000_0000L);
            rig.run(asm -> asm.emit("BLR", Reg.X1));

            assertThat(Esr.ec(rig.ctx.get(SysReg.ESR_EL1))).isEqualTo(0x21);
            assertThat(rig.ctx.get(SysReg.SPSR_EL1) & Pstate.BTYPE).isEqualTo(2L << 10);
        }
    }

    @Test
    void anExceptionReturnRestoresTheBranchAndItIsChecked() {
        try (Rig rig = rig(Stage1Descriptor.GP)) {
            rig.load(FAR, asm -> asm.emit("NOP").hvc(2));
            rig.ctx.set(SysReg.ELR_EL1, FAR);
            rig.ctx.set(SysReg.SPSR_EL1, Pstate.EL1H | Pstate.DAIF | 2L << 10);
            rig.run(Assembler::eret);

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.bti(2));
        }
    }

    @Test
    void withoutTheFeatureNothingIsChecked() {
        try (Rig rig = new Rig("cortex-a76").stage1(Stage1Descriptor.GP)) {
            branch(rig, "BLR", Reg.X1, FAR, asm -> asm.emit("NOP"));

            assertThat(arrived(rig)).isTrue();
        }
    }
}
