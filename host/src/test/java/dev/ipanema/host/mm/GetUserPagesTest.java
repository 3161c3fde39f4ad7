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
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GetUserPagesTest {
    private static final int EFAULT = Errno.EFAULT.negated();
    private static final int EINVAL = Errno.EINVAL.negated();

    private final MmFixture fixture = new MmFixture();
    private final AddressSpace mm = fixture.mm;

    @AfterEach
    void close() {
        fixture.close();
    }

    private long underMmapLock(ToLongFunction<AddressSpace> call) {
        mm.mmapLock().readLock();
        try {
            return call.applyAsLong(mm);
        } finally {
            mm.mmapLock().readUnlock();
        }
    }

    /// A device whose mmap remaps NOMAP memory and then sets flags of the test's choice.
    private record Remapped(long extraFlags, long clearedFlags) implements MappableFile {
        @Override
        public String name() {
            return "/dev/remapped";
        }

        @Override
        public int mmap(AddressSpace mm, Vma vma) {
            vma.setOps(VmOperations.NO_FAULT);
            long pfn = MmFixture.NOMAP >>> 12;
            int result = PfnInsertion.remapPfnRange(mm, vma, vma.start(), pfn, vma.size(), vma.vmPageProt());
            vma.clearFlags(clearedFlags);
            vma.setFlags(extraFlags);
            return result;
        }
    }

    private void mapInsertedPages(long extraFlags) {
        fixture.kernel.claimReserved(MmFixture.DRIVER_RAM, MIB2);
        MappableFile file = new MappableFile() {
            @Override
            public String name() {
                return "/dev/pages";
            }

            @Override
            public int mmap(AddressSpace space, Vma vma) {
                vma.setOps(VmOperations.NO_FAULT);
                vma.setFlags(extraFlags);
                return PfnInsertion.vmInsertPage(space, vma, vma.start(), MmFixture.DRIVER_RAM >>> 12);
            }
        };
        mm.mmap(HVA, MIB2, RW, SHARED, file, 0);
    }

    @Test
    void fastFailsWhereNothingIsMappedYet() {
        fixture.anonymous(MIB2, RW);

        assertThat(mm.gupFast(HVA, false)).isEqualTo(EFAULT);
        assertThat(fixture.leaf(0)).isZero();
    }

    @Test
    void fastTakesAReferenceOnAPresentPage() {
        fixture.anonymous(MIB2, RW);
        fixture.store(0, 1);

        long pfn = mm.gupFast(HVA, true);

        assertThat(pfn).isEqualTo(HostPte.pfn(fixture.leaf(0)));
        assertThat(fixture.kernel.pfns().references(pfn)).isEqualTo(2);
        fixture.kernel.putPage(pfn);
    }

    @Test
    void fastWithWriteFailsOnAReadOnlyLeaf() {
        fixture.anonymous(MIB2, RW);
        fixture.store(0, 1);
        mm.mprotect(HVA, MIB2, Mman.PROT_READ);

        assertThat(mm.gupFast(HVA, true)).isEqualTo(EFAULT);
        long pfn = mm.gupFast(HVA, false);
        assertThat(pfn).isPositive();
        fixture.kernel.putPage(pfn);
    }

    @Test
    void fastFailsOnTheZeroPageAndSlowReferencesIt() {
        fixture.anonymous(MIB2, RW);
        fixture.load(0);

        assertThat(mm.gupFast(HVA, false)).isEqualTo(EFAULT);
        long pfn = mm.gup(HVA, Mman.FOLL_HWPOISON);
        assertThat(fixture.kernel.isZeroPfn(pfn)).isTrue();
        fixture.kernel.putPage(pfn);
    }

    @Test
    void slowWithWriteFaultsThePageIn() {
        fixture.anonymous(MIB2, RW);

        long pfn = mm.gup(HVA + PAGE, Mman.FOLL_WRITE);

        assertThat(pfn).isEqualTo(HostPte.pfn(fixture.leaf(PAGE)));
        assertThat(HostPte.isWritable(fixture.leaf(PAGE))).isTrue();
        assertThat(mm.mmapLock().readers()).isZero();
        fixture.kernel.putPage(pfn);
    }

    @Test
    void slowGivesTheRightPageInsideAHugeLeaf() {
        fixture.anonymous(MIB2, RW);
        mm.madvise(HVA, MIB2, Mman.MADV_HUGEPAGE);

        long pfn = mm.gup(HVA + 5 * PAGE, Mman.FOLL_WRITE);

        assertThat(pfn).isEqualTo(HostPte.pfn(fixture.leaf(0)) + 5);
        assertThat(fixture.kernel.pfns().references(pfn)).isEqualTo(2);
        fixture.kernel.putPage(pfn);
    }

    @Test
    void slowFailsWithoutVmaAndWithoutPermission() {
        fixture.anonymous(MIB2, Mman.PROT_READ);

        assertThat(mm.gup(HVA + MIB2, 0)).isEqualTo(EFAULT);
        assertThat(mm.gup(HVA, Mman.FOLL_WRITE)).isEqualTo(EFAULT);
        mm.mprotect(HVA, MIB2, Mman.PROT_NONE);
        assertThat(mm.gup(HVA, 0)).isEqualTo(EFAULT);
    }

    @Test
    void gupFailsOnPfnMappings() {
        mm.mmap(HVA, MIB2, RW, SHARED, new Remapped(0, 0), 0);

        assertThat(mm.gupFast(HVA, false)).isEqualTo(EFAULT);
        assertThat(mm.gup(HVA, 0)).isEqualTo(EFAULT);
    }

    @Test
    void followGivesTheLeafOfAPfnMappingWithoutReference() {
        mm.mmap(HVA, MIB2, RW, SHARED, new Remapped(0, 0), 0);

        long leaf = underMmapLock(space -> space.followPfnmap(HVA + 3 * PAGE));

        assertThat(HostPte.pfnAt(leaf, HVA + 3 * PAGE)).isEqualTo((MmFixture.NOMAP >>> 12) + 3);
        assertThat(HostPte.isWritable(leaf)).isTrue();
        assertThat(HostPte.shift(leaf)).isEqualTo(12);
        assertThat(mm.leafShift(HVA + 3 * PAGE)).isEqualTo(12);
    }

    @Test
    void followWorksForVmIoAloneButNotForOrdinaryMemory() {
        mm.mmap(HVA, MIB2, RW, SHARED, new Remapped(0, VmFlags.VM_PFNMAP), 0);
        mm.mmap(HVA + MIB2, MIB2, RW, PRIVATE);
        fixture.store(MIB2, 1);

        assertThat(underMmapLock(space -> space.followPfnmap(HVA))).isPositive();
        assertThat(underMmapLock(space -> space.followPfnmap(HVA + MIB2))).isEqualTo(EINVAL);
    }

    @Test
    void followFindsNoEntryAfterAZapAndFixupCannotRefillARemap() {
        Remapped file = new Remapped(0, 0);
        mm.mmap(HVA, MIB2, RW, SHARED, file, 0);
        fixture.kernel.unmapMappingRange(file, 0, PAGE);

        assertThat(underMmapLock(space -> space.followPfnmap(HVA))).isEqualTo(EINVAL);
        assertThat(underMmapLock(space -> space.fixupUserFault(HVA, false))).isEqualTo(EFAULT);
        assertThat(underMmapLock(space -> space.followPfnmap(HVA + PAGE))).isPositive();
    }

    @Test
    void fixupChecksPermissionsOfTheVma() {
        fixture.anonymous(MIB2, Mman.PROT_READ);

        assertThat(underMmapLock(space -> space.fixupUserFault(HVA, true))).isEqualTo(EFAULT);
        assertThat(underMmapLock(space -> space.fixupUserFault(HVA, false))).isZero();
        assertThat(underMmapLock(space -> space.fixupUserFault(HVA - PAGE, false)))
                .isEqualTo(EFAULT);
    }

    @Test
    void followAndFixupWantTheMmapLock() {
        fixture.anonymous(MIB2, RW);

        assertThatThrownBy(() -> mm.followPfnmap(HVA)).isInstanceOf(KernelBug.class);
        assertThatThrownBy(() -> mm.fixupUserFault(HVA, false)).isInstanceOf(KernelBug.class);
    }

    @Test
    void fastFailsOnAPageThatADriverInsertedAndSlowTakesIt() {
        mapInsertedPages(0);

        assertThat(mm.gupFast(HVA, true)).isEqualTo(EFAULT);
        assertThat(mm.gupFast(HVA, false)).isEqualTo(EFAULT);
        long pfn = mm.gup(HVA, Mman.FOLL_WRITE);
        assertThat(pfn).isEqualTo(MmFixture.DRIVER_RAM >>> 12);
        assertThat(fixture.kernel.pfns().references(pfn)).isEqualTo(3);
        fixture.kernel.putPage(pfn);
    }

    @Test
    void insertedPageInAVmIoMixedMapIsFollowedWithItsWriteBit() {
        mapInsertedPages(VmFlags.VM_IO);

        assertThat(mm.gup(HVA, 0)).isEqualTo(EFAULT);
        long leaf = underMmapLock(space -> space.followPfnmap(HVA));
        assertThat(HostPte.isWritable(leaf)).isTrue();
    }

    @Test
    void specialEntryInAMixedMapFailsGup() {
        MappableFile file = new MappableFile() {
            @Override
            public String name() {
                return "/dev/mixed";
            }

            @Override
            public int mmap(AddressSpace space, Vma vma) {
                vma.setFlags(VmFlags.VM_MIXEDMAP);
                vma.setOps(fault ->
                        PfnInsertion.vmfInsertMixed(fault.mm(), fault.vma(), fault.hva(), MmFixture.NOMAP >>> 12));
                return 0;
            }
        };
        mm.mmap(HVA, MIB2, RW, SHARED, file, 0);

        assertThat(mm.gup(HVA, Mman.FOLL_WRITE)).isEqualTo(EFAULT);
        assertThat(HostPte.isSpecial(fixture.leaf(0))).isTrue();
    }

    @Test
    void leafShiftOfAbsentAndInaccessibleMemoryIsEagain() {
        fixture.anonymous(MIB2, RW);
        assertThat(mm.leafShift(HVA)).isEqualTo(Errno.EAGAIN.negated());

        fixture.store(0, 1);
        mm.mprotect(HVA, MIB2, Mman.PROT_NONE);

        assertThat(mm.leafShift(HVA)).isEqualTo(Errno.EAGAIN.negated());
    }

    @Test
    void addressesOutsideOfUserSpaceFail() {
        assertThat(mm.gupFast(-PAGE, false)).isEqualTo(EFAULT);
        assertThat(mm.gup(AddressSpace.TASK_SIZE, 0)).isEqualTo(EFAULT);
        assertThat(mm.lookupLeaf(Long.MIN_VALUE)).isZero();
    }
}
