package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.kvm.vm.TestVm.MEMORY;
import static dev.ipanema.kvm.vm.TestVm.SIZE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Label;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Two vCPUs fault on the same memory while the host takes pages away: nobody gets lost, and no reference leaks.
@Timeout(120)
class ParallelFaultsTest {
    private static final int ROUNDS = Boolean.getBoolean("ipanema.long") ? 20 : 2;

    @Test
    void vcpusAndTheHostRaceOverTheSamePages() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            long hva = test.anonymous(SIZE);
            test.slot(0, hva);
            Vcpu second = test.vm.createVcpu(1);
            second.init();
            long loop = walker(test);
            AtomicBoolean done = new AtomicBoolean();
            CompletableFuture<Void> host = CompletableFuture.runAsync(
                    () -> {
                        for (long page = 0; !done.get(); page = (page + 7) % (SIZE >>> 12)) {
                            test.mm.madvise(hva + (page << 12), 0x1000, Mman.MADV_DONTNEED);
                        }
                    },
                    ParallelFaultsTest::start);
            CompletableFuture<Integer> other = CompletableFuture.supplyAsync(
                    () -> {
                        second.setOneReg(KvmReg.CORE_PC, loop);
                        return second.run();
                    },
                    ParallelFaultsTest::start);
            test.vcpu.setOneReg(KvmReg.CORE_PC, loop);

            int first = test.vcpu.run();

            assertThat(other.join()).isZero();
            done.set(true);
            host.join();
            assertThat(first).isZero();
            assertThat(test.ended()).isTrue();
            assertThat(second.kvmRun().mmio.physAddr).isEqualTo(TestVm.END);
            test.vm.close();
            assertThat(test.host.kernel().audit()).isEmpty();
        }
    }

    /// Each task has a thread to itself: the common pool may be a single one.
    private static void start(Runnable task) {
        Thread.ofPlatform().name("parallel-faults").start(task);
    }

    /// {@return the address of code that reads and writes each page of the slot several times}
    private static long walker(TestVm test) {
        return test.place(code -> {
            code.movImm(X2, ROUNDS);
            Label round = code.here();
            code.movImm(X1, MEMORY);
            Label page = code.here();
            code.ldr(X0, X1)
                    .str(X0, X1, 8)
                    .add(X1, X1, 0x1000)
                    .movImm(X0, MEMORY + SIZE)
                    .cmp(X1, X0);
            code.b("ne", page).sub(X2, X2, 1).cbnz(X2, round);
        });
    }

    @Test
    void twoVmsOfOneProcessHaveTheirOwnTables() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            long hva = test.anonymous(SIZE);
            test.slot(0, hva);
            try (Vm other = test.kvm.createVm(test.mm, 0)) {
                other.setUserMemoryRegion(new UserspaceMemoryRegion(1, 0, MEMORY, SIZE, hva));
                test.run(code -> code.movImm(X1, MEMORY).str(X1, X1));
                assertThat(test.leaf(MEMORY).isMapped()).isTrue();
                assertThat(other.stage2().leaf(MEMORY).isMapped()).isFalse();
            }
            assertThat(test.leaf(MEMORY).isMapped()).isTrue();
        }
    }
}
