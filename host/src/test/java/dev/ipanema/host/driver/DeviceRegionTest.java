package dev.ipanema.host.driver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.gpu.GpuBar0;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.MmuNotifier;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.UserFault;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeviceRegionTest {
    private static final long PAGE = AddressSpace.PAGE_SIZE;
    private static final long SIZE = 64 * Sizes.MIB;
    private static final long HVA = 0x7000_0000_0000L;
    private static final int RW = Mman.PROT_READ | Mman.PROT_WRITE;
    private static final int SHARED = Mman.MAP_SHARED | Mman.MAP_FIXED;
    private static final int PRIVATE = Mman.MAP_PRIVATE | Mman.MAP_FIXED;

    private final Host host = Host.builder(HostProfile.parse("gb200")).build();
    private final AddressSpace mm = host.newAddressSpace();
    private final long memoryBase = Objects.requireNonNull(host.profile().gpu()).memoryBase();

    @AfterEach
    void close() {
        host.close();
    }

    private Vma map(DeviceRegion region, long size) {
        assertThat(mm.mmap(HVA, size, RW, SHARED, region, 0)).isEqualTo(HVA);
        return Objects.requireNonNull(mm.vmaLookup(HVA));
    }

    private DeviceRegion usemem(boolean atMmap) {
        return host.gpuMemory(DeviceRegion.Kind.USEMEM, 0, SIZE, atMmap);
    }

    @Test
    void usememIsACacheablePfnMappingFilledBy2MFaults() {
        Vma vma = map(usemem(false), SIZE);
        assertThat(mm.lookupLeaf(HVA)).isZero();

        mm.userMemory().store(HVA + 5 * PAGE, 8, 77);

        assertThat(vma.pageProt()).isEqualTo(PteAttrIndex.MT_NORMAL);
        assertThat(vma.vmFlags() & PfnMapping.FLAGS).isEqualTo(VmFlags.REMAP_FLAGS);
        assertThat(mm.leafShift(HVA)).isEqualTo(21);
        assertThat(HostPte.pfn(mm.lookupLeaf(HVA))).isEqualTo(memoryBase >>> 12);
        assertThat(mm.userMemory().load(HVA + 5 * PAGE, 8)).isEqualTo(77);
    }

    @Test
    void usememOf617IsMappedWholeAtMmapWith4KLeavesAndItsPfnAsPgoff() {
        Vma vma = map(usemem(true), SIZE);

        assertThat(vma.pgoff()).isEqualTo(memoryBase >>> 12);
        assertThat(mm.leafShift(HVA + SIZE - PAGE)).isEqualTo(12);
    }

    @Test
    void resmemIsNonCacheableAndAllowsAnyUncached() {
        Vma vma = map(host.gpuMemory(DeviceRegion.Kind.RESMEM, SIZE, SIZE, false), SIZE);

        mm.userMemory().store(HVA, 8, 1);

        assertThat(vma.pageProt()).isEqualTo(PteAttrIndex.MT_NORMAL_NC);
        assertThat(vma.vmFlags() & PfnMapping.FLAGS).isEqualTo(VmFlags.REMAP_FLAGS | VmFlags.VM_ALLOW_ANY_UNCACHED);
        assertThat(HostPte.pfn(mm.lookupLeaf(HVA))).isEqualTo((memoryBase + SIZE) >>> 12);
    }

    @Test
    void barReachesTheRegistersThroughTheMachine() {
        Vma vma = map(host.gpuBar0(), GpuBar0.SIZE);

        mm.userMemory().store(HVA + 0x100, 4, 0xabcd);

        assertThat(vma.pageProt()).isEqualTo(PteAttrIndex.MT_DEVICE_nGnRnE);
        assertThat(mm.userMemory().load(HVA + GpuBar0.C2C_LINK_STATUS, 4)).isEqualTo(0xff);
        assertThat(Objects.requireNonNull(host.bar0()).read(0x100, 4)).isEqualTo(0xabcd);
        assertThat(mm.userMemory().touch(HVA, false)).isEqualTo(UserFault.NONE);
    }

    @Test
    void memoryDecodingOffRemovesMappingsAndMakesAccessesSigbus() {
        DeviceRegion region = usemem(false);
        map(region, SIZE);
        mm.userMemory().store(HVA, 8, 9);
        AtomicInteger invalidations = new AtomicInteger();
        mm.register(new CountingNotifier(invalidations));

        region.setMemoryEnabled(false);
        UserFault off = mm.userMemory().touch(HVA, false);
        region.setMemoryEnabled(true);

        assertThat(off).isEqualTo(UserFault.BUS_ADRERR);
        assertThat(invalidations).hasValue(1);
        assertThat(mm.userMemory().load(HVA, 8)).isEqualTo(9);
    }

    @Test
    void suspendedAndUnreadyDevicesAreSigbus() {
        DeviceRegion region = usemem(false);
        map(region, SIZE);

        region.setSuspended(true);
        assertThat(mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.BUS_ADRERR);
        region.setSuspended(false);
        region.setReady(false);
        assertThat(mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.BUS_ADRERR);
        region.setReady(true);
        assertThat(mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.NONE);
    }

    @Test
    void mmapRefusesWhatTheDriversRefuse() {
        assertThat(mm.mmap(HVA, GpuBar0.SIZE, Mman.PROT_READ, PRIVATE, host.gpuBar0(), 0))
                .isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.mmap(HVA, SIZE, RW, PRIVATE, usemem(false), 0)).isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.mmap(HVA, SIZE + PAGE, RW, SHARED, usemem(false), 0)).isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.mmap(HVA, SIZE, RW, SHARED, usemem(false), PAGE)).isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.mmap(HVA, PAGE, RW, SHARED, usemem(false), Long.MAX_VALUE & -PAGE))
                .isEqualTo(Errno.EOVERFLOW.negated());
    }

    private record CountingNotifier(AtomicInteger starts) implements MmuNotifier {
        @Override
        public void invalidateRangeStart(long start, long end) {
            starts.incrementAndGet();
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
}
