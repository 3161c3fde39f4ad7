package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.SP;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.VReg.v;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.CpacrEl1;
import dev.ipanema.arm.register.CptrEl2;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Who may use floating point and SIMD: CPACR_EL1 and CPTR_EL2, with the exact syndrome; FPCR and FPSR.
class FloatingPointAccessTest {
    /// EC 0x07, IL, CV and COND 0b1110.
    private static final long SYNDROME = 0x1fe0_0000L;

    private static final int VECTOR_CURRENT_SP_ELX = 0x200;
    private static final int VECTOR_LOWER = 0x400;
    private static final int END = 0x77;

    private static Consumer<Assembler> instruction(int number) {
        return switch (number) {
            case 0 -> asm -> asm.ldr(Reg.q(3), X0);
            case 1 -> asm -> asm.emit("MOVI_B", v(1, "16b"), 1);
            case 2 -> asm -> asm.emit("LD4", v(1, "16b"), X0);
            case 3 -> asm -> asm.emit("FMOV_X_D", X1, Reg.d(1));
            case 4 -> asm -> asm.mrs(X1, SysReg.FPCR);
            case 5 -> asm -> asm.msr(SysReg.FPSR, X1);
            case 6 -> asm -> asm.ldp(Reg.d(1), Reg.d(2), X0, 0);
            default -> asm -> asm.emit("ADD_V", v(1, "4s"), v(2, "4s"), v(3, "4s"));
        };
    }

    private static Rig rig(long cpacr) {
        Rig rig = new Rig();
        rig.ctx.set(SysReg.CPACR_EL1, cpacr);
        rig.ctx.setX(0, Rig.DATA);
        return rig;
    }

    private static Exit run(Rig rig, int number) {
        return rig.run(asm -> {
            instruction(number).accept(asm);
            asm.svc(END);
        });
    }

    private static boolean completed(Rig rig) {
        return rig.ctx.get(SysReg.ESR_EL1) == Esr.svc(END);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void kernelWithoutFpenTrapsToItself(int number) {
        try (Rig rig = rig(CpacrEl1.FPEN_EL0)) {
            run(rig, number);

            assertThat(rig.reachedVector(VECTOR_CURRENT_SP_ELX)).isTrue();
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(SYNDROME);
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void processTrapsToTheKernelThatKeepsFloatingPointForItself(int number) {
        try (Rig rig = rig(CpacrEl1.FPEN_EL1)) {
            run(rig, number);
            assertThat(completed(rig)).as("at EL1").isTrue();

            rig.el0();
            run(rig, number);

            assertThat(rig.reachedVector(VECTOR_LOWER)).isTrue();
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(SYNDROME);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void hypervisorTrapsWhatTheKernelAllows(int number) {
        try (Rig rig = rig(CpacrEl1.FPEN_EL0 | CpacrEl1.FPEN_EL1)) {
            rig.ctx.set(SysReg.CPTR_EL2, CptrEl2.TFP);

            Exit exit = run(rig, number);

            assertThat(exit).isEqualTo(Exit.TRAP);
            assertThat(rig.pe.esrEl2()).isEqualTo(SYNDROME);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE);

            rig.ctx.set(SysReg.CPTR_EL2, 0);
            run(rig, number);
            assertThat(completed(rig)).isTrue();
        }
    }

    @Test
    void trapToTheKernelComesBeforeTheTrapToTheHypervisor() {
        try (Rig rig = rig(0)) {
            rig.ctx.set(SysReg.CPTR_EL2, CptrEl2.TFP);

            run(rig, 0);

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(SYNDROME);
        }
    }

    @Test
    void hostWithVirtualizationExtensionsTrapsByFpen() {
        try (Rig rig = rig(CpacrEl1.FPEN_EL0 | CpacrEl1.FPEN_EL1)) {
            rig.hcr(HcrEl2.E2H);
            assertThat(run(rig, 1)).isEqualTo(Exit.TRAP);
            assertThat(rig.pe.esrEl2()).isEqualTo(SYNDROME);

            rig.ctx.set(SysReg.CPTR_EL2, CptrEl2.FPEN);
            run(rig, 1);

            assertThat(completed(rig)).isTrue();
        }
    }

    @Test
    void accessIsDecidedAnewWhenTheKernelWritesCpacr() {
        try (Rig rig = rig(0)) {
            rig.ctx.setX(1, CpacrEl1.FPEN_EL1);

            rig.run(asm -> asm.msr(SysReg.CPACR_EL1, X1)
                    .isb()
                    .emit("MOVI_B", v(4, "16b"), 0xab)
                    .svc(END));

            assertThat(completed(rig)).isTrue();
            assertThat(rig.ctx.v(4, 1)).isEqualTo(0xabab_abab_abab_ababL);
        }
    }

    @Test
    void trapComesBeforeTheCheckOfTheStackPointer() {
        try (Rig rig = rig(0)) {
            rig.ctx.set(SysReg.SCTLR_EL1, rig.ctx.get(SysReg.SCTLR_EL1) | SctlrEl1.SA);
            rig.ctx.setSp(Rig.STACK + 8);

            rig.run(asm -> asm.ldr(Reg.q(0), SP));
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(SYNDROME);

            rig.ctx.set(SysReg.CPACR_EL1, CpacrEl1.FPEN_EL1);
            rig.run(asm -> asm.ldr(Reg.q(0), SP));
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.spAlignment());
        }
    }

    /// FPCR: AHP, DN, FZ, RMode, FZ16 with FEAT_FP16. FPSR: QC, IDC, IXC, UFC, OFC, DZC, IOC.
    @ParameterizedTest
    @CsvSource({"cortex-a57, 07c00000", "cortex-a76, 07c80000", "max, 07c80000"})
    void controlAndStatusKeepTheBitsThatExist(String cpu, String control) {
        try (Rig rig = new Rig(cpu)) {
            rig.ctx.set(SysReg.CPACR_EL1, CpacrEl1.FPEN_EL0 | CpacrEl1.FPEN_EL1);
            rig.ctx.setPstate(Pstate.EL1H);
            rig.ctx.setX(0, -1);

            rig.run(asm -> asm.msr(SysReg.FPCR, X0)
                    .msr(SysReg.FPSR, X0)
                    .mrs(Reg.X2, SysReg.FPCR)
                    .mrs(Reg.X3, SysReg.FPSR)
                    .svc(END));

            assertThat(rig.ctx.x(2)).isEqualTo(Long.parseLong(control, 16));
            assertThat(rig.ctx.x(3)).isEqualTo(0x0800_009fL);
        }
    }

    @Test
    void processorWithoutFloatingPointHasNoneOfIt() {
        try (Rig rig = new Rig("max-fp")) {
            rig.ctx.set(SysReg.CPACR_EL1, CpacrEl1.FPEN_EL0 | CpacrEl1.FPEN_EL1);

            for (int number = 0; number < 8; number++) {
                rig.ctx.setPstate(Pstate.EL1H);
                rig.run(instruction(number));

                assertThat(rig.ctx.get(SysReg.ESR_EL1))
                        .as("instruction %d", number)
                        .isEqualTo(Esr.unknown());
            }
            assertThat(rig.model.guestId(SysReg.ID_AA64PFR0_EL1) >>> 16 & 0xff).isEqualTo(0xff);
        }
    }
}
