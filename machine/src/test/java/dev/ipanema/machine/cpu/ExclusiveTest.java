package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.W3;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X4;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.register.TlbiOp;
import org.junit.jupiter.api.Test;

class ExclusiveTest {
    @Test
    void pairOfExclusivesStoresAndReportsSuccess() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.write(Rig.DATA, 10);
            rig.ctx.setX(0, Rig.DATA);

            rig.run(asm -> asm.ldxr(X1, X0).add(X2, X1, 1).stxr(W3, X2, X0).hvc(0));

            assertThat(rig.read(Rig.DATA)).isEqualTo(11);
            assertThat(rig.ctx.x(3)).isZero();
        }
    }

    @Test
    void clearedMonitorFailsTheStore() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.setX(0, Rig.DATA);

            // CLREX between the two
            rig.run(asm -> asm.ldxr(X1, X0).word(0xd503_3f5f).stxr(W3, X2, X0).hvc(0));

            assertThat(rig.ctx.x(3)).isEqualTo(1);
        }
    }

    @Test
    void exceptionEntryAndReturnClearTheMonitor() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.load(Rig.VECTORS + 0x200, asm -> asm.eret());
            rig.ctx.setX(0, Rig.DATA);

            rig.run(asm -> asm.ldxr(X1, X0).svc(0).stxr(W3, X2, X0).hvc(0));

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
            assertThat(rig.ctx.x(3)).isEqualTo(1);
        }
    }

    @Test
    void storeWithAClearMonitorMakesNoAccessAndTakesNoFault() {
        try (Rig rig = new Rig()) {
            rig.stage1(0).stage2();
            rig.ctx.setX(0, Rig.UNMAPPED);

            rig.run(asm -> asm.stxr(W3, X2, X0).hvc(0));

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
            assertThat(rig.ctx.x(3)).isEqualTo(1);
        }
    }

    @Test
    void storeThatFaultedAtStage2FailsAfterTheHypervisorResumes() {
        try (Rig rig = new Rig()) {
            rig.stage1(0).stage2();
            rig.write(Rig.DATA, 10);
            rig.ctx.setX(0, Rig.DATA);
            long writable = rig.read(Rig.STAGE2_TABLE + 8);
            rig.write(Rig.STAGE2_TABLE + 8, writable & ~Stage2Descriptor.S2AP_W);
            rig.load(
                    Rig.CODE,
                    asm -> asm.ldxr(X1, X0).add(X2, X1, 1).stxr(W3, X2, X0).hvc(0));
            rig.ctx.setPc(Rig.CODE);

            rig.pe.run(rig.ctx, 100);

            // EC 0x24, IL, WnR, permission fault level 1; no syndrome of the access, so ISV 0.
            assertThat("0x%x".formatted(rig.pe.esrEl2())).isEqualTo("0x9200004d");
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 8);
            rig.write(Rig.STAGE2_TABLE + 8, writable);
            rig.machine.tlbDomain().invalidate(TlbiOp.VMALLS12E1IS, 1, 0, false);
            rig.pe.run(rig.ctx, 100);
            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
            assertThat(rig.ctx.x(3)).isEqualTo(1);
            assertThat(rig.read(Rig.DATA)).isEqualTo(10);
        }
    }

    @Test
    void loopAroundAnExclusivePairEndsAcrossSlices() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.setX(0, Rig.DATA);
            rig.ctx.setX(4, 5000);

            rig.run(asm -> {
                var loop = asm.here();
                asm.ldxr(X1, X0).add(X1, X1, 1).stxr(W3, X1, X0).cbnz(W3, loop);
                asm.subs(X4, X4, 1).b("ne", loop).hvc(0);
            });

            assertThat(rig.read(Rig.DATA)).isEqualTo(5000);
        }
    }

    @Test
    void waitForEventWithAnEventDoesNotWait() {
        try (Rig rig = new Rig()) {
            // SEVL; WFE
            rig.run(asm -> asm.wfe().word(0xd503_20bf).wfe().hvc(0));

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
        }
    }

    @Test
    void sendEventReachesTheOtherElement() {
        try (Rig rig = new Rig("max", 2)) {
            // SEV
            rig.run(asm -> asm.word(0xd503_209f).hvc(0));

            assertThat(rig.machine.processingElement(1).takeEvent()).isTrue();
        }
    }

    @Test
    void swapAndAddReturnTheOldValue() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.write(Rig.DATA, 100);
            rig.ctx.setX(0, Rig.DATA);
            rig.ctx.setX(1, 7);

            // LDADD X1, X4, [X0]; SWP X1, X5, [X0]
            rig.run(asm -> asm.word(0xf821_0004).word(0xf821_8005).hvc(0));

            assertThat(rig.ctx.x(4)).isEqualTo(100);
            assertThat(rig.ctx.x(5)).isEqualTo(107);
            assertThat(rig.read(Rig.DATA)).isEqualTo(7);
        }
    }

    @Test
    void compareAndSwapReplacesOnlyTheExpected() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.write(Rig.DATA, 100);
            rig.ctx.setX(0, Rig.DATA);
            rig.ctx.setX(1, 99);
            rig.ctx.setX(2, 5);

            // CAS X1, X2, [X0] twice: the first fails and loads 100.
            rig.run(asm -> asm.word(0xc8a1_7c02).hvc(0));
            assertThat(rig.ctx.x(1)).isEqualTo(100);
            assertThat(rig.read(Rig.DATA)).isEqualTo(100);
            rig.run(asm -> asm.word(0xc8a1_7c02).hvc(0));
            assertThat(rig.read(Rig.DATA)).isEqualTo(5);
        }
    }
}
