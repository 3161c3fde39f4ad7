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

class FileMemoryTest {
    private static final int HUGETLB_2M = Mman.MAP_ANONYMOUS | Mman.MAP_HUGETLB | Mman.MAP_HUGE_2MB;

    private final MmFixture fixture = new MmFixture();
    private final AddressSpace mm = fixture.mm;

    @AfterEach
    void close() {
        fixture.close();
    }

    private MemoryFile memfd(long size) {
        return MemoryFile.memfd(fixture.kernel, "test", size);
    }

    @Test
    void readOfSharedMemfdMapsANewWritablePage() {
        MemoryFile file = memfd(MIB2);
        fixture.shared(file, MIB2);

        assertThat(fixture.load(0)).isZero();

        assertThat(HostPte.isWritable(fixture.leaf(0))).isTrue();
        assertThat(HostPte.isSpecial(fixture.leaf(0))).isFalse();
    }

    @Test
    void twoProcessesSeeTheSamePagesOfAMemfd() {
        MemoryFile file = memfd(MIB2);
        fixture.shared(file, MIB2);
        AddressSpace other = fixture.kernel.newAddressSpace();
        other.mmap(HVA, MIB2, RW, SHARED, file, 0);

        fixture.store(16, 99);

        assertThat(other.userMemory().load(HVA + 16, 8)).isEqualTo(99);
        other.close();
    }

    @Test
    void privateMemfdReadsTheFileAndWritesACopyBetweenNotifierCalls() {
        MemoryFile file = memfd(MIB2);
        fixture.shared(file, MIB2);
        fixture.store(0, 5);
        mm.mmap(HVA + MIB2, MIB2, RW, PRIVATE, file, 0);
        assertThat(fixture.load(MIB2)).isEqualTo(5);
        assertThat(HostPte.isWritable(fixture.leaf(MIB2))).isFalse();

        fixture.store(MIB2, 6);

        assertThat(fixture.events).containsExactly("start 2M-2052K", "end 2M-2052K");
        assertThat(fixture.load(MIB2)).isEqualTo(6);
        assertThat(fixture.load(0)).isEqualTo(5);
    }

    @Test
    void firstWriteOfPrivateMemfdCopiesWithoutNotifier() {
        MemoryFile file = memfd(MIB2);
        mm.mmap(HVA, MIB2, RW, PRIVATE, file, 0);

        fixture.store(0, 6);

        assertThat(fixture.events).isEmpty();
        assertThat(fixture.kernel.pfns().testPageFlags(HostPte.pfn(fixture.leaf(0)), PfnDatabase.PG_ANON))
                .isTrue();
    }

    @Test
    void accessBehindTheEndOfAFileIsSigbus() {
        MemoryFile file = memfd(PAGE);
        fixture.shared(file, 2 * PAGE);

        assertThat(mm.userMemory().touch(HVA + PAGE, false)).isEqualTo(UserFault.BUS_ADRERR);
    }

    @Test
    void pagesOfAFileLiveUntilItIsClosedAndUnmapped() {
        long before = fixture.kernel.allocatedPages();
        MemoryFile file = memfd(MIB2);
        fixture.shared(file, MIB2);
        fixture.store(0, 5);

        file.close();
        long afterClose = fixture.kernel.allocatedPages();
        mm.munmap(HVA, MIB2);

        assertThat(afterClose).isEqualTo(before + 1);
        assertThat(fixture.kernel.allocatedPages()).isEqualTo(before);
        assertThat(fixture.kernel.audit()).isEmpty();
    }

    @Test
    void privateHugetlbReadMapsANewReadOnly2MPage() {
        mm.mmap(HVA, 2 * MIB2, RW, PRIVATE | HUGETLB_2M);

        fixture.load(PAGE);

        assertThat(HostPte.shift(fixture.leaf(0))).isEqualTo(21);
        assertThat(HostPte.isWritable(fixture.leaf(0))).isFalse();
        assertThat(fixture.kernel.isZeroPfn(HostPte.pfn(fixture.leaf(0)))).isFalse();
    }

    @Test
    void privateHugetlbBecomesWritableInPlaceWithoutNotifier() {
        mm.mmap(HVA, MIB2, RW, PRIVATE | HUGETLB_2M);
        fixture.load(0);
        long pfn = HostPte.pfn(fixture.leaf(0));

        fixture.store(0, 1);

        assertThat(fixture.events).isEmpty();
        assertThat(HostPte.pfn(fixture.leaf(0))).isEqualTo(pfn);
        assertThat(HostPte.isWritable(fixture.leaf(0))).isTrue();
    }

    @Test
    void hugetlbVmaSaysItsPageSizeAndFlags() {
        mm.mmap(HVA, MIB2, RW, PRIVATE | HUGETLB_2M);

        assertThat(fixture.vma(0).isHugetlb()).isTrue();
        assertThat(fixture.vma(0).pageShift()).isEqualTo(21);
        assertThat(fixture.vma(0).has(VmFlags.VM_DONTEXPAND)).isTrue();
    }

    @Test
    void hugetlbOf1GMapsOneLeaf() {
        try (MemoryFile file = new MemoryFile(fixture.kernel, "/hugepages-1G", 1L << 30, 30)) {
            // 256 MiB of RAM hold no such page: the first access is SIGBUS, as with an empty pool.
            mm.mmap(HVA, 1L << 30, RW, SHARED, file, 0);

            assertThat(fixture.vma(0).pageShift()).isEqualTo(30);
            assertThat(mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.BUS_ADRERR);
        }
    }

    @Test
    void hugetlbCannotBeCutInsideAPage() {
        mm.mmap(HVA, 2 * MIB2, RW, PRIVATE | HUGETLB_2M);

        assertThat(mm.munmap(HVA, PAGE)).isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.mprotect(HVA, PAGE, Mman.PROT_READ)).isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.munmap(HVA, MIB2)).isZero();
    }

    @Test
    void hugetlbBeyondFreeMemoryIsEnomem() {
        long result = mm.mmap(HVA, MmFixture.RAM_SIZE * 2, RW, PRIVATE | HUGETLB_2M);

        assertThat(result).isEqualTo(Errno.ENOMEM.negated());
    }

    @Test
    void privateMappingOfASharedHugetlbFileCopiesOnWrite() {
        try (MemoryFile file = new MemoryFile(fixture.kernel, "/hugepages-2M", MIB2, 21)) {
            fixture.shared(file, MIB2);
            fixture.store(0, 1);
            mm.mmap(HVA + MIB2, MIB2, RW, PRIVATE, file, 0);
            assertThat(fixture.load(MIB2)).isEqualTo(1);

            fixture.store(MIB2, 2);

            assertThat(fixture.events).containsExactly("start 2M-4M", "end 2M-4M");
            assertThat(fixture.load(0)).isEqualTo(1);
        }
    }

    @Test
    void unmapMappingRangeZapsAllMappingsOfThatPartOfTheFile() {
        MemoryFile file = memfd(MIB2);
        fixture.shared(file, MIB2);
        fixture.store(0, 1);
        fixture.store(PAGE, 2);

        fixture.kernel.unmapMappingRange(file, PAGE, PAGE);

        assertThat(fixture.events).containsExactly("start 4K-8K", "end 4K-8K");
        assertThat(fixture.leaf(PAGE)).isZero();
        assertThat(HostPte.isPresent(fixture.leaf(0))).isTrue();
        assertThat(fixture.load(PAGE)).isEqualTo(2);
    }

    @Test
    void guestMemfdGivesZeroedPagesWithAReference() {
        try (GuestMemfd file = new GuestMemfd(fixture.kernel, MIB2, 0)) {
            long pfn = file.getPfn(3);

            assertThat(file.getPfn(3)).isEqualTo(pfn);
            assertThat(fixture.kernel.pfns().references(pfn)).isEqualTo(3);
            assertThat(file.getPfn(512)).isEqualTo(Errno.EFAULT.negated());
            fixture.kernel.putPage(pfn);
            fixture.kernel.putPage(pfn);
        }
    }

    @Test
    void guestMemfdIsMappedOnlyWithItsFlagAndShared() {
        GuestMemfd closed = new GuestMemfd(fixture.kernel, MIB2, 0);
        GuestMemfd open = new GuestMemfd(
                fixture.kernel, MIB2, GuestMemfd.GUEST_MEMFD_FLAG_MMAP | GuestMemfd.GUEST_MEMFD_FLAG_INIT_SHARED);

        assertThat(mm.mmap(HVA, MIB2, RW, SHARED, closed, 0)).isEqualTo(Errno.ENODEV.negated());
        assertThat(mm.mmap(HVA, MIB2, RW, PRIVATE, open, 0)).isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.mmap(HVA, MIB2, RW, SHARED, open, 0)).isEqualTo(HVA);
        assertThat(mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.NONE);
        assertThat(fixture.vma(0).has(VmFlags.VM_MTE_ALLOWED)).isFalse();
    }

    @Test
    void guestMemfdWithoutSharedStartIsSigbusForTheVmm() {
        GuestMemfd file = new GuestMemfd(fixture.kernel, MIB2, GuestMemfd.GUEST_MEMFD_FLAG_MMAP);
        mm.mmap(HVA, MIB2, RW, SHARED, file, 0);

        assertThat(mm.userMemory().touch(HVA, false)).isEqualTo(UserFault.BUS_ADRERR);
    }

    @Test
    void punchHoleTellsListenersAndDropsThePages() {
        GuestMemfd file = new GuestMemfd(
                fixture.kernel, MIB2, GuestMemfd.GUEST_MEMFD_FLAG_MMAP | GuestMemfd.GUEST_MEMFD_FLAG_INIT_SHARED);
        fixture.shared(file, MIB2);
        fixture.store(PAGE, 4);
        file.addListener(new GuestMemfd.Listener() {
            @Override
            public void invalidateBegin(long start, long end) {
                fixture.events.add("begin " + start + "-" + end);
            }

            @Override
            public void invalidateEnd(long start, long end) {
                fixture.events.add("finish " + start + "-" + end);
            }
        });

        assertThat(file.punchHole(PAGE, PAGE)).isZero();

        assertThat(fixture.events).containsExactly("begin 1-2", "start 4K-8K", "end 4K-8K", "finish 1-2");
        assertThat(fixture.load(PAGE)).isZero();
        assertThat(file.punchHole(1, PAGE)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void fileOfAnotherPageSizeIsRefused() {
        assertThatThrownBy(() -> new MemoryFile(fixture.kernel, "x", MIB2, 16))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("16");
    }
}
