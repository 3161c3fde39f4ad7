package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.MmFixture.HVA;
import static dev.ipanema.host.mm.MmFixture.MIB2;
import static dev.ipanema.host.mm.MmFixture.PAGE;
import static dev.ipanema.host.mm.MmFixture.RW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.errno.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AnonymousMemoryTest {
    private final MmFixture fixture = new MmFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void readOfUntouchedMemoryMapsTheZeroPageReadOnly() {
        fixture.anonymous(MIB2, RW);

        assertThat(fixture.load(0)).isZero();

        assertThat(fixture.kernel.isZeroPfn(HostPte.pfn(fixture.leaf(0)))).isTrue();
        assertThat(HostPte.isWritable(fixture.leaf(0))).isFalse();
    }

    @Test
    void writeOfUntouchedMemoryMapsANewWritablePageWithoutNotifier() {
        fixture.anonymous(MIB2, RW);

        fixture.store(8, 42);

        assertThat(fixture.load(8)).isEqualTo(42);
        assertThat(HostPte.isWritable(fixture.leaf(0))).isTrue();
        assertThat(fixture.kernel.isZeroPfn(HostPte.pfn(fixture.leaf(0)))).isFalse();
        assertThat(fixture.events).isEmpty();
    }

    @Test
    void writeToTheZeroPageReplacesItBetweenNotifierCalls() {
        fixture.anonymous(MIB2, RW);
        fixture.load(PAGE);

        fixture.store(PAGE, 7);

        assertThat(fixture.events).containsExactly("start 4K-8K", "end 4K-8K");
        assertThat(fixture.load(PAGE)).isEqualTo(7);
    }

    @Test
    void neighbourOfAWrittenPageStaysAbsent() {
        fixture.anonymous(MIB2, RW);

        fixture.store(0, 1);

        assertThat(fixture.leaf(PAGE)).isZero();
    }

    @Test
    void madviseHugepageGivesA2MLeafOnWrite() {
        fixture.anonymous(2 * MIB2, RW);
        fixture.mm.madvise(HVA, 2 * MIB2, Mman.MADV_HUGEPAGE);

        fixture.store(MIB2 + 8, 5);

        assertThat(HostPte.shift(fixture.leaf(MIB2))).isEqualTo(21);
        assertThat(fixture.mm.leafShift(HVA + 2 * MIB2 - 1)).isEqualTo(21);
        assertThat(fixture.leaf(0)).isZero();
    }

    @Test
    void madviseHugepageGivesTheHugeZeroPageOnRead() {
        fixture.anonymous(MIB2, RW);
        fixture.mm.madvise(HVA, MIB2, Mman.MADV_HUGEPAGE);

        fixture.load(0);

        assertThat(HostPte.shift(fixture.leaf(0))).isEqualTo(21);
        assertThat(fixture.kernel.isHugeZeroPfn(HostPte.pfn(fixture.leaf(0)))).isTrue();
        assertThat(HostPte.isWritable(fixture.leaf(0))).isFalse();
    }

    @Test
    void writeToTheHugeZeroPageReplacesAll2MBetweenNotifierCalls() {
        fixture.anonymous(MIB2, RW);
        fixture.mm.madvise(HVA, MIB2, Mman.MADV_HUGEPAGE);
        fixture.load(PAGE);

        fixture.store(PAGE, 9);

        assertThat(fixture.events).containsExactly("start 0-2M", "end 0-2M");
        assertThat(HostPte.shift(fixture.leaf(0))).isEqualTo(21);
        assertThat(HostPte.isWritable(fixture.leaf(0))).isTrue();
    }

    @Test
    void hugePageNeedsItsWhole2MInsideTheVma() {
        fixture.anonymous(MIB2 + PAGE, RW);
        fixture.mm.madvise(HVA, MIB2 + PAGE, Mman.MADV_HUGEPAGE);

        fixture.store(MIB2, 1);

        assertThat(HostPte.shift(fixture.leaf(MIB2))).isEqualTo(12);
    }

    @Test
    void madviseNohugepageKeepsPagesSmallOnAHostThatAlwaysUsesHugePages() {
        try (MmFixture always = new MmFixture(false, true)) {
            always.anonymous(2 * MIB2, RW);
            always.mm.madvise(HVA, MIB2, Mman.MADV_NOHUGEPAGE);

            always.store(0, 1);
            always.store(MIB2, 1);

            assertThat(HostPte.shift(always.leaf(0))).isEqualTo(12);
            assertThat(HostPte.shift(always.leaf(MIB2))).isEqualTo(21);
        }
    }

    @Test
    void mprotectToReadOnlyTakesWriteAwayBetweenNotifierCalls() {
        fixture.anonymous(MIB2, RW);
        fixture.store(0, 3);

        assertThat(fixture.mm.mprotect(HVA, MIB2, Mman.PROT_READ)).isZero();

        assertThat(HostPte.isWritable(fixture.leaf(0))).isFalse();
        assertThat(fixture.events).containsExactly("start 0-2M", "end 0-2M");
        assertThat(fixture.load(0)).isEqualTo(3);
    }

    @Test
    void mprotectBackToWritableRestoresWriteOfOwnPagesBetweenNotifierCalls() {
        fixture.anonymous(MIB2, RW);
        fixture.store(0, 3);
        fixture.mm.mprotect(HVA, MIB2, Mman.PROT_READ);
        fixture.events.clear();

        fixture.mm.mprotect(HVA, MIB2, RW);

        assertThat(HostPte.isWritable(fixture.leaf(0))).isTrue();
        assertThat(fixture.events).containsExactly("start 0-2M", "end 0-2M");
    }

    @Test
    void mprotectOfMemoryWithoutEntriesCallsNoNotifier() {
        fixture.anonymous(MIB2, RW);

        fixture.mm.mprotect(HVA, MIB2, Mman.PROT_READ);

        assertThat(fixture.events).isEmpty();
    }

    @Test
    void mprotectLeavesTheZeroPageReadOnly() {
        fixture.anonymous(MIB2, Mman.PROT_READ);
        fixture.load(0);

        fixture.mm.mprotect(HVA, MIB2, RW);

        assertThat(HostPte.isWritable(fixture.leaf(0))).isFalse();
    }

    @Test
    void mprotectOfPartOfAHugePageSplitsItAndKeepsItsContents() {
        fixture.anonymous(MIB2, RW);
        fixture.mm.madvise(HVA, MIB2, Mman.MADV_HUGEPAGE);
        fixture.store(0, 11);
        fixture.store(5 * PAGE, 12);

        fixture.mm.mprotect(HVA, 4 * PAGE, Mman.PROT_READ);

        assertThat(HostPte.shift(fixture.leaf(0))).isEqualTo(12);
        assertThat(HostPte.isWritable(fixture.leaf(0))).isFalse();
        assertThat(HostPte.isWritable(fixture.leaf(5 * PAGE))).isTrue();
        assertThat(fixture.load(0)).isEqualTo(11);
        assertThat(fixture.load(5 * PAGE)).isEqualTo(12);
        assertThat(fixture.events).startsWith("start 0-2M", "end 0-2M");
        assertThat(fixture.kernel.audit()).isEmpty();
    }

    @Test
    void munmapOfPartOfAHugePageFreesThePageOnlyWithItsLastPart() {
        fixture.anonymous(MIB2, RW);
        fixture.mm.madvise(HVA, MIB2, Mman.MADV_HUGEPAGE);
        fixture.store(0, 1);
        long before = fixture.kernel.allocatedPages();

        fixture.mm.munmap(HVA, MIB2 - PAGE);
        long between = fixture.kernel.allocatedPages();
        fixture.mm.munmap(HVA + MIB2 - PAGE, PAGE);

        assertThat(between).isEqualTo(before);
        assertThat(fixture.kernel.allocatedPages()).isEqualTo(before - 512);
    }

    @Test
    void munmapReachesTheNotifierAndFreesThePages() {
        long before = fixture.kernel.allocatedPages();
        fixture.anonymous(MIB2, RW);
        fixture.store(0, 1);
        fixture.store(PAGE, 2);

        assertThat(fixture.mm.munmap(HVA, MIB2)).isZero();

        assertThat(fixture.events).containsExactly("start 0-2M", "end 0-2M");
        assertThat(fixture.kernel.allocatedPages()).isEqualTo(before);
        assertThat(fixture.mm.vmas()).isEmpty();
    }

    @Test
    void mapFixedOverMemoryReplacesItBetweenNotifierCalls() {
        fixture.anonymous(MIB2, RW);
        fixture.store(0, 1);

        fixture.anonymous(MIB2, RW);

        assertThat(fixture.events).containsExactly("start 0-2M", "end 0-2M");
        assertThat(fixture.load(0)).isZero();
    }

    @Test
    void madviseDontneedDropsThePages() {
        fixture.anonymous(MIB2, RW);
        fixture.store(0, 1);

        assertThat(fixture.mm.madvise(HVA, PAGE, Mman.MADV_DONTNEED)).isZero();

        assertThat(fixture.events).containsExactly("start 0-4K", "end 0-4K");
        assertThat(fixture.load(0)).isZero();
    }

    @Test
    void freshPagesAreZeroAlthoughTheirMemoryWasUsedBefore() {
        fixture.anonymous(PAGE, RW);
        fixture.store(0, -1);
        fixture.mm.munmap(HVA, PAGE);
        fixture.anonymous(PAGE, RW);

        fixture.store(8, 1);

        assertThat(fixture.load(0)).isZero();
    }

    @Test
    void mapPopulateFaultsInEveryPageWritable() {
        fixture.mm.mmap(HVA, 4 * PAGE, RW, MmFixture.PRIVATE | Mman.MAP_POPULATE);

        assertThat(HostPte.isWritable(fixture.leaf(0))).isTrue();
        assertThat(HostPte.isWritable(fixture.leaf(3 * PAGE))).isTrue();
    }

    @Test
    void sharedAnonymousMemoryIsWritableAfterARead() {
        fixture.mm.mmap(HVA, MIB2, RW, MmFixture.SHARED);

        fixture.load(0);

        assertThat(HostPte.isWritable(fixture.leaf(0))).isTrue();
    }

    @Test
    void protMteNeedsAHostWithTags() {
        try (MmFixture plain = new MmFixture(false, false)) {
            plain.anonymous(PAGE, RW | Mman.PROT_MTE);
            fixture.anonymous(PAGE, RW | Mman.PROT_MTE);

            assertThat(plain.vma(0).pageProt()).isEqualTo(PteAttrIndex.MT_NORMAL);
            assertThat(plain.vma(0).has(VmFlags.VM_MTE_ALLOWED)).isFalse();
            assertThat(fixture.vma(0).pageProt()).isEqualTo(PteAttrIndex.MT_NORMAL_TAGGED);
            assertThat(fixture.vma(0).has(VmFlags.VM_MTE | VmFlags.VM_MTE_ALLOWED))
                    .isTrue();
        }
    }

    @Test
    void closeReleasesNotifiersAndFreesEverything() {
        long before = fixture.kernel.allocatedPages();
        fixture.anonymous(MIB2, RW);
        fixture.store(0, 1);

        fixture.mm.close();

        assertThat(fixture.events).containsExactly("release");
        assertThat(fixture.kernel.allocatedPages()).isEqualTo(before);
    }

    @Test
    void exhaustedMemoryIsAnErrorAndNotAnException() {
        long size = MmFixture.RAM_SIZE + MIB2;
        fixture.anonymous(size, RW);

        int result = fixture.mm.madvise(HVA, size, Mman.MADV_POPULATE_WRITE);

        assertThat(result).isEqualTo(Errno.ENOMEM.negated());
    }

    @Test
    void agingAsksTheNotifiers() {
        assertThat(fixture.mm.clearFlushYoung(HVA, HVA + PAGE)).isTrue();
        assertThat(fixture.mm.clearYoung(HVA, HVA + PAGE)).isFalse();
        assertThat(fixture.mm.testYoung(HVA)).isTrue();
        assertThat(fixture.events).containsExactly("flush-young 0-4K", "young 0-4K");
    }
}
