package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.MmFixture.HVA;
import static dev.ipanema.host.mm.MmFixture.MIB2;
import static dev.ipanema.host.mm.MmFixture.PAGE;
import static dev.ipanema.host.mm.MmFixture.PRIVATE;
import static dev.ipanema.host.mm.MmFixture.RW;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Several threads of one process fault while pages move, huge pages are split and neighbours are mapped
/// and unmapped.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ConcurrentFaultsTest {
    private static final int WRITERS = 3;
    private static final long STABLE = 2 * MIB2;

    private final long seed = Long.getLong("ipanema.seed", System.nanoTime());
    private final int steps = Boolean.getBoolean("ipanema.long") ? 300_000 : 6_000;

    @Test
    void noWriteIsLostAndNoReferenceLeaks() throws Exception {
        try (MmFixture fixture = new MmFixture(false, false);
                ExecutorService threads = Executors.newCachedThreadPool()) {
            fixture.anonymous(STABLE, RW);
            fixture.mm.madvise(HVA, MIB2, Mman.MADV_HUGEPAGE);
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                results.add(threads.submit(writer(fixture, i)));
            }
            results.add(threads.submit(mover(fixture)));
            results.add(threads.submit(mapper(fixture)));

            int lost = 0;
            for (Future<Integer> result : results) {
                lost += result.get();
            }

            assertThat(lost).as("seed " + seed).isZero();
            assertThat(fixture.kernel.audit()).as("seed " + seed).isEmpty();
            assertThat(fixture.mm.mmapLock().readers()).isZero();
        }
    }

    /// Owns one word of each page: what it wrote it must read.
    private Callable<Integer> writer(MmFixture fixture, int index) {
        return () -> {
            SplittableRandom random = new SplittableRandom(seed + index);
            long[] words = new long[(int) (STABLE / PAGE)];
            UserMemory user = fixture.mm.userMemory();
            int lost = 0;
            for (int i = 0; i < steps; i++) {
                int page = random.nextInt(words.length);
                long hva = HVA + page * PAGE + 64L * index;
                lost += user.load(hva, 8) == words[page] ? 0 : 1;
                words[page] = random.nextLong();
                user.store(hva, 8, words[page]);
                long pfn = fixture.mm.gupFast(hva, true);
                if (pfn >= 0) {
                    fixture.kernel.putPage(pfn);
                }
            }
            return lost;
        };
    }

    private Callable<Integer> mover(MmFixture fixture) {
        return () -> {
            SplittableRandom random = new SplittableRandom(seed + 100);
            for (int i = 0; i < steps / 20; i++) {
                long hva = HVA + random.nextLong(STABLE / PAGE) * PAGE;
                long leaf = fixture.mm.lookupLeaf(hva);
                if (HostPte.isPresent(leaf) && !HostPte.isSpecial(leaf)) {
                    fixture.kernel.migratePage(HostPte.pfnAt(leaf, hva));
                }
                if (random.nextInt(50) == 0) {
                    // Splits the huge page and joins the VMAs again; the pages stay writable for their own
                    // process.
                    fixture.mm.mprotect(HVA, PAGE, RW | Mman.PROT_EXEC);
                    fixture.mm.mprotect(HVA, PAGE, RW);
                }
            }
            return 0;
        };
    }

    private Callable<Integer> mapper(MmFixture fixture) {
        return () -> {
            long hva = HVA + STABLE;
            for (int i = 0; i < steps / 10; i++) {
                fixture.mm.mmap(hva, 8 * PAGE, RW, PRIVATE | Mman.MAP_POPULATE);
                fixture.mm.munmap(hva, 8 * PAGE);
            }
            return 0;
        };
    }
}
