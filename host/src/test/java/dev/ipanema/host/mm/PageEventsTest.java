package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.MmFixture.HVA;
import static dev.ipanema.host.mm.MmFixture.MIB2;
import static dev.ipanema.host.mm.MmFixture.PAGE;
import static dev.ipanema.host.mm.MmFixture.PRIVATE;
import static dev.ipanema.host.mm.MmFixture.RW;
import static dev.ipanema.host.mm.MmFixture.SHARED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.errno.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Migration, poison, and the accounting of references.
class PageEventsTest {
    private final MmFixture fixture = new MmFixture();
    private final AddressSpace mm = fixture.mm;
    private final KernelMemory kernel = fixture.kernel;

    @AfterEach
    void close() {
        fixture.close();
    }

    private long pfn(long offset) {
        return HostPte.pfnAt(fixture.leaf(offset), HVA + offset);
    }

    @Test
    void migrationMovesContentsAndTellsTheNotifier() {
        fixture.anonymous(MIB2, RW);
        fixture.store(PAGE, 21);
        long old = pfn(PAGE);

        assertThat(kernel.migratePage(old)).isZero();

        assertThat(pfn(PAGE)).isNotEqualTo(old);
        assertThat(fixture.load(PAGE)).isEqualTo(21);
        assertThat(kernel.pfns().references(old)).isZero();
        assertThat(fixture.events).containsExactly("start 4K-8K", "end 4K-8K");
        assertThat(kernel.audit()).isEmpty();
    }

    @Test
    void migrationOfAPinnedPageIsEagain() {
        fixture.anonymous(MIB2, RW);
        long pinned = mm.gup(HVA, Mman.FOLL_WRITE);

        assertThat(kernel.migratePage(pinned)).isEqualTo(Errno.EAGAIN.negated());

        assertThat(pfn(0)).isEqualTo(pinned);
        kernel.putPage(pinned);
        assertThat(kernel.audit()).isEmpty();
    }

    @Test
    void migrationOfAFilePageFollowsInAllMappingsAndTheCache() {
        MemoryFile file = MemoryFile.memfd(kernel, "test", MIB2);
        fixture.shared(file, MIB2);
        mm.mmap(HVA + MIB2, MIB2, RW, SHARED, file, 0);
        fixture.store(0, 3);
        fixture.load(MIB2);
        long old = pfn(0);

        assertThat(kernel.migratePage(old)).isZero();
        mm.munmap(HVA, MIB2);

        assertThat(fixture.load(MIB2)).isEqualTo(3);
        assertThat(pfn(MIB2)).isNotEqualTo(old);
        assertThat(kernel.pfns().references(old)).isZero();
        assertThat(kernel.audit()).isEmpty();
    }

    @Test
    void migrationOfAHugePageMovesAll2M() {
        fixture.anonymous(MIB2, RW);
        mm.madvise(HVA, MIB2, Mman.MADV_HUGEPAGE);
        fixture.store(MIB2 - 8, 13);
        long old = pfn(0);

        assertThat(kernel.migratePage(old + 7)).isZero();

        assertThat(HostPte.shift(fixture.leaf(0))).isEqualTo(21);
        assertThat(fixture.load(MIB2 - 8)).isEqualTo(13);
        assertThat(fixture.events).containsExactly("start 0-2M", "end 0-2M");
        assertThat(kernel.audit()).isEmpty();
    }

    @Test
    void whatIsNotMovableStays() {
        assertThat(kernel.migratePage(MmFixture.NOMAP >>> 12)).isEqualTo(Errno.EBUSY.negated());
        assertThat(kernel.migratePage(kernel.zeroPfn())).isEqualTo(Errno.EBUSY.negated());
    }

    @Test
    void poisonedPageIsUnmappedAndItsUserGetsSigbus() {
        fixture.anonymous(MIB2, RW);
        fixture.store(0, 1);
        fixture.store(PAGE, 2);

        assertThat(kernel.memoryFailure(pfn(0))).isZero();

        assertThat(fixture.events).containsExactly("start 0-4K", "end 0-4K");
        assertThat(mm.userMemory().touch(HVA, false)).isEqualTo(UserFault.BUS_MCEERR_AR);
        assertThat(fixture.load(PAGE)).isEqualTo(2);
        assertThat(kernel.audit()).isEmpty();
    }

    @Test
    void gupOfAPoisonedPageSaysSoOnlyWhenAsked() {
        fixture.anonymous(MIB2, RW);
        fixture.store(0, 1);
        kernel.memoryFailure(pfn(0));

        assertThat(mm.gup(HVA, Mman.FOLL_HWPOISON)).isEqualTo(Errno.EHWPOISON.negated());
        assertThat(mm.gup(HVA, 0)).isEqualTo(Errno.EFAULT.negated());
        assertThat(mm.gupFast(HVA, false)).isEqualTo(Errno.EFAULT.negated());
    }

    @Test
    void poisonedPageIsNeverHandedOutAgain() {
        fixture.anonymous(MIB2, RW);
        fixture.store(0, 1);
        long broken = pfn(0);
        kernel.memoryFailure(broken);

        mm.munmap(HVA, MIB2);

        assertThat(kernel.pfns().references(broken)).isEqualTo(1);
        assertThat(kernel.memoryFailure(broken)).isEqualTo(Errno.EHWPOISON.negated());
    }

    @Test
    void poisonInAHugePageCostsOnlyThePageThatIsBroken() {
        fixture.anonymous(MIB2, RW);
        mm.madvise(HVA, MIB2, Mman.MADV_HUGEPAGE);
        fixture.store(PAGE, 1);
        fixture.store(2 * PAGE, 2);

        assertThat(mm.madvise(HVA + PAGE, PAGE, Mman.MADV_HWPOISON)).isZero();

        assertThat(mm.userMemory().touch(HVA + PAGE, false)).isEqualTo(UserFault.BUS_MCEERR_AR);
        assertThat(fixture.load(2 * PAGE)).isEqualTo(2);
        assertThat(HostPte.shift(fixture.leaf(2 * PAGE))).isEqualTo(12);
        assertThat(kernel.audit()).isEmpty();
        mm.munmap(HVA, MIB2);
        assertThat(kernel.audit()).isEmpty();
    }

    @Test
    void poisonedHugetlbPageIsLostAsAWhole() {
        mm.mmap(HVA, MIB2, RW, PRIVATE | Mman.MAP_HUGETLB | Mman.MAP_HUGE_2MB);
        fixture.store(0, 1);

        assertThat(kernel.memoryFailure(pfn(PAGE))).isZero();

        assertThat(fixture.events).containsExactly("start 0-2M", "end 0-2M");
        assertThat(mm.userMemory().touch(HVA + MIB2 - 8, false)).isEqualTo(UserFault.BUS_MCEERR_AR);
    }

    @Test
    void poisonedPageOfAFileFailsInANewMappingToo() {
        MemoryFile file = MemoryFile.memfd(kernel, "test", MIB2);
        fixture.shared(file, MIB2);
        fixture.store(0, 1);
        kernel.memoryFailure(pfn(0));

        mm.mmap(HVA + MIB2, MIB2, RW, SHARED, file, 0);

        assertThat(mm.userMemory().touch(HVA + MIB2, false)).isEqualTo(UserFault.BUS_MCEERR_AR);
    }

    @Test
    void failureOfMemoryWithoutStructPageIsEnxioAndOfKernelPagesEbusy() {
        assertThat(kernel.memoryFailure(MmFixture.NOMAP >>> 12)).isEqualTo(Errno.ENXIO.negated());
        assertThat(kernel.memoryFailure(kernel.zeroPfn())).isEqualTo(Errno.EBUSY.negated());
        assertThat(kernel.memoryFailure((MmFixture.RAM >>> 12) + 30_000)).isEqualTo(Errno.EBUSY.negated());
    }

    @Test
    void auditNamesALeakedReference() {
        fixture.anonymous(MIB2, RW);
        long leaked = mm.gup(HVA, Mman.FOLL_WRITE);

        assertThat(kernel.audit()).containsExactly(new ReferenceLeak(leaked, 2, 1));
        mm.munmap(HVA, MIB2);
        assertThat(kernel.audit()).containsExactly(new ReferenceLeak(leaked, 1, 0));
        kernel.putPage(leaked);
        assertThat(kernel.audit()).isEmpty();
    }

    @Test
    void auditCountsKernelPagesAsHeldByTheirOwner() {
        long tables = kernel.allocKernelPages(4);

        assertThat(tables % (16 * PAGE)).isZero();
        assertThat(kernel.audit()).isEmpty();
        kernel.freeKernelPages(tables, 4);
        assertThat(kernel.audit()).isEmpty();
    }

    @Test
    void referencesOfFreePagesAreKernelBugs() {
        long free = (MmFixture.RAM >>> 12) + 20_000;

        assertThatThrownBy(() -> kernel.getPage(free)).isInstanceOf(KernelBug.class);
        assertThatThrownBy(() -> kernel.putPage(free)).isInstanceOf(KernelBug.class);
        assertThatThrownBy(() -> kernel.getPage(MmFixture.NOMAP >>> 12)).isInstanceOf(KernelBug.class);
    }
}
