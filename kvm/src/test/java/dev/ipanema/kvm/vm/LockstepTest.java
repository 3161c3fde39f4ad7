package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.W4;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X3;
import static dev.ipanema.arm.a64.Reg.X4;
import static dev.ipanema.arm.a64.Reg.X5;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.cpu.InstructionClock;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Runs that repeat exactly.
@Timeout(60)
class LockstepTest {
    private static final long LOG = TestVm.CODE + 0x4_0000;
    private static final int ENTRIES = 4000;

    /// A thread for each vCPU: both have to be there.
    private static final Executor THREADS = task -> Thread.ofPlatform().start(task);

    /// What a run of two vCPUs leaves.
    private record Outcome(List<Integer> log, long instructions, long nanos) {}

    private static TestVm newVm(InstructionClock clock) {
        TestVm test = new TestVm("max", "linux-7.3", ExclusivePolicy.WORK, vm -> {}, clock);
        clock.attach(test.host.machine());
        return test;
    }

    /// Each vCPU takes places in a log by an atomic add and writes its number there, with some work in between.
    private static void race(Assembler code, int number) {
        Label done = code.label();
        code.movImm(X1, LOG).movImm(X4, number);
        Label loop = code.here();
        code.movImm(X2, 1).emit("LDADD_X", X2, X3, X1).movImm(X2, ENTRIES).cmp(X3, X2);
        code.b("cs", done).add(X3, X3, X1).strb(W4, X3, 8).movImm(X5, 7 + 6 * number);
        Label work = code.here();
        code.sub(X5, X5, 1).cbnz(X5, work).b(loop);
        code.bind(done).movImm(X0, number);
    }

    private static Outcome race() {
        InstructionClock clock = new InstructionClock();
        try (TestVm test = newVm(clock)) {
            Vcpu second = test.vm.createVcpu(1);
            test.vm.runInLockstep(clock);
            test.vcpu.init();
            second.init();
            test.enableStage1(test.vcpu);
            test.enableStage1(second);
            test.start(test.vcpu, code -> race(code, 0));
            test.start(second, code -> race(code, 1));
            CompletableFuture<Integer> other = CompletableFuture.supplyAsync(second::run, THREADS);
            CompletableFuture<Integer> one = CompletableFuture.supplyAsync(test.vcpu::run, THREADS);
            CompletableFuture.anyOf(one, other).join();
            test.vcpu.kick();
            second.kick();
            one.join();
            other.join();
            List<Integer> log = new ArrayList<>();
            for (int i = 0; i < ENTRIES; i++) {
                log.add((int) test.mm.userMemory().load(test.codeHva + 0x4_0000 + 8 + i, 1));
            }
            return new Outcome(log, test.host.machine().processingElement(0).instructions(), clock.nanos());
        }
    }

    @Test
    void twoRunsInterleaveInTheSameWay() {
        Outcome first = race();
        Outcome second = race();

        assertThat(first.log()).contains(0, 1);
        assertThat(second.log()).isEqualTo(first.log());
        assertThat(second.instructions()).isEqualTo(first.instructions());
    }

    @Test
    void aTurnIsTenThousandInstructions() {
        List<Integer> log = race().log();

        // 50 instructions an entry of vCPU 0: 7 of the loop's work twice, and the rest of the loop.
        int firstTurn = log.indexOf(1);
        assertThat(firstTurn).isBetween(380, 520);
    }

    @Test
    void yieldEndsATurn() {
        InstructionClock clock = new InstructionClock();
        try (TestVm test = newVm(clock)) {
            Vcpu second = test.vm.createVcpu(1);
            test.vm.runInLockstep(clock);
            test.vcpu.init();
            second.init();
            test.enableStage1(test.vcpu);
            test.enableStage1(second);
            // The first waits for the second, which is there after one YIELD: not after 10 000 instructions.
            test.start(test.vcpu, code -> {
                code.movImm(X1, LOG).emit("YIELD").ldr(X0, X1);
            });
            test.start(second, code -> {
                code.movImm(X1, LOG).movImm(X2, 1).str(X2, X1);
                code.b(code.here());
            });
            CompletableFuture<Integer> other = CompletableFuture.supplyAsync(second::run, THREADS);

            assertThat(test.vcpu.run()).isZero();
            second.kick();
            other.join();

            assertThat(test.result()).isEqualTo(1);
        }
    }

    @Test
    void timeJumpsWhenAllWait() {
        InstructionClock clock = new InstructionClock();
        try (TestVm test = newVm(clock)) {
            test.vm.runInLockstep(clock);
            test.vcpu.init();
            test.enableStage1(test.vcpu);
            long hour = 3_600_000_000_000L;

            test.run(code -> code.mrs(X1, SysReg.CNTVCT_EL0)
                    .movImm(X2, hour)
                    .add(X1, X1, X2)
                    .emit("WFIT", X1)
                    .mrs(X0, SysReg.CNTVCT_EL0));

            assertThat(test.result()).isBetween(hour, hour + 1_000_000);
        }
    }
}
