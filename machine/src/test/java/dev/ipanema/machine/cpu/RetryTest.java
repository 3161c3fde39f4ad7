package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X3;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.MairEl1;
import dev.ipanema.arm.register.MdcrEl2;
import dev.ipanema.arm.register.MdscrEl1;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CoherenceMonitor;
import dev.ipanema.machine.cache.FindingKind;
import dev.ipanema.machine.memory.CacheOperation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Instructions that modelled caches make the processing element execute anew.
class RetryTest {
    /// CASP X4, X5, X6, X7, [X2]
    private static final int CASP = 0x4824_7c46;

    /// LDADD X1, X3, [X2]
    private static final int LDADD = 0xf821_0043;

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static CacheModel caches() {
        return new CacheModel(CacheOptions.DEFAULT, CpuModel.parse("max").effectiveCtrEl0());
    }

    @Test
    void stepOverAnInstructionThatIsMadeAnewIsOneStep() {
        try (Rig rig = new Rig("max", 1, caches())) {
            rig.stage1(0);
            rig.ctx.set(SysReg.MDCR_EL2, MdcrEl2.TDE);
            rig.ctx.set(SysReg.MDSCR_EL1, MdscrEl1.SS);
            rig.ctx.setPstate(Pstate.EL1H | Pstate.DAIF | Pstate.SS);
            rig.ctx.setX(2, Rig.DATA);
            rig.ctx.setX(1, 5);

            rig.run(asm -> asm.str(X1, X2, 0).movImm(X3, 1).hvc(0));

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.softwareStep(true, true, false));
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 4);
            assertThat(rig.ctx.x(3)).isZero();
            assertThat(rig.read(Rig.DATA)).isEqualTo(5);
        }
    }

    @Test
    void instructionThatIsMadeAnewIsCountedOnce() {
        try (Rig rig = new Rig("max", 1, caches())) {
            rig.stage1(0);
            rig.ctx.setX(2, Rig.DATA);

            rig.run(asm -> asm.str(X1, X2, 0).str(X1, X2, 0x1000).hvc(0));

            assertThat(rig.pe.instructions()).isEqualTo(2);
        }
    }

    @Test
    void maintenanceThatIsMadeAnewIsCountedOnce() {
        try (Rig rig = new Rig("max", 1, caches())) {
            rig.stage1(0);
            rig.ctx.setX(2, Rig.DATA);
            List<CacheOperation> told = new ArrayList<>();
            rig.load(
                    Rig.CODE,
                    asm -> asm.str(X1, X2, 0).cache(CacheOp.DC_CIVAC, X2).hvc(0));
            rig.memory.maintenance().listen((operation, agent, pa, length) -> told.add(operation));

            rig.pe.run(rig.ctx, 100);

            assertThat(rig.memory.maintenance().calls(CacheOperation.DC_CLEAN_INVAL_POC))
                    .isEqualTo(1);
            assertThat(told).containsExactly(CacheOperation.DC_CLEAN_INVAL_POC);
        }
    }

    @Test
    void findingInTheSecondPageOfAnAccessHasItsAddress() {
        CacheModel caches = caches();
        try (Rig rig = new Rig("max", 1, caches)) {
            rig.stage1(0);
            rig.ctx.set(SysReg.MAIR_EL1, MairEl1.with(0, 0, Mair.NORMAL_NC));
            rig.ctx.setX(2, Rig.DATA + 0xffc);
            rig.write(Rig.DATA + 0x1000, 1);

            rig.run(asm -> asm.ldr(X1, X2).hvc(0));

            assertThat(caches.monitor().findings()).singleElement().satisfies(found -> {
                assertThat(found.finding().kind()).isEqualTo(FindingKind.STALE_READ);
                assertThat(found.finding().pc()).isEqualTo(Rig.CODE);
                assertThat(found.finding().pa()).isEqualTo(Rig.DATA + 0x1000);
                assertThat(found.finding().va()).isEqualTo(Rig.DATA + 0x1000);
                assertThat(found.count()).isEqualTo(1);
            });
        }
    }

    @Test
    void atomicThatIsMadeAnewIsReportedOnce() {
        CacheModel caches = caches();
        try (Rig rig = new Rig("max", 1, caches)) {
            rig.stage1(0);
            rig.ctx.setX(1, 1);
            rig.ctx.setX(2, Rig.DATA);
            rig.run(asm -> asm.str(X1, X2).hvc(0));
            rig.ctx.set(SysReg.MAIR_EL1, MairEl1.with(0, 0, Mair.NORMAL_NC));

            rig.run(asm -> asm.word(LDADD).hvc(0));

            assertThat(caches.monitor().findings().stream()
                            .filter(found -> found.finding().kind() == FindingKind.EXCLUSIVE_ON_NC)
                            .map(CoherenceMonitor.Counted::count))
                    .containsExactly(1L);
        }
    }

    /// The pair past the caches takes the page from the other element, which has to be able to let go of it while it
    /// wants to make such an access itself.
    @Test
    void pairsPastTheCachesDoNotStopWhoMakesThemThroughTheCaches() throws InterruptedException {
        try (Rig rig = new Rig("max", 2, caches())) {
            rig.stage1(0);
            CpuContext other = new CpuContext(rig.model);
            for (SysReg register :
                    new SysReg[] {SysReg.HCR_EL2, SysReg.MAIR_EL1, SysReg.TCR_EL1, SysReg.TTBR0_EL1, SysReg.SCTLR_EL1
                    }) {
                other.set(register, rig.ctx.get(register));
            }
            rig.ctx.set(SysReg.MAIR_EL1, MairEl1.with(0, 0, Mair.NORMAL_NC));
            rig.ctx.setX(2, Rig.DATA);
            rig.ctx.setX(1, 2_000);
            other.setX(2, Rig.DATA + 64);
            other.setPc(Rig.CODE + 0x3000);
            rig.load(Rig.CODE, asm -> {
                var loop = asm.here();
                asm.word(CASP).subs(X1, X1, 1).b("ne", loop).hvc(0);
            });
            rig.load(Rig.CODE + 0x3000, asm -> {
                var loop = asm.here();
                asm.word(CASP).str(X1, X2, 0).b(loop);
            });
            ProcessingElement second = rig.machine.processingElement(1);
            Thread through = Thread.ofPlatform().daemon().start(() -> second.run(other, Long.MAX_VALUE));
            Thread past = Thread.ofPlatform().daemon().start(() -> rig.pe.run(rig.ctx, Long.MAX_VALUE));

            boolean ended = past.join(PATIENCE);
            second.kick();
            ended &= through.join(PATIENCE);

            assertThat(ended).as("both ended").isTrue();
            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
        }
    }
}
