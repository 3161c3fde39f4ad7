package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.W1;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X3;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import org.junit.jupiter.api.Test;

/// Decoded code follows memory, whoever writes it.
class CodeChangeTest {
    /// MOVZ X0, #2
    private static final int MOV_X0_2 = 0xd280_0040;

    private static final long CALLED = Rig.CODE + 0x1000;

    @Test
    void guestStoreToExecutedCodeIsExecuted() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.load(CALLED, asm -> asm.movImm(X0, 1).ret());
            rig.ctx.setX(1, MOV_X0_2);
            rig.ctx.setX(2, CALLED);

            rig.run(asm -> asm.blr(X2).mov(X3, X0).str(W1, X2, 0).isb().blr(X2).hvc(0));

            assertThat(rig.ctx.x(3)).isEqualTo(1);
            assertThat(rig.ctx.x(0)).isEqualTo(2);
        }
    }

    @Test
    void guestStoreToTheNextInstructionIsSeenAfterABarrier() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.setX(1, MOV_X0_2);
            rig.load(Rig.CODE, asm -> asm.str(W1, X2, 0).isb().movImm(X0, 1).hvc(0));
            rig.ctx.setX(2, Rig.CODE + 0x100);
            rig.ctx.setPc(Rig.CODE);
            rig.pe.run(rig.ctx, 100);
            assertThat(rig.ctx.x(0)).isEqualTo(1);

            rig.ctx.setX(2, Rig.CODE + 8);
            rig.ctx.setPc(Rig.CODE);
            rig.pe.run(rig.ctx, 100);

            assertThat(rig.ctx.x(0)).isEqualTo(2);
        }
    }

    @Test
    void storeOfALoaderBetweenRunsIsExecuted() {
        try (Rig rig = new Rig()) {
            rig.run(asm -> asm.movImm(X0, 1).hvc(0));

            rig.memory.store(Agent.VMM, MemoryAttributes.NORMAL_WB, Rig.CODE, 4, MOV_X0_2);
            rig.ctx.setPc(Rig.CODE);
            rig.pe.run(rig.ctx, 100);

            assertThat(rig.ctx.x(0)).isEqualTo(2);
        }
    }

    @Test
    void zeroedPageIsExecutedAsZeroes() {
        try (Rig rig = new Rig()) {
            rig.run(asm -> asm.hvc(0));

            rig.memory.zero(Agent.HOST_KERNEL, MemoryAttributes.NORMAL_WB, Rig.CODE, 0x1000);
            rig.ctx.setPc(Rig.CODE);
            rig.pe.run(rig.ctx, 100);

            assertThat(rig.ctx.get(dev.ipanema.arm.register.SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @Test
    void storeOfAnotherElementIsExecuted() {
        try (Rig rig = new Rig("max", 2)) {
            rig.run(asm -> asm.movImm(X0, 1).hvc(0));
            CpuContext other = new CpuContext(rig.model);
            other.setPc(Rig.CODE + 0x3000);
            other.setX(2, Rig.CODE);
            other.setX(1, MOV_X0_2);
            rig.load(Rig.CODE + 0x3000, asm -> asm.str(W1, X2, 0).hvc(0));

            rig.machine.processingElement(1).run(other, 100);
            rig.ctx.setPc(Rig.CODE);
            rig.pe.run(rig.ctx, 100);

            assertThat(rig.ctx.x(0)).isEqualTo(2);
        }
    }

    @Test
    void dataBesideCodeCanBeWrittenInALoop() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.setX(2, Rig.CODE + 0x800);
            rig.ctx.setX(0, 1000);

            rig.run(asm -> {
                var loop = asm.here();
                asm.str(X0, X2, 0).subs(X0, X0, 1).b("ne", loop).hvc(0);
            });

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
            assertThat(rig.read(Rig.CODE + 0x800)).isEqualTo(1);
        }
    }

    @Test
    void moreCodePagesThanAreKeptStillRun() {
        try (Rig rig = new Rig()) {
            // A chain of branches over 2100 pages, each page one instruction: B .+0x1000.
            for (int page = 0; page < 2100; page++) {
                long pa = Rig.RAM + 0x20_0000 + 0x1000L * page;
                rig.load(pa, asm -> asm.word(0x1400_0400));
            }
            rig.load(Rig.RAM + 0x20_0000 + 0x1000L * 2100, asm -> asm.hvc(9));
            rig.ctx.setPc(Rig.RAM + 0x20_0000);

            rig.pe.run(rig.ctx, 10_000);

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(9));
        }
    }
}
