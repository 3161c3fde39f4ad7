package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.W1;
import static dev.ipanema.arm.a64.Reg.W3;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X3;
import static dev.ipanema.arm.a64.Reg.X4;
import static dev.ipanema.arm.a64.Reg.XZR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.memory.Agent;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What instruction caches hold, when they are modelled, and what maintenance of them does.
class InstructionCacheTest {
    /// MOVZ X0, #1
    private static final int MOV_X0_1 = 0xd280_0020;

    /// MOVZ X0, #2
    private static final int MOV_X0_2 = 0xd280_0040;

    /// The operand of DSB ISH.
    private static final int ISH = 0xb;

    private static final int B_TO_NEXT = 0x1400_0001;
    private static final int NOP = 0xd503_201f;

    /// A model whose instruction caches do not notice stores, and one whose do.
    private static final String KEEPS = "max-dic";

    private static final String NOTICES = "max+dic";

    /// A function of two instructions: MOVZ X0, #1; RET.
    private static final long CALLED = Rig.CODE + 0x1000;

    private final FakeCaches caches = new FakeCaches(true);

    private Rig rig(String cpu, FakeCaches before) {
        Rig rig = new Rig(cpu, 2, before);
        rig.stage1(0);
        rig.load(CALLED, asm -> asm.movImm(X0, 1).ret());
        rig.ctx.setX(1, MOV_X0_2);
        rig.ctx.setX(2, CALLED);
        return rig;
    }

    private static void call(Rig rig) {
        rig.run(asm -> asm.blr(X2).hvc(0));
        assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
    }

    /// Calls the function, stores over its first instruction, does something, and calls it again.
    private static long callStoreCall(Rig rig, Consumer<Assembler> between) {
        rig.run(asm -> {
            asm.blr(X2).str(W1, X2, 0);
            between.accept(asm);
            asm.isb().blr(X2).hvc(0);
        });
        assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
        return rig.ctx.x(0);
    }

    @Test
    void storedCodeIsExecutedAsItWasAndFound() {
        try (Rig rig = rig(KEEPS, caches)) {
            assertThat(callStoreCall(rig, asm -> {})).isEqualTo(1);

            assertThat(caches.found).containsExactly(new FakeCaches.Stale(0, CALLED, CALLED, CALLED, MOV_X0_1));
        }
    }

    @Test
    void staleInstructionInALoopIsFoundOnce() {
        try (Rig rig = rig(KEEPS, caches)) {
            rig.ctx.setX(3, 1000);

            rig.run(asm -> {
                asm.blr(X2).str(W1, X2, 0);
                var loop = asm.here();
                asm.blr(X2).subs(X3, X3, 1).b("ne", loop).hvc(0);
            });

            assertThat(rig.ctx.x(0)).isEqualTo(1);
            assertThat(caches.found).hasSize(1);
        }
    }

    @Test
    void icIvauCures() {
        try (Rig rig = rig(KEEPS, caches)) {
            assertThat(callStoreCall(rig, asm -> asm.cache(CacheOp.IC_IVAU, X2).dsb(ISH)))
                    .isEqualTo(2);

            assertThat(caches.found).isEmpty();
        }
    }

    @Test
    void icIvauOfAnotherLineCuresNothing() {
        try (Rig rig = rig(KEEPS, caches)) {
            rig.ctx.setX(4, CALLED + 64);

            assertThat(callStoreCall(rig, asm -> asm.cache(CacheOp.IC_IVAU, X4).dsb(ISH)))
                    .isEqualTo(1);
        }
    }

    @Test
    void icIalluCures() {
        try (Rig rig = rig(KEEPS, caches)) {
            assertThat(callStoreCall(
                            rig, asm -> asm.cache(CacheOp.IC_IALLU, XZR).dsb(ISH)))
                    .isEqualTo(2);
        }
    }

    @Test
    void storeOfTheSameWordIsNoFinding() {
        try (Rig rig = rig(KEEPS, caches)) {
            rig.ctx.setX(1, MOV_X0_1);

            callStoreCall(rig, asm -> {});

            assertThat(caches.found).isEmpty();
        }
    }

    @Test
    void storeThatIsTakenBackIsNoFinding() {
        try (Rig rig = rig(KEEPS, caches)) {
            rig.ctx.setX(3, MOV_X0_1);

            assertThat(callStoreCall(rig, asm -> asm.str(W3, X2, 0))).isEqualTo(1);

            assertThat(caches.found).isEmpty();
        }
    }

    @Test
    void whereDicIsSetNothingIsNeeded() {
        try (Rig rig = rig(NOTICES, caches)) {
            assertThat(callStoreCall(rig, asm -> {})).isEqualTo(2);

            assertThat(caches.found).isEmpty();
        }
    }

    @Test
    void evictionByChanceHidesTheStore() {
        try (Rig rig = rig(KEEPS, caches)) {
            caches.keeps = false;

            assertThat(callStoreCall(rig, asm -> {})).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {KEEPS, NOTICES})
    void whereIdcIsClearTheStoreHasToBeCleaned(String cpu) {
        FakeCaches before = new FakeCaches(false);
        try (Rig rig = rig(cpu, before)) {
            assertThat(callStoreCall(rig, asm -> asm.cache(CacheOp.IC_IVAU, X2).dsb(ISH)))
                    .isEqualTo(1);

            assertThat(before.found).containsExactly(new FakeCaches.Stale(0, CALLED, CALLED, CALLED, MOV_X0_1));
        }
    }

    @Test
    void cleanIsEnoughWhereDicIsSet() {
        FakeCaches before = new FakeCaches(false);
        try (Rig rig = rig(NOTICES, before)) {
            assertThat(callStoreCall(
                            rig, asm -> asm.blr(X2).cache(CacheOp.DC_CVAU, X2).dsb(ISH)))
                    .isEqualTo(2);

            assertThat(before.found).as("the call before the clean").hasSize(1);
        }
    }

    @Test
    void cleanAloneIsNotEnoughWhereDicIsClear() {
        FakeCaches before = new FakeCaches(false);
        try (Rig rig = rig(KEEPS, before)) {
            assertThat(callStoreCall(rig, asm -> asm.cache(CacheOp.DC_CVAU, X2).dsb(ISH)))
                    .isEqualTo(1);
        }
    }

    @Test
    void cleanAndInvalidationCureWhereBothAreClear() {
        FakeCaches before = new FakeCaches(false);
        try (Rig rig = rig(KEEPS, before)) {
            assertThat(callStoreCall(
                            rig,
                            asm -> asm.cache(CacheOp.DC_CVAU, X2)
                                    .dsb(ISH)
                                    .cache(CacheOp.IC_IVAU, X2)
                                    .dsb(ISH)))
                    .isEqualTo(2);

            assertThat(before.found).isEmpty();
        }
    }

    /// Staleness shows when the word is executed, not when it is decoded ahead of execution.
    @Test
    void staleWordThatIsNotReachedIsNoFinding() {
        FakeCaches before = new FakeCaches(false);
        try (Rig rig = rig(NOTICES, before)) {
            rig.load(CALLED + 0x800, asm -> {
                Label out = asm.label();
                asm.movImm(X0, 7).cbnz(X0, out).nop().bind(out).ret();
            });
            rig.memory.store(Agent.VMM, MemoryAttributes.NORMAL_WB, CALLED + 0x808, 4, MOV_X0_2);
            rig.ctx.setX(2, CALLED + 0x800);

            call(rig);

            assertThat(before.found).isEmpty();
        }
    }

    /// Arm ARM B2.2.5: either the old or the new instruction.
    @ParameterizedTest
    @CsvSource({"true, 0", "false, 1"})
    void replacementWithinTheConcurrentSetIsNoFinding(boolean within, int findings) {
        try (Rig rig = rig(KEEPS, caches)) {
            rig.load(CALLED, asm -> asm.nop().movImm(X0, 3).ret());
            rig.ctx.setX(1, within ? B_TO_NEXT : MOV_X0_2);

            assertThat(callStoreCall(rig, asm -> {})).isEqualTo(3);

            assertThat(caches.found).hasSize(findings);
        }
    }

    @Test
    void replacementOfTheConcurrentSetByAnotherInstructionIsAFinding() {
        try (Rig rig = rig(KEEPS, caches)) {
            rig.ctx.setX(1, NOP);

            callStoreCall(rig, asm -> {});

            assertThat(caches.found).hasSize(1);
        }
    }

    @Test
    void storeByAnAgentThatIsNoProcessorIsStaleToo() {
        try (Rig rig = rig(KEEPS, caches)) {
            call(rig);

            rig.memory.store(Agent.VMM, MemoryAttributes.NORMAL_WB, CALLED, 4, MOV_X0_2);
            call(rig);

            assertThat(rig.ctx.x(0)).isEqualTo(1);
            assertThat(caches.found).hasSize(1);
        }
    }

    @Test
    void invalidationByAHypervisorIsCompleteWhenItReturns() {
        try (Rig rig = rig(KEEPS, caches)) {
            call(rig);

            rig.memory.store(Agent.KVM, MemoryAttributes.NORMAL_WB, CALLED, 4, MOV_X0_2);
            rig.memory.maintenance().icInvalPou(Agent.KVM, CALLED, 4096);
            call(rig);

            assertThat(rig.ctx.x(0)).isEqualTo(2);
            assertThat(caches.found).isEmpty();
        }
    }

    /// What the other element holds is dropped by maintenance of this one.
    @ParameterizedTest
    @ValueSource(strings = {"ivau", "ialluis"})
    void maintenanceReachesTheOtherElement(String operation) {
        try (Rig rig = rig(KEEPS, caches)) {
            call(rig);
            CpuContext other = other(rig, operation);

            rig.machine.processingElement(1).run(other, 100);
            call(rig);

            assertThat(rig.ctx.x(0)).isEqualTo(2);
            assertThat(caches.found).isEmpty();
        }
    }

    @Test
    void localMaintenanceDoesNotReachTheOtherElement() {
        try (Rig rig = rig(KEEPS, caches)) {
            call(rig);
            CpuContext other = other(rig, "iallu");

            rig.machine.processingElement(1).run(other, 100);
            call(rig);

            assertThat(rig.ctx.x(0)).isEqualTo(1);
            assertThat(caches.found).hasSize(1);
        }
    }

    @Test
    void forcedBroadcastMakesLocalMaintenanceReachTheOtherElement() {
        try (Rig rig = rig(KEEPS, caches)) {
            call(rig);
            CpuContext other = other(rig, "iallu");
            other.set(SysReg.HCR_EL2, rig.ctx.get(SysReg.HCR_EL2) | HcrEl2.FB);

            rig.machine.processingElement(1).run(other, 100);
            call(rig);

            assertThat(rig.ctx.x(0)).isEqualTo(2);
        }
    }

    /// A context for the second element that stores over the function and maintains.
    private static CpuContext other(Rig rig, String operation) {
        CpuContext other = new CpuContext(rig.model);
        other.set(SysReg.HCR_EL2, rig.ctx.get(SysReg.HCR_EL2));
        other.setPc(Rig.CODE + 0x3000);
        other.setX(2, CALLED);
        other.setX(1, MOV_X0_2);
        rig.load(Rig.CODE + 0x3000, asm -> {
            asm.str(W1, X2, 0);
            switch (operation) {
                case "ivau" -> asm.cache(CacheOp.IC_IVAU, X2);
                case "ialluis" -> asm.cache(CacheOp.IC_IALLUIS, XZR);
                default -> asm.cache(CacheOp.IC_IALLU, XZR);
            }
            asm.dsb(ISH).hvc(0);
        });
        return other;
    }

    @Test
    void refusedFetchIsMadeAnew() {
        try (Rig rig = rig(KEEPS, caches)) {
            caches.refusals = 5;

            call(rig);

            assertThat(rig.ctx.x(0)).isEqualTo(1);
            assertThat(caches.refusals).isZero();
        }
    }
}
