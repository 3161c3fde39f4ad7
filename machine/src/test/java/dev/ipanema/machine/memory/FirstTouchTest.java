package dev.ipanema.machine.memory;

import static dev.ipanema.arm.memory.MemoryAttributes.NORMAL_WB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.ipanema.base.text.Sizes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;

/// Memory costs what has been touched, counted exactly, and no more than its limit.
class FirstTouchTest {
    private static final long PAGE = 4096;

    private static PhysicalMemory ram(long size, long limit) {
        return PhysicalMemory.builder().ram("ram", 0, size).maxResident(limit).build();
    }

    private static void store(PhysicalMemory memory, long pa, int bytes) {
        memory.store(Agent.PE, NORMAL_WB, pa, bytes, 1);
    }

    @Test
    void onlyWritesAndHostAddressesCount() {
        try (PhysicalMemory memory = ram(1 << 20, 1 << 20)) {
            long read = memory.load(Agent.PE, NORMAL_WB, 0x8000, 8);
            memory.zero(Agent.HOST_KERNEL, NORMAL_WB, 0, 1 << 20);
            memory.hostAddressForRead(0x3000);
            assertThat(read).isZero();
            assertThat(memory.residentBytes()).isZero();

            store(memory, 0x1000, 8);
            store(memory, 0x1ff8, 8);
            memory.hostAddress(0x5123);
            memory.hostAddress(0x5000);
            assertThat(memory.residentBytes()).isEqualTo(2 * PAGE);
            assertThat(memory.isTouched(0x5fff)).isTrue();
            assertThat(memory.isTouched(0x6000)).isFalse();
            assertThat(memory.isTouched(-1)).isFalse();
        }
    }

    @Test
    void accessAcrossPagesTouchesEachOfThem() {
        try (PhysicalMemory memory = ram(1 << 20, 1 << 20)) {
            store(memory, 0x1ffc, 8);
            assertThat(memory.residentBytes()).isEqualTo(2 * PAGE);

            memory.write(Agent.LOADER, NORMAL_WB, 0x3e800, new byte[0x43000], 0, 0x43000);
            assertThat(memory.residentBytes()).isEqualTo((2 + 0x44) * PAGE);

            memory.window(Agent.KVM, NORMAL_WB, 0x80000, 0x40000).zero(0, 0x40000);
            assertThat(memory.residentBytes()).isEqualTo((2 + 0x44 + 0x40 - 2) * PAGE);
        }
    }

    @Test
    void copyOfUntouchedMemoryTouchesNothing() {
        try (PhysicalMemory memory = ram(1 << 20, 1 << 20)) {
            store(memory, 0x1000, 8);

            memory.copy(Agent.HOST_KERNEL, NORMAL_WB, 0, 0x80000, 0x10000);

            assertThat(memory.residentBytes()).isEqualTo(2 * PAGE);
            assertThat(memory.load(Agent.PE, NORMAL_WB, 0x81000, 8)).isEqualTo(1);
        }
    }

    @Test
    void pageBeyondTheLimitIsRefusedWithASentenceAndNotCounted() {
        try (PhysicalMemory memory = ram(1 << 20, 3 * PAGE)) {
            store(memory, 0, 8);
            store(memory, 0x1000, 8);

            assertThatExceptionOfType(MemoryLimitExceededException.class)
                    .isThrownBy(() -> memory.write(Agent.LOADER, NORMAL_WB, 0x2000, new byte[8192], 0, 8192))
                    .withMessageMatching("Simulated memory in use would exceed its limit of 12K .*--max-memory.*");
            assertThat(memory.residentBytes()).isEqualTo(2 * PAGE);

            store(memory, 0x9000, 8);
            store(memory, 0, 8);
            assertThatExceptionOfType(MemoryLimitExceededException.class).isThrownBy(() -> memory.hostAddress(0xa000));
            assertThat(memory.residentBytes()).isEqualTo(3 * PAGE);
        }
    }

    @Test
    void threadsThatTouchTheSamePagesCountEachOnce() throws Exception {
        int threads = 4;
        long pages = 20_000;
        try (PhysicalMemory memory = ram(pages * PAGE, pages * PAGE)) {
            CyclicBarrier start = new CyclicBarrier(threads);
            List<Throwable> failures = new ArrayList<>();
            List<Thread> workers = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                boolean down = t % 2 == 1;
                workers.add(Thread.ofPlatform().name("toucher-" + t).start(() -> {
                    try {
                        start.await();
                        for (long i = 0; i < pages; i++) {
                            store(memory, (down ? pages - 1 - i : i) * PAGE, 1);
                        }
                    } catch (Exception e) {
                        synchronized (failures) {
                            failures.add(e);
                        }
                    }
                }));
            }
            for (Thread worker : workers) {
                worker.join();
            }
            assertThat(failures).isEmpty();
            assertThat(memory.residentBytes()).isEqualTo(pages * PAGE);
        }
    }

    /// A GB200 superchip: building it is address space only; one page in each 2 MiB of its HBM can be
    /// touched.
    @Test
    void superchipIsBuiltAtOnceAndEvery2MiBOfHbmCanBeTouched() {
        long hbm = 0x1000_0000_0000L;
        long hbmSize = 192 * Sizes.GIB;
        try (PhysicalMemory memory = PhysicalMemory.builder()
                .ram("dram", 0x8000_0000L, 480 * Sizes.GIB)
                .ram("hbm", hbm, hbmSize)
                .build()) {
            assertThat(memory.residentBytes()).isZero();

            // A sample in the short form; the long form touches all 98304.
            long step = Boolean.getBoolean("ipanema.long") ? 2 * Sizes.MIB : 128 * Sizes.MIB;
            for (long offset = 0; offset < hbmSize; offset += step) {
                memory.store(Agent.DEVICE, NORMAL_WB, hbm + offset, 8, offset);
            }

            assertThat(memory.residentBytes()).isEqualTo(hbmSize / step * PAGE);
            assertThat(memory.load(Agent.PE, NORMAL_WB, hbm + hbmSize - step, 8))
                    .isEqualTo(hbmSize - step);
        }
    }
}
