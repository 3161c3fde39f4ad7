package dev.ipanema.host.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.host.driver.PfnMapping.Populate;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.UserFault;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The ways of mapping that the recordings of real KVM used, on the host they were made on.
class DriverTest {
    private static final long PAGE = AddressSpace.PAGE_SIZE;
    private static final long MIB2 = 2 * Sizes.MIB;
    private static final long MIB4 = 4 * Sizes.MIB;
    private static final long HVA = 0x7000_0000_0000L;
    private static final long RAM = 0x4440_0000L;
    private static final long NOMAP = 0xC000_0000L;
    private static final int RW = Mman.PROT_READ | Mman.PROT_WRITE;
    private static final int SHARED = Mman.MAP_SHARED | Mman.MAP_FIXED;
    private static final int PRIVATE = Mman.MAP_PRIVATE | Mman.MAP_FIXED;

    private final Host host =
            Host.builder(HostProfile.recording(CpuModel.parse("max"))).build();
    private final AddressSpace mm = host.newAddressSpace();

    @AfterEach
    void close() {
        host.close();
    }

    private Vma map(MappableFile file, int prot, int flags, long offset) {
        assertThat(mm.mmap(HVA, MIB4, prot, flags, file, offset)).isEqualTo(HVA);
        return Objects.requireNonNull(mm.vmaLookup(HVA));
    }

    private long touch(long hva, boolean write) {
        assertThat(mm.userMemory().touch(hva, write)).isEqualTo(UserFault.NONE);
        return mm.lookupLeaf(hva);
    }

    private static PfnMapping mapping(
            long phys, long pgoff, long flags, PteAttrIndex vma, PteAttrIndex pte, Populate populate) {
        return new PfnMapping(phys, MIB4, pgoff, flags, vma, pte, populate, HostPte.PAGE_SHIFT, false);
    }

    private static PfnMapping remap(PteAttrIndex attr) {
        return mapping(NOMAP, 0xc0001, VmFlags.REMAP_FLAGS, attr, attr, Populate.AT_MMAP);
    }

    @Test
    void devMemOutsideOfRamIsDeviceWhateverTheOpenFlags() {
        Vma plain = map(new DevMem(host.kernel(), false, false, 52), RW, SHARED, NOMAP);
        assertThat(plain.pageProt()).isEqualTo(PteAttrIndex.MT_DEVICE_nGnRnE);
        assertThat(plain.pgoff()).isEqualTo(0xc0000);

        Vma sync = map(new DevMem(host.kernel(), true, false, 52), RW, SHARED, 0x6C00_0000L);
        assertThat(sync.pageProt()).isEqualTo(PteAttrIndex.MT_DEVICE_nGnRnE);
        assertThat(sync.has(VmFlags.REMAP_FLAGS)).isTrue();
    }

    @Test
    void devMemOfRamIsCacheableAndWithOSyncNonCacheable() {
        assertThat(map(new DevMem(host.kernel(), false, false, 52), RW, SHARED, RAM)
                        .pageProt())
                .isEqualTo(PteAttrIndex.MT_NORMAL);
        assertThat(map(new DevMem(host.kernel(), true, false, 52), RW, SHARED, RAM)
                        .pageProt())
                .isEqualTo(PteAttrIndex.MT_NORMAL_NC);
    }

    @Test
    void strictDevMemRefusesRam() {
        MappableFile strict = new DevMem(host.kernel(), false, true, 52);

        assertThat(mm.mmap(HVA, MIB4, RW, SHARED, strict, RAM)).isEqualTo(Errno.EPERM.negated());
        assertThat(mm.mmap(HVA, MIB4, RW, SHARED, strict, NOMAP)).isEqualTo(HVA);
    }

    @Test
    void devMemBeyondThePhysicalAddressSpaceIsEinval() {
        MappableFile file = new DevMem(host.kernel(), false, false, 40);

        assertThat(mm.mmap(HVA, MIB4, RW, SHARED, file, (1L << 40) - PAGE)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void remapAtMmapKeepsTheVmPgoffItIsToldAndMapsThePhysicalMemory() {
        Vma vma = map(new PfnDriver("/dev/t", remap(PteAttrIndex.MT_NORMAL_NC)), RW, SHARED, 0);

        assertThat(vma.pgoff()).isEqualTo(0xc0001);
        assertThat(vma.pageProt()).isEqualTo(PteAttrIndex.MT_NORMAL_NC);
        assertThat(HostPte.pfnAt(mm.lookupLeaf(HVA + PAGE), HVA + PAGE)).isEqualTo(0xc0001);
        assertThat(mm.leafShift(HVA)).isEqualTo(12);
        assertThat(HostPte.isWritable(mm.lookupLeaf(HVA))).isTrue();
    }

    @Test
    void privateRemapIsReadOnlyAndGetsItsPfnAsPgoff() {
        Vma vma = map(new PfnDriver("/dev/t", remap(PteAttrIndex.MT_NORMAL)), RW, PRIVATE, 0);

        assertThat(vma.pgoff()).isEqualTo(0xc0000);
        assertThat(HostPte.isWritable(mm.lookupLeaf(HVA))).isFalse();
        assertThat(vma.isCowMapping()).isTrue();
    }

    @Test
    void driverMayClearPfnmapAfterItsRemap() {
        long flags = VmFlags.VM_IO | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;
        PfnMapping mapping =
                mapping(NOMAP, 0xc0001, flags, PteAttrIndex.MT_NORMAL, PteAttrIndex.MT_NORMAL, Populate.AT_MMAP);

        Vma vma = map(new PfnDriver("/dev/t", mapping), RW, SHARED, 0);

        assertThat(vma.vmFlags() & PfnMapping.FLAGS).isEqualTo(flags);
    }

    @Test
    void insertionOnFaultMapsOnePageAtATime() {
        PfnMapping mapping = mapping(
                NOMAP, 0xc0001, VmFlags.VM_PFNMAP, PteAttrIndex.MT_NORMAL, PteAttrIndex.MT_NORMAL, Populate.ON_FAULT);
        map(new PfnDriver("/dev/t", mapping), RW, SHARED, 0);
        assertThat(mm.lookupLeaf(HVA)).isZero();

        long leaf = touch(HVA + 3 * PAGE, false);

        assertThat(HostPte.pfn(leaf)).isEqualTo(0xc0003);
        assertThat(HostPte.isWritable(leaf)).isTrue();
        assertThat(mm.lookupLeaf(HVA)).isZero();
    }

    @Test
    void entriesMayHaveAnotherAttributeThanTheVma() {
        PfnMapping mapping = mapping(
                NOMAP,
                0xc0001,
                VmFlags.REMAP_FLAGS,
                PteAttrIndex.MT_NORMAL_NC,
                PteAttrIndex.MT_NORMAL,
                Populate.ON_FAULT);
        Vma vma = map(new PfnDriver("/dev/t", mapping), RW, SHARED, 0);

        long leaf = touch(HVA, true);

        assertThat(vma.pageProt()).isEqualTo(PteAttrIndex.MT_NORMAL_NC);
        assertThat(HostPte.attr(leaf)).isEqualTo(PteAttrIndex.MT_NORMAL);
    }

    @Test
    void readOnlyMappingGetsReadOnlyEntries() {
        PfnMapping mapping = mapping(
                NOMAP, 0xc0001, VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL, PteAttrIndex.MT_NORMAL, Populate.ON_FAULT);
        map(new PfnDriver("/dev/t", mapping), Mman.PROT_READ, SHARED, 0);

        assertThat(HostPte.isWritable(touch(HVA, false))).isFalse();
    }

    @Test
    void hugeInsertionMaps2MWhereAlignmentPermits() {
        PfnMapping mapping = new PfnMapping(
                NOMAP,
                MIB4,
                0xc0001,
                VmFlags.REMAP_FLAGS,
                PteAttrIndex.MT_NORMAL_NC,
                PteAttrIndex.MT_NORMAL_NC,
                Populate.ON_FAULT,
                HostPte.PMD_SHIFT,
                false);
        map(new PfnDriver("/dev/t", mapping), RW, SHARED, 0);

        long leaf = touch(HVA + MIB2 + PAGE, false);

        assertThat(HostPte.shift(leaf)).isEqualTo(21);
        assertThat(HostPte.pfn(leaf)).isEqualTo(0xc0200);
        assertThat(mm.lookupLeaf(HVA)).isZero();
    }

    @Test
    void hugeInsertionFallsBackToPagesWhereAddressAndPfnDisagree() {
        PfnMapping mapping = new PfnMapping(
                NOMAP + PAGE,
                2 * MIB4,
                0xc0001,
                VmFlags.REMAP_FLAGS,
                PteAttrIndex.MT_NORMAL_NC,
                PteAttrIndex.MT_NORMAL_NC,
                Populate.ON_FAULT,
                HostPte.PMD_SHIFT,
                false);
        map(new PfnDriver("/dev/t", mapping), RW, SHARED, 0);

        long leaf = touch(HVA + MIB2, false);

        assertThat(HostPte.shift(leaf)).isEqualTo(12);
        assertThat(HostPte.pfn(leaf)).isEqualTo(0xc0201);
    }

    @Test
    void hugeInsertionSurvivesASplitOfTheVma() {
        PfnMapping mapping = new PfnMapping(
                NOMAP,
                MIB4,
                0xc0000,
                VmFlags.REMAP_FLAGS,
                PteAttrIndex.MT_NORMAL,
                PteAttrIndex.MT_NORMAL,
                Populate.ON_FAULT,
                HostPte.PMD_SHIFT,
                false);
        map(new PfnDriver("/dev/t", mapping), RW, SHARED, 0);
        touch(HVA, true);

        mm.mprotect(HVA, PAGE, Mman.PROT_READ);

        assertThat(mm.lookupLeaf(HVA)).isZero();
        assertThat(HostPte.isWritable(touch(HVA, false))).isFalse();
        assertThat(HostPte.shift(mm.lookupLeaf(HVA))).isEqualTo(12);
        long other = touch(HVA + 2 * PAGE, true);
        assertThat(HostPte.pfn(other)).isEqualTo(0xc0002);
        assertThat(HostPte.shift(other)).isEqualTo(12);
    }

    @Test
    void mixedMapTakesSpecialEntriesOfRamToo() {
        PfnMapping mapping = mapping(
                RAM, 0x44401, VmFlags.VM_MIXEDMAP, PteAttrIndex.MT_NORMAL, PteAttrIndex.MT_NORMAL, Populate.ON_FAULT);
        map(new PfnDriver("/dev/t", mapping), RW, SHARED, 0);

        assertThat(HostPte.isSpecial(touch(HVA, true))).isTrue();
        assertThat(mm.gup(HVA, Mman.FOLL_WRITE)).isEqualTo(Errno.EFAULT.negated());
    }

    @Test
    void mixedMapOfInsertedPagesCountsReferences() {
        long flags = VmFlags.VM_MIXEDMAP | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;
        PfnMapping mapping = new PfnMapping(
                RAM,
                MIB4,
                0x44401,
                flags,
                PteAttrIndex.MT_NORMAL,
                PteAttrIndex.MT_NORMAL,
                Populate.AT_MMAP,
                HostPte.PAGE_SHIFT,
                true);
        host.kernel().claimReserved(RAM, MIB4);

        Vma vma = map(new PfnDriver("/dev/t", mapping), RW, SHARED, 0);

        assertThat(vma.vmFlags() & PfnMapping.FLAGS).isEqualTo(flags);
        assertThat(host.kernel().pfns().references(RAM >>> 12)).isEqualTo(2);
        assertThat(HostPte.isSpecial(mm.lookupLeaf(HVA))).isFalse();
        mm.munmap(HVA, MIB4);
        assertThat(host.kernel().audit()).isEmpty();
    }

    @Test
    void failedInsertionLeavesNoMappingAndNoReference() {
        PfnMapping mapping = new PfnMapping(
                RAM,
                MIB4,
                0x44401,
                VmFlags.VM_MIXEDMAP,
                PteAttrIndex.MT_NORMAL,
                PteAttrIndex.MT_NORMAL,
                Populate.AT_MMAP,
                HostPte.PAGE_SHIFT,
                true);
        // The second page was never claimed: it is a free page.
        host.kernel().claimReserved(RAM, PAGE);

        long result = mm.mmap(HVA, MIB4, RW, SHARED, new PfnDriver("/dev/t", mapping), 0);

        assertThat(result).isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.vmas()).isEmpty();
        assertThat(host.kernel().audit()).isEmpty();
    }

    @Test
    void privateMappingThatOnlyFaultsCouldFillIsRefused() {
        PfnMapping mapping = mapping(
                NOMAP, 0xc0001, VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL, PteAttrIndex.MT_NORMAL, Populate.ON_FAULT);

        assertThat(mm.mmap(HVA, MIB4, RW, PRIVATE, new PfnDriver("/dev/t", mapping), 0))
                .isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void mappingBehindTheEndOfTheDeviceIsRefused() {
        PfnDriver driver = new PfnDriver("/dev/t", remap(PteAttrIndex.MT_NORMAL));

        assertThat(mm.mmap(HVA, MIB4, RW, SHARED, driver, PAGE)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void combinationsThatNoDriverHasAreRefusedByName() {
        assertThatThrownBy(() -> mapping(
                        NOMAP,
                        0,
                        VmFlags.VM_PFNMAP | VmFlags.VM_MIXEDMAP,
                        PteAttrIndex.MT_NORMAL,
                        PteAttrIndex.MT_NORMAL,
                        Populate.AT_MMAP))
                .hasMessageContaining("both VM_PFNMAP and VM_MIXEDMAP");
        assertThatThrownBy(
                        () -> mapping(NOMAP, 0, 0, PteAttrIndex.MT_NORMAL, PteAttrIndex.MT_NORMAL, Populate.ON_FAULT))
                .hasMessageContaining("insertion on fault");
        assertThatThrownBy(() -> mapping(
                        NOMAP + 1,
                        0,
                        VmFlags.VM_PFNMAP,
                        PteAttrIndex.MT_NORMAL,
                        PteAttrIndex.MT_NORMAL,
                        Populate.AT_MMAP))
                .hasMessageContaining("not of pages");
        assertThatThrownBy(() -> mapping(
                        NOMAP,
                        0,
                        VmFlags.VM_MIXEDMAP,
                        PteAttrIndex.MT_NORMAL,
                        PteAttrIndex.MT_NORMAL_NC,
                        Populate.ON_FAULT))
                .hasMessageContaining("another attribute");
    }
}
