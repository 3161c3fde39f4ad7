package dev.ipanema.host.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PageAllocatorTest {
    private static final long BASE = 0x8000_0000L;

    private static PageAllocator allocator(long size, PfnDatabase.PfnRange... reserved) {
        PfnDatabase pfns = new PfnDatabase(List.of(new PfnDatabase.PfnRange("ram", BASE, size, true, true)));
        return new PageAllocator(pfns, List.of(reserved));
    }

    @Test
    void blocksAreAlignedToTheirSize() {
        PageAllocator allocator = allocator(4 * Sizes.GIB);

        assertThat(allocator.alloc(0, 0)).isPositive();
        assertThat(allocator.alloc(3, 0) % 8).isZero();
        assertThat(allocator.alloc(9, 0) % 512).isZero();
        assertThat(allocator.alloc(18, 0) % (1 << 18)).isZero();
    }

    @Test
    void everyPageIsHandedOutOnceAndThenMemoryIsOut() {
        PageAllocator allocator = allocator(4 * Sizes.MIB);
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 1024; i++) {
            seen.add(allocator.alloc(0, 0));
        }

        assertThat(seen).hasSize(1024).allMatch(pfn -> pfn >= BASE >>> 12 && pfn < (BASE >>> 12) + 1024);
        assertThat(allocator.alloc(0, 0)).isEqualTo(Errno.ENOMEM.negated());
        assertThat(allocator.alloc(9, 0)).isEqualTo(Errno.ENOMEM.negated());
    }

    @Test
    void blockIsWholeAgainAfterItsLastPageIsFreed() {
        PageAllocator allocator = allocator(2 * Sizes.MIB);
        long first = allocator.alloc(0, 0);
        long second = allocator.alloc(2, 0);
        allocator.free(first, 0);
        boolean early = allocator.alloc(9, 0) >= 0;

        allocator.free(second, 2);

        assertThat(early).isFalse();
        assertThat(allocator.alloc(9, 0)).isEqualTo(BASE >>> 12);
        assertThat(allocator.managedPages()).isEqualTo(512);
    }

    @Test
    void reservedMemoryIsNeverHandedOut() {
        PfnDatabase.PfnRange hole = new PfnDatabase.PfnRange("hole", BASE + 2 * Sizes.MIB, 2 * Sizes.MIB, true, true);
        PageAllocator allocator = allocator(6 * Sizes.MIB, hole);

        assertThat(allocator.managedPages()).isEqualTo(1024);
        assertThat(allocator.alloc(9, 0)).isEqualTo(BASE >>> 12);
        assertThat(allocator.alloc(9, 0)).isEqualTo((BASE >>> 12) + 1024);
        assertThat(allocator.alloc(9, 0)).isNegative();
    }

    @Test
    void freedGiganticPageServesSmallerRequests() {
        PageAllocator allocator = allocator(Sizes.GIB);
        long gigantic = allocator.alloc(18, 0);
        allocator.free(gigantic, 18);

        assertThat(allocator.alloc(9, 0)).isEqualTo(gigantic);
        assertThat(allocator.alloc(18, 0)).isNegative();
        assertThat(allocator.managedPages()).isEqualTo(1 << 18);
    }

    @Test
    void aTerabyteCostsNothingUntilItIsUsed() {
        PageAllocator allocator = allocator(Sizes.TIB);

        assertThat(allocator.managedPages()).isEqualTo(1L << 28);
        assertThat(allocator.allocatedPages()).isZero();
    }

    @Test
    void orderThatNoBlockHasIsRefused() {
        PageAllocator allocator = allocator(Sizes.GIB);

        assertThatThrownBy(() -> allocator.alloc(12, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> allocator.free((BASE >>> 12) + 5, 0)).isInstanceOf(KernelBug.class);
    }

    @Test
    void overlappingRangesAreRefused() {
        List<PfnDatabase.PfnRange> ranges = List.of(
                new PfnDatabase.PfnRange("a", BASE, Sizes.GIB, true, true),
                new PfnDatabase.PfnRange("b", BASE + Sizes.MIB, Sizes.GIB, true, true));

        assertThatThrownBy(() -> new PfnDatabase(ranges))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a")
                .hasMessageContaining("overlap");
    }

    @Test
    void predicatesFollowTheMap() {
        try (MmFixture fixture = new MmFixture()) {
            PfnDatabase pfns = fixture.kernel.pfns();

            assertThat(pfns.pfnIsMapMemory(MmFixture.RAM >>> 12)).isTrue();
            assertThat(pfns.pfnValid(MmFixture.RAM >>> 12)).isTrue();
            assertThat(pfns.pfnIsMapMemory(MmFixture.NOMAP_VALID >>> 12)).isFalse();
            assertThat(pfns.pfnValid(MmFixture.NOMAP_VALID >>> 12)).isTrue();
            assertThat(pfns.pfnIsMapMemory(MmFixture.NOMAP >>> 12)).isFalse();
            assertThat(pfns.pfnValid(MmFixture.NOMAP >>> 12)).isFalse();
            assertThat(pfns.pfnIsMapMemory(-1)).isFalse();
            assertThat(pfns.pfnIsMapMemory(1L << 52 | MmFixture.RAM >>> 12)).isFalse();
            assertThat(pfns.pfnValid(1L << 40)).isFalse();
        }
    }
}
