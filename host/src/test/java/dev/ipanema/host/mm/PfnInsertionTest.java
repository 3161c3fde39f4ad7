package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.MmFixture.HVA;
import static dev.ipanema.host.mm.MmFixture.MIB2;
import static dev.ipanema.host.mm.MmFixture.NOMAP;
import static dev.ipanema.host.mm.MmFixture.PAGE;
import static dev.ipanema.host.mm.MmFixture.PRIVATE;
import static dev.ipanema.host.mm.MmFixture.RW;
import static dev.ipanema.host.mm.MmFixture.SHARED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.errno.Errno;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PfnInsertionTest {
    private static final long PFN = NOMAP >>> 12;

    private final MmFixture fixture = new MmFixture();
    private final AddressSpace mm = fixture.mm;

    @AfterEach
    void close() {
        fixture.close();
    }

    private record Device(BiFunction<AddressSpace, Vma, Integer> onMmap) implements MappableFile {
        @Override
        public String name() {
            return "/dev/test";
        }

        @Override
        public int mmap(AddressSpace mm, Vma vma) {
            vma.setOps(VmOperations.NO_FAULT);
            return onMmap.apply(mm, vma);
        }
    }

    private long map(long size, int flags, BiFunction<AddressSpace, Vma, Integer> onMmap) {
        return mm.mmap(HVA, size, RW, flags, new Device(onMmap), 0);
    }

    private static int remap(AddressSpace mm, Vma vma) {
        return PfnInsertion.remapPfnRange(mm, vma, vma.start(), PFN, vma.size(), vma.vmPageProt());
    }

    @Test
    void remapMapsAllOfTheRangeWith4KLeavesAndSetsTheFlags() {
        map(2 * MIB2 + PAGE, SHARED, PfnInsertionTest::remap);

        assertThat(HostPte.pfnAt(fixture.leaf(2 * MIB2), HVA + 2 * MIB2)).isEqualTo(PFN + 1024);
        assertThat(HostPte.shift(fixture.leaf(MIB2))).isEqualTo(12);
        assertThat(fixture.vma(0).has(VmFlags.REMAP_FLAGS)).isTrue();
        assertThat(fixture.events).isEmpty();
    }

    @Test
    void remapOfAPrivateWritableMappingIsReadOnlyAndSetsPgoffToThePfn() {
        map(MIB2, PRIVATE, PfnInsertionTest::remap);

        assertThat(fixture.vma(0).pgoff()).isEqualTo(PFN);
        assertThat(HostPte.isWritable(fixture.leaf(0))).isFalse();
    }

    @Test
    void remapOfPartOfAPrivateWritableMappingIsEinval() {
        long result = map(
                MIB2,
                PRIVATE,
                (space, vma) -> PfnInsertion.remapPfnRange(space, vma, vma.start(), PFN, PAGE, vma.vmPageProt()));

        assertThat(result).isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.vmas()).isEmpty();
    }

    @Test
    void processWriteToAPrivateRemapBreaksCowIntoAnAnonymousPage() {
        fixture.memory.store(
                dev.ipanema.machine.memory.Agent.LOADER,
                dev.ipanema.arm.memory.MemoryAttributes.NORMAL_WB,
                NOMAP + 8,
                8,
                77);
        map(MIB2, PRIVATE, PfnInsertionTest::remap);

        fixture.store(0, 5);

        assertThat(fixture.load(8)).isEqualTo(77);
        assertThat(HostPte.isSpecial(fixture.leaf(0))).isFalse();
        assertThat(HostPte.isSpecial(fixture.leaf(PAGE))).isTrue();
        assertThat(fixture.events).containsExactly("start 0-4K", "end 0-4K");
        assertThat(fixture.kernel.audit()).isEmpty();
    }

    @Test
    void remapKeepsTheCallersProtectionBesideTheVmas() {
        map(
                MIB2,
                SHARED,
                (space, vma) -> PfnInsertion.remapPfnRange(
                        space,
                        vma,
                        vma.start(),
                        PFN,
                        vma.size(),
                        vma.vmPageProt().withAttr(PteAttrIndex.MT_NORMAL_NC)));

        assertThat(fixture.vma(0).pageProt()).isEqualTo(PteAttrIndex.MT_NORMAL);
        assertThat(HostPte.attr(fixture.leaf(0))).isEqualTo(PteAttrIndex.MT_NORMAL_NC);
    }

    @Test
    void mprotectOfASharedRemapTakesWriteAwayAndGivesItBack() {
        map(MIB2, SHARED, PfnInsertionTest::remap);

        mm.mprotect(HVA, 4 * PAGE, Mman.PROT_READ);
        boolean between = HostPte.isWritable(fixture.leaf(0));
        boolean neighbour = HostPte.isWritable(fixture.leaf(4 * PAGE));
        mm.mprotect(HVA, 4 * PAGE, RW);

        assertThat(between).isFalse();
        assertThat(neighbour).isTrue();
        assertThat(HostPte.isWritable(fixture.leaf(0))).isTrue();
        assertThat(fixture.events).containsExactly("start 0-16K", "end 0-16K", "start 0-16K", "end 0-16K");
    }

    @Test
    void insertionOutsideOfTheVmaIsSigbus() {
        map(PAGE, SHARED, (space, vma) -> {
            vma.setFlags(VmFlags.VM_PFNMAP);
            return 0;
        });

        assertThat(PfnInsertion.vmfInsertPfn(mm, fixture.vma(0), HVA + PAGE, PFN))
                .isEqualTo(VmFault.VM_FAULT_SIGBUS);
    }

    @Test
    void insertionOverAnEntryLeavesItAlone() {
        map(PAGE, SHARED, (space, vma) -> {
            vma.setFlags(VmFlags.VM_PFNMAP);
            return 0;
        });
        PfnInsertion.vmfInsertPfn(mm, fixture.vma(0), HVA, PFN);

        int result = PfnInsertion.vmfInsertPfn(mm, fixture.vma(0), HVA, PFN + 1);

        assertThat(result).isEqualTo(VmFault.VM_FAULT_NOPAGE);
        assertThat(HostPte.pfn(fixture.leaf(0))).isEqualTo(PFN);
    }

    @Test
    void brokenRulesOfInsertionAreKernelBugs() {
        map(PAGE, SHARED, (space, vma) -> 0);
        Vma plain = fixture.vma(0);
        assertThatThrownBy(() -> PfnInsertion.vmfInsertPfn(mm, plain, HVA, PFN))
                .isInstanceOf(KernelBug.class)
                .hasMessageContaining("exactly one");

        map(PAGE, PRIVATE, (space, vma) -> {
            vma.setFlags(VmFlags.VM_PFNMAP);
            return 0;
        });
        Vma cow = fixture.vma(0);
        assertThatThrownBy(() -> PfnInsertion.vmfInsertPfn(mm, cow, HVA, PFN))
                .isInstanceOf(KernelBug.class)
                .hasMessageContaining("COW");

        map(PAGE, SHARED, (space, vma) -> {
            vma.setFlags(VmFlags.VM_MIXEDMAP);
            return 0;
        });
        Vma mixed = fixture.vma(0);
        assertThatThrownBy(() -> PfnInsertion.vmfInsertPfn(mm, mixed, HVA, MmFixture.RAM >>> 12))
                .isInstanceOf(KernelBug.class)
                .hasMessageContaining("struct page");
        assertThat(PfnInsertion.vmfInsertMixed(mm, mixed, HVA, MmFixture.RAM >>> 12))
                .isEqualTo(VmFault.VM_FAULT_NOPAGE);
    }

    @Test
    void insertedPageIsCountedAndReleasedWithTheMapping() {
        long pfn = MmFixture.DRIVER_RAM >>> 12;
        fixture.kernel.claimReserved(MmFixture.DRIVER_RAM, PAGE);
        map(PAGE, SHARED, (space, vma) -> PfnInsertion.vmInsertPage(space, vma, vma.start(), pfn));
        int mapped = fixture.kernel.pfns().references(pfn);

        mm.munmap(HVA, PAGE);

        assertThat(mapped).isEqualTo(2);
        assertThat(fixture.kernel.pfns().references(pfn)).isEqualTo(1);
        assertThat(fixture.kernel.audit()).isEmpty();
    }

    @Test
    void insertPageRefusesWhatTheKernelRefuses() {
        long pfn = MmFixture.DRIVER_RAM >>> 12;
        fixture.kernel.claimReserved(MmFixture.DRIVER_RAM, PAGE);
        map(PAGE, SHARED, (space, vma) -> 0);
        Vma vma = fixture.vma(0);

        assertThat(PfnInsertion.vmInsertPage(mm, vma, HVA + PAGE, pfn)).isEqualTo(Errno.EFAULT.negated());
        assertThat(PfnInsertion.vmInsertPage(mm, vma, HVA, pfn + 1)).isEqualTo(Errno.EINVAL.negated());
        assertThat(PfnInsertion.vmInsertPage(mm, vma, HVA, pfn)).isZero();
        assertThat(vma.has(VmFlags.VM_MIXEDMAP)).isTrue();
        assertThat(PfnInsertion.vmInsertPage(mm, vma, HVA, pfn)).isEqualTo(Errno.EBUSY.negated());
    }

    @Test
    void remapOf192GiBTakesHardlyAnyMemoryAndIsStillMadeOf4KLeaves() {
        long size = 192L << 30;
        MappableFile file = new Device((space, vma) ->
                PfnInsertion.remapPfnRange(space, vma, vma.start(), 1L << 28, vma.size(), vma.vmPageProt()));

        mm.mmap(HVA, size, RW, SHARED, file, 0);

        long hva = HVA + size - 5 * PAGE;
        assertThat(HostPte.pfnAt(mm.lookupLeaf(hva), hva)).isEqualTo((1L << 28) + (size >>> 12) - 5);
        assertThat(mm.leafShift(hva)).isEqualTo(12);
        mm.munmap(HVA + (3L << 30) + PAGE, PAGE);
        assertThat(mm.leafShift(HVA + (3L << 30) + PAGE)).isNegative();
        assertThat(mm.leafShift(HVA + (3L << 30) + 2 * PAGE)).isEqualTo(12);
    }
}
