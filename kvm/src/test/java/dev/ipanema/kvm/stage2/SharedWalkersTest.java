package dev.ipanema.kvm.stage2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Faults of several vCPUs at once, on the same blocks and on their own, with unmaps in between.
class SharedWalkersTest {
    private static final long TABLES = 0x8000_0000L;
    private static final long M2 = 2 << 20;
    private static final int THREADS = 3;
    private static final int BLOCKS = 8;
    private static final int EAGAIN = Errno.EAGAIN.negated();

    private static final class Quiet implements Stage2Ops {
        @Override
        public void tlbiIpa(long ipa, int level) {
            Thread.onSpinWait();
        }

        @Override
        public void tlbiIpaLocal(long ipa, int level) {
            Thread.onSpinWait();
        }

        @Override
        public void tlbiRange(long ipa, long size) {
            Thread.onSpinWait();
        }

        @Override
        public void tlbiVmid() {
            Thread.onSpinWait();
        }

        @Override
        public void dcacheCleanInvalPoc(long pa, long size, Cause cause) {
            Thread.onSpinWait();
        }

        @Override
        public void icacheInvalPou(long pa, long size) {
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void parallelFaultsLoseNoEntryAndNoPage(boolean specialised) throws Exception {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        System.out.println("SharedWalkersTest -Dipanema.seed=" + seed);
        int rounds = Boolean.getBoolean("ipanema.long") ? 400 : 25;
        try (PhysicalMemory memory = PhysicalMemory.builder()
                .ram("tables", TABLES, 64 * Sizes.MIB)
                .maxResident(Sizes.GIB)
                .build()) {
            TablePagePool pool = new TablePagePool(memory, TABLES, 64 * Sizes.MIB);
            Stage2Config config = Stage2Config.of(Granule.K4, 40);
            Stage2PageTable table = new Stage2PageTable(memory, pool, config, new Quiet(), specialised);
            ReentrantReadWriteLock mmuLock = new ReentrantReadWriteLock();
            CyclicBarrier round = new CyclicBarrier(THREADS);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            List<Thread> vcpus = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                SplittableRandom random = new SplittableRandom(seed + t);
                boolean leader = t == 0;
                vcpus.add(Thread.ofPlatform().name("vcpu-" + t).start(() -> {
                    TablePageCache cache = new TablePageCache(pool, 4096);
                    try {
                        for (int i = 0; i < rounds; i++) {
                            round.await();
                            faults(table, mmuLock, cache, random);
                            round.await();
                            if (leader) {
                                check(table, mmuLock, random);
                            }
                        }
                    } catch (Exception | Error e) {
                        failure.compareAndSet(null, e);
                        round.reset();
                    } finally {
                        cache.close();
                    }
                }));
            }
            for (Thread vcpu : vcpus) {
                vcpu.join();
            }
            assertThat(failure.get()).isNull();
            assertThat(table.unmap(0, 1L << 40)).isZero();
            assertThat(pool.allocatedBytes()).isEqualTo(config.geometry().pgdBytes());
            table.destroy();
            assertThat(pool.allocatedBytes()).isZero();
        }
    }

    /// Faults in pages and whole blocks of the same memory, as vCPUs do while the host breaks up and
    /// rebuilds huge pages: identity mapping, so that any entry is right or wrong by itself.
    private static void faults(
            Stage2PageTable table, ReentrantReadWriteLock mmuLock, TablePageCache cache, SplittableRandom random) {
        for (int i = 0; i < 400; i++) {
            long ipa = M2 * random.nextInt(BLOCKS) + 4096L * random.nextInt(512);
            boolean block = random.nextInt(60) == 0;
            long size = block ? M2 : 4096;
            int prot = random.nextInt(20) == 0 ? Stage2Prot.RW | Stage2Prot.NORMAL_NC : Stage2Prot.RW;
            cache.topup(3);
            mmuLock.readLock().lock();
            try {
                int ret = table.map(ipa & -size, size, ipa & -size, prot, cache, WalkFlags.SHARED);
                assertThat(ret).isIn(0, EAGAIN);
                if (random.nextInt(4) == 0) {
                    assertThat(table.relaxPerms(ipa, Stage2Prot.RW, WalkFlags.SHARED))
                            .isIn(0, EAGAIN);
                    assertThat(table.mkyoung(ipa, WalkFlags.SHARED)).isIn(0, EAGAIN);
                }
            } finally {
                mmuLock.readLock().unlock();
            }
        }
    }

    private static void check(Stage2PageTable table, ReentrantReadWriteLock mmuLock, SplittableRandom random) {
        mmuLock.writeLock().lock();
        try {
            for (long ipa = 0; ipa < BLOCKS * M2; ipa += 4096) {
                Stage2Leaf leaf = table.leaf(ipa);
                assertThat(leaf.descriptor()).isNotEqualTo(Stage2Entries.LOCKED);
                if (leaf.isMapped()) {
                    assertThat(leaf.pa()).isEqualTo(ipa & -leaf.size());
                    assertThat(Stage2Descriptor.isWritable(leaf.descriptor())).isTrue();
                } else {
                    assertThat(leaf.descriptor()).isZero();
                }
            }
            assertThat(table.unmap(M2 * random.nextInt(BLOCKS), M2 * random.nextInt(1, 3)))
                    .isZero();
        } finally {
            mmuLock.writeLock().unlock();
        }
    }
}
