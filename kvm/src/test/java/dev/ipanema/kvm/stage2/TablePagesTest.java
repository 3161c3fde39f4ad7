package dev.ipanema.kvm.stage2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Where table pages come from, and how their references are kept.
class TablePagesTest {
    private static final long BASE = 0x8000_1000L;

    private final PhysicalMemory memory =
            PhysicalMemory.builder().ram("ram", BASE, 0x10000).build();
    private final TablePagePool pool = new TablePagePool(memory, BASE, 0x10000);

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void poolGivesAlignedZeroedMemoryUntilItIsUsedUp() {
        long first = pool.allocate(0x4000);
        memory.store(Agent.KVM, MemoryAttributes.NORMAL_WB, first, 8, -1);
        pool.free(first, 0x4000);

        long again = pool.allocate(0x4000);

        assertThat(again).isEqualTo(first).isEqualTo(0x8000_4000L);
        assertThat(memory.load(Agent.KVM, MemoryAttributes.NORMAL_WB, again, 8)).isZero();
        assertThat(pool.allocate(0x10000)).isEqualTo(-1);
        assertThat(pool.allocatedBytes()).isEqualTo(0x4000);
        assertThatIllegalArgumentException().isThrownBy(() -> pool.allocate(0x3000));
    }

    @Test
    void cacheFillsUpToItsCapacityAndIsContentWithItsMinimum() {
        TablePageCache cache = new TablePageCache(pool, 4096, 20);

        assertThat(cache.topup(2)).as("16 of 20 pages are to be had").isZero();
        assertThat(cache.available()).isEqualTo(16);
        assertThat(cache.topup(16)).isZero();
        assertThat(cache.topup(17)).isEqualTo(Errno.ENOMEM.negated());
        cache.close();
        assertThat(cache.available()).isZero();
        assertThat(pool.allocatedBytes()).isZero();
    }

    @Test
    void tableWithoutMemoryForItsStartLevelCannotBeMade() {
        Stage2Config config = Stage2Config.of(Granule.K4, 44);
        assertThat(config.geometry().pgdBytes()).isLessThan(0x10000);
        pool.allocate(0x8000);
        pool.allocate(0x1000);
        pool.allocate(0x4000);

        Stage2Config wide = Stage2Config.of(Granule.K64, 42);
        assertThatExceptionOfType(OutOfTablePagesException.class)
                .isThrownBy(() -> new Stage2PageTable(memory, pool, wide, new NoOps()));
    }

    @Test
    void referencesOfPagesFarApartAreKeptApart() {
        TableReferences references = new TableReferences(12);
        long[] pages = {0, 0x1000, 0x1ff000, 0x200000, 0x4000_0000L, (1L << 52) - 4096};
        for (int i = 0; i < 4; i++) {
            references.set(pages[i], 1);
            references.add(pages[i], i);
        }
        references.add(0x4000_0000L, 7);

        assertThat(references.count(0)).isEqualTo(1);
        assertThat(references.count(0x200fff)).isEqualTo(4);
        assertThat(references.count(0x4000_0000L)).isEqualTo(7);
        assertThat(references.count((1L << 52) - 4096)).isZero();
    }

    @Test
    void threadsThatReachNewPagesAtOnceLoseNoReference() throws Exception {
        TableReferences references = new TableReferences(12);
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            threads.add(Thread.ofPlatform().name("counter-" + t).start(() -> {
                for (long page = 0; page < 20_000; page++) {
                    references.add(page << 14, 1);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }

        for (long page = 0; page < 20_000; page++) {
            assertThat(references.count(page << 14)).isEqualTo(4);
        }
    }

    private static final class NoOps implements Stage2Ops {
        @Override
        public void tlbiIpa(long ipa, int level) {}

        @Override
        public void tlbiIpaLocal(long ipa, int level) {}

        @Override
        public void tlbiRange(long ipa, long size) {}

        @Override
        public void tlbiVmid() {}

        @Override
        public void dcacheCleanInvalPoc(long pa, long size, Cause cause) {}

        @Override
        public void icacheInvalPou(long pa, long size) {}
    }
}
