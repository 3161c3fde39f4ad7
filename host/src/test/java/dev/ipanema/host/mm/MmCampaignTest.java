package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.MmFixture.HVA;
import static dev.ipanema.host.mm.MmFixture.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.text.Sizes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Random operations on one process, compared with a model that keeps one word of each page, one protection
/// of each page, and what a secondary MMU would have cached. After each step: contents agree, no stale
/// translation is left in the secondary MMU, and in the end every reference is accounted for.
class MmCampaignTest {
    private static final int PAGES = 3 * 512;
    private static final long SIZE = PAGES * PAGE;
    private static final int NOT_MAPPED = -1;

    private final SplittableRandom random;
    private final MmFixture fixture = new MmFixture(false, false);
    private final AddressSpace mm = fixture.mm;
    private final MemoryFile file = MemoryFile.memfd(fixture.kernel, "campaign", SIZE);
    private final long[] words = new long[PAGES];
    private final long[] fileWords = new long[PAGES];
    private final int[] prots = new int[PAGES];
    private final boolean[] ofFile = new boolean[PAGES];
    private final Map<Long, Long> secondary = new HashMap<>();
    private final StringBuilder log = new StringBuilder();

    MmCampaignTest() {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        random = new SplittableRandom(seed);
        log.append("seed ").append(seed).append('\n');
        Arrays.fill(prots, NOT_MAPPED);
        mm.register(new SecondaryMmu());
    }

    /// Forgets translations when told, as KVM does.
    private final class SecondaryMmu implements MmuNotifier {
        @Override
        public void invalidateRangeStart(long start, long end) {
            secondary.keySet().removeIf(hva -> hva >= start && hva < end);
        }

        @Override
        public void invalidateRangeEnd(long start, long end) {}

        @Override
        public boolean clearFlushYoung(long start, long end) {
            return false;
        }

        @Override
        public boolean clearYoung(long start, long end) {
            return false;
        }

        @Override
        public boolean testYoung(long hva) {
            return false;
        }

        @Override
        public void release() {}
    }

    @Test
    void randomOperationsAgreeWithAModelAndLeakNothing() {
        long before = fixture.kernel.allocatedPages();
        int steps = Boolean.getBoolean("ipanema.long") ? 200_000 : 4_000;

        for (int i = 0; i < steps; i++) {
            step();
        }

        assertThat(fixture.kernel.audit()).as(log.toString()).isEmpty();
        mm.munmap(HVA, SIZE);
        file.close();
        // Only the huge zero page may remain.
        assertThat(fixture.kernel.allocatedPages() - before).as(log.toString()).isIn(0L, 512L);
        fixture.close();
    }

    private void step() {
        int first = random.nextInt(PAGES);
        int count = 1 + random.nextInt(random.nextInt(4) == 0 ? PAGES - first : Math.min(16, PAGES - first));
        int kind = random.nextInt(12);
        log(kind + " " + first + "+" + count);
        switch (kind) {
            case 0 -> map(first, count, false);
            case 1 -> map(first, count, true);
            case 2 -> unmap(first, count);
            case 3 -> protect(first, count, Mman.PROT_READ);
            case 4 -> protect(first, count, MmFixture.RW);
            case 5 -> mm.madvise(at(first), count * PAGE, Mman.MADV_HUGEPAGE);
            case 6 -> migrate(first);
            case 7, 8 -> read(first);
            case 9 -> gup(first);
            default -> write(first);
        }
        checkSecondary();
    }

    private void log(String step) {
        if (log.length() > 4 * Sizes.KIB) {
            log.delete(log.indexOf("\n") + 1, log.length() / 2);
        }
        log.append(step).append('\n');
    }

    private static long at(int page) {
        return HVA + page * PAGE;
    }

    private void map(int first, int count, boolean asFile) {
        long result = asFile
                ? mm.mmap(at(first), count * PAGE, MmFixture.RW, MmFixture.SHARED, file, first * PAGE)
                : mm.mmap(at(first), count * PAGE, MmFixture.RW, MmFixture.PRIVATE);
        assertThat(result).as(log.toString()).isEqualTo(at(first));
        Arrays.fill(prots, first, first + count, MmFixture.RW);
        Arrays.fill(ofFile, first, first + count, asFile);
        Arrays.fill(words, first, first + count, 0);
    }

    private void unmap(int first, int count) {
        assertThat(mm.munmap(at(first), count * PAGE)).as(log.toString()).isZero();
        Arrays.fill(prots, first, first + count, NOT_MAPPED);
    }

    private void protect(int first, int count, int prot) {
        int result = mm.mprotect(at(first), count * PAGE, prot);
        int page = first;
        while (page < first + count && prots[page] != NOT_MAPPED) {
            prots[page] = prot;
            page++;
        }
        assertThat(result == 0).as(log.toString()).isEqualTo(page == first + count);
    }

    private void migrate(int page) {
        long leaf = mm.lookupLeaf(at(page));
        if (HostPte.isPresent(leaf) && !HostPte.isSpecial(leaf)) {
            assertThat(fixture.kernel.migratePage(HostPte.pfnAt(leaf, at(page))))
                    .as(log.toString())
                    .isZero();
        }
    }

    private long expected(int page) {
        return ofFile[page] ? fileWords[page] : words[page];
    }

    private void read(int page) {
        UserFault fault = mm.userMemory().touch(at(page), false);
        assertThat(fault == UserFault.NONE).as(log.toString()).isEqualTo(prots[page] != NOT_MAPPED);
        if (fault == UserFault.NONE) {
            assertThat(mm.userMemory().load(at(page) + 8, 8)).as(log.toString()).isEqualTo(expected(page));
        }
    }

    private void write(int page) {
        UserFault fault = mm.userMemory().touch(at(page), true);
        assertThat(fault == UserFault.NONE).as(log.toString()).isEqualTo(prots[page] == MmFixture.RW);
        if (fault == UserFault.NONE) {
            long value = random.nextLong();
            mm.userMemory().store(at(page) + 8, 8, value);
            if (ofFile[page]) {
                fileWords[page] = value;
            } else {
                words[page] = value;
            }
        }
    }

    /// Takes a page as KVM does, and lets the secondary MMU remember it.
    private void gup(int page) {
        boolean write = random.nextBoolean();
        long pfn = mm.gup(at(page), write ? Mman.FOLL_WRITE : 0);
        boolean permitted = write ? prots[page] == MmFixture.RW : prots[page] != NOT_MAPPED;
        assertThat(pfn >= 0).as(log.toString()).isEqualTo(permitted);
        if (pfn >= 0) {
            secondary.put(at(page), pfn);
            fixture.kernel.putPage(pfn);
        }
    }

    private void checkSecondary() {
        secondary.forEach((hva, pfn) -> {
            long leaf = mm.lookupLeaf(hva);
            assertThat(HostPte.isPresent(leaf) ? HostPte.pfnAt(leaf, hva) : -1)
                    .as(log.toString())
                    .isEqualTo(pfn);
        });
    }
}
