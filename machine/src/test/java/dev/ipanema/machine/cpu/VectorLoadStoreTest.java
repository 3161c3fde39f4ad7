package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.VReg.v;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.CpacrEl1;
import dev.ipanema.arm.register.MairEl1;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a run of sequences at EL0 cannot show of SIMD loads and stores: faults in their middle, alignment by SCTLR_EL1
/// and by Device memory, syndromes at EL2.
class VectorLoadStoreTest {
    private static final int END = 0x77;

    private static Rig rig() {
        Rig rig = new Rig();
        rig.ctx.set(SysReg.CPACR_EL1, CpacrEl1.FPEN_EL0 | CpacrEl1.FPEN_EL1);
        for (int n = 0; n < 32; n++) {
            rig.ctx.setV(n, 0, 0x1111_1111_1111_1111L * (n % 15 + 1));
            rig.ctx.setV(n, 1, ~rig.ctx.v(n, 0));
        }
        return rig;
    }

    /// What follows faults: an external abort.
    private static final long END_OF_RAM = Rig.RAM + Rig.RAM_SIZE;

    private static Consumer<Assembler> load(String name) {
        return switch (name) {
            case "ldp q" -> asm -> asm.emit("LDP_Q_POST", Reg.q(1), Reg.q(2), X0, 32);
            case "ld1 x4" -> asm -> asm.emit("LD1X4_POST", v(1, "16b"), X0);
            case "ld2" -> asm -> asm.emit("LD2_POST", v(1, "16b"), X0);
            case "ld3" -> asm -> asm.emit("LD3_POST", v(1, "4s"), X0);
            case "ld4" -> asm -> asm.emit("LD4_POST", v(1, "2d"), X0);
            case "ld4 lane" -> asm -> asm.emit("LD4_LANE_D_POST", v(1, "d"), 1, X0);
            case "ld4r" -> asm -> asm.emit("LD4R_POST", v(1, "2d"), X0);
            default -> asm -> asm.emit("LDR_Q_POST", Reg.q(1), X0, 16);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"ldp q", "ld1 x4", "ld2", "ld3", "ld4", "ld4 lane", "ld4r", "ldr q"})
    void loadThatFaultsInItsMiddleChangesNoRegister(String name) {
        try (Rig rig = rig().stage1(0)) {
            long start = END_OF_RAM - 8;
            rig.ctx.setX(0, start);
            long[] before = registers(rig);

            rig.run(load(name));

            assertThat(Esr.ec(rig.ctx.get(SysReg.ESR_EL1))).isEqualTo(ExceptionClass.DATA_ABORT_SAME);
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE);
            assertThat(rig.ctx.x(0)).isEqualTo(start);
            assertThat(registers(rig)).isEqualTo(before);
        }
    }

    private static long[] registers(Rig rig) {
        long[] all = new long[64];
        for (int n = 0; n < all.length; n++) {
            all[n] = rig.ctx.v(n >> 1, n & 1);
        }
        return all;
    }

    @Test
    void abortOfASimdAccessHasNoInstructionSyndrome() {
        try (Rig rig = rig().stage2()) {
            rig.ctx.setX(0, Rig.UNMAPPED);

            rig.run(asm -> asm.str(Reg.q(1), X0));

            assertThat(Esr.isv(rig.pe.esrEl2())).isFalse();
            assertThat(Esr.wnr(rig.pe.esrEl2())).isTrue();
            assertThat(rig.pe.hpfarEl2()).isEqualTo(Rig.UNMAPPED >>> 8);
        }
    }

    /// Alignment is that of a register for LDR and LDP, and that of an element for structures.
    @ParameterizedTest
    @CsvSource({
        "ldr q, 8, true",
        "ldr q, 16, false",
        "ldp q, 8, true",
        "ldp q, 16, false",
        "ld1 x4, 1, false",
        "ld2, 3, false",
        "ld3, 4, false",
        "ld3, 2, true",
        "ld4, 8, false",
        "ld4, 4, true",
        "ld4 lane, 8, false",
        "ld4 lane, 4, true",
        "ld4r, 4, true"
    })
    void alignmentIsCheckedByElement(String name, int offset, boolean faults) {
        try (Rig rig = rig().stage1(0)) {
            rig.ctx.setX(0, Rig.DATA + offset);
            run(rig, name);
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).as("not enforced").isEqualTo(Esr.svc(END));

            rig.ctx.set(SysReg.SCTLR_EL1, rig.ctx.get(SysReg.SCTLR_EL1) | SctlrEl1.A);
            rig.ctx.setX(0, Rig.DATA + offset);
            run(rig, name);
            assertThat(isAlignmentFault(rig)).as("enforced").isEqualTo(faults);
        }
        try (Rig rig = rig().stage1(0)) {
            rig.ctx.set(SysReg.MAIR_EL1, MairEl1.with(0, 0, Mair.DEVICE_nGnRE));
            rig.ctx.setX(0, Rig.DATA + offset);
            run(rig, name);
            assertThat(isAlignmentFault(rig)).as("Device").isEqualTo(faults);
        }
    }

    private static void run(Rig rig, String name) {
        rig.run(asm -> {
            load(name).accept(asm);
            asm.svc(END);
        });
    }

    private static boolean isAlignmentFault(Rig rig) {
        long esr = rig.ctx.get(SysReg.ESR_EL1);
        return Esr.ec(esr) == ExceptionClass.DATA_ABORT_SAME && Esr.fsc(esr) == FaultStatus.ALIGNMENT;
    }

    @Test
    void storeAcrossTwoPagesWritesBoth() {
        try (Rig rig = rig().stage1(0)) {
            long start = Rig.DATA + 0x1000 - 24;
            rig.ctx.setX(0, start);

            rig.run(asm -> asm.emit("STP_Q_IMM", Reg.q(1), Reg.q(2), X0, 0).svc(END));

            assertThat(rig.read(start)).isEqualTo(rig.ctx.v(1, 0));
            assertThat(rig.read(start + 8)).isEqualTo(rig.ctx.v(1, 1));
            assertThat(rig.read(start + 16)).isEqualTo(rig.ctx.v(2, 0));
            assertThat(rig.read(start + 24)).isEqualTo(rig.ctx.v(2, 1));
        }
    }

    @Test
    void codeWrittenByASimdStoreIsExecuted() {
        try (Rig rig = rig().stage1(0)) {
            int[] code = new Assembler(0).movImm(X1, 42).svc(END).nop().nop().words();
            rig.ctx.setV(1, 0, code[0] & 0xffff_ffffL | (long) code[1] << 32);
            rig.ctx.setV(1, 1, code[2] & 0xffff_ffffL | (long) code[3] << 32);
            rig.load(Rig.DATA, asm -> asm.movImm(X1, 1).svc(END));
            rig.ctx.setX(0, Rig.DATA);
            rig.ctx.setPc(Rig.DATA);
            rig.pe.run(rig.ctx, 100);
            assertThat(rig.ctx.x(1)).isEqualTo(1);

            rig.run(asm -> asm.str(Reg.q(1), X0)
                    .cache(CacheOp.IC_IVAU, X0)
                    .dsb(15)
                    .isb()
                    .br(X0));

            assertThat(rig.ctx.x(1)).isEqualTo(42);
        }
    }
}
