package dev.ipanema.kvm.memslot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.VmaInfo;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrepareMemoryRegionTest {
    private static final VmaInfo ORDINARY = VmaInfo.of(VmFlags.VM_MTE_ALLOWED, PteAttrIndex.MT_NORMAL);
    private static final VmaInfo CACHEABLE_PFNMAP =
            VmaInfo.of(VmFlags.REMAP_FLAGS | VmFlags.VM_SHARED, PteAttrIndex.MT_NORMAL);
    private static final VmaInfo NC_PFNMAP =
            VmaInfo.of(VmFlags.REMAP_FLAGS | VmFlags.VM_SHARED, PteAttrIndex.MT_NORMAL_NC);
    private static final VmaInfo CACHEABLE_MIXEDMAP =
            VmaInfo.of(VmFlags.VM_MIXEDMAP | VmFlags.VM_SHARED, PteAttrIndex.MT_NORMAL);

    private final DecisionTrail trail = new DecisionTrail();

    private int check(String version, PrepareMemoryRegion.Facts facts, VmaInfo... vmas) {
        return PrepareMemoryRegion.check(KernelVersion.parse(version), facts, List.of(vmas), trail);
    }

    private static PrepareMemoryRegion.Facts create(boolean vmMte, boolean logDirty, boolean supported) {
        return new PrepareMemoryRegion.Facts(
                RegionChange.CREATE, true, PrepareMemoryRegion.Gmem.NONE, vmMte, logDirty, supported);
    }

    @ParameterizedTest
    @CsvSource({
        "linux-6.16, false, 0",
        "linux-6.16, true, 0",
        "series-v7/1, false, 0",
        "series-v7/2, true, -22",
        "series-v7/3, true, -22",
        "series-v7/4, true, 0",
        "series-v7/4, false, -22",
        "series-v7/5, false, -22",
        "linux-6.17, true, 0",
        "linux-6.17, false, -22",
        "linux-6.18, false, -22",
        "linux-7.3, true, 0",
        "linux-7.3, false, -22"
    })
    void cacheablePfnmapFollowsTheVersionAndTheHardware(String version, boolean supported, int errno) {
        assertThat(check(version, create(false, false, supported), CACHEABLE_PFNMAP))
                .isEqualTo(errno);
    }

    @Test
    void nonCacheablePfnmapIsAcceptedEverywhere() {
        for (KernelVersion version : KernelVersion.all()) {
            assertThat(check(version.name(), create(false, false, false), NC_PFNMAP))
                    .isZero();
        }
    }

    @Test
    void mixedmapIsNotTestedAtSlotTime() {
        assertThat(check("linux-7.3", create(false, false, false), CACHEABLE_MIXEDMAP))
                .isZero();
    }

    @Test
    void dirtyLoggingOfAnyPfnmapIsRefused() {
        assertThat(check("linux-6.16", create(false, true, true), NC_PFNMAP)).isEqualTo(Errno.EINVAL.negated());
        assertThat(check("linux-7.3", create(false, true, true), CACHEABLE_PFNMAP))
                .isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void mteVmNeedsMteAllowedInEveryVma() {
        assertThat(check("linux-7.3", create(true, false, true), ORDINARY)).isZero();
        assertThat(check("linux-7.3", create(true, false, true), ORDINARY, NC_PFNMAP))
                .isEqualTo(Errno.EINVAL.negated());
        assertThat(trail.toString()).contains("VM_MTE_ALLOWED");
    }

    @Test
    void vmaBehindAHoleIsStillChecked() {
        assertThat(check("linux-7.3", create(false, false, false), ORDINARY, CACHEABLE_PFNMAP))
                .isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void slotWithoutAnyVmaIsAccepted() {
        assertThat(check("linux-7.3", create(true, true, false))).isZero();
    }

    @Test
    void flagsOnlyAndMoveAreTestedLikeCreate() {
        for (RegionChange change : List.of(RegionChange.FLAGS_ONLY, RegionChange.MOVE)) {
            PrepareMemoryRegion.Facts facts =
                    new PrepareMemoryRegion.Facts(change, true, PrepareMemoryRegion.Gmem.NONE, false, false, false);
            assertThat(check("linux-7.3", facts, CACHEABLE_PFNMAP)).isEqualTo(Errno.EINVAL.negated());
        }
    }

    @Test
    void deleteIsNeverRefused() {
        PrepareMemoryRegion.Facts facts = new PrepareMemoryRegion.Facts(
                RegionChange.DELETE, false, PrepareMemoryRegion.Gmem.NOT_MAPPABLE, true, true, false);
        assertThat(check("linux-7.3", facts, CACHEABLE_PFNMAP)).isZero();
    }

    @Test
    void slotBeyondTheIpaSizeIsEfault() {
        PrepareMemoryRegion.Facts facts = new PrepareMemoryRegion.Facts(
                RegionChange.CREATE, false, PrepareMemoryRegion.Gmem.NONE, false, false, true);
        assertThat(check("linux-7.3", facts, ORDINARY)).isEqualTo(Errno.EFAULT.negated());
    }

    @Test
    void guestMemfdMustBeMappableAndWithoutMte() {
        PrepareMemoryRegion.Facts notMappable = new PrepareMemoryRegion.Facts(
                RegionChange.CREATE, true, PrepareMemoryRegion.Gmem.NOT_MAPPABLE, false, false, true);
        PrepareMemoryRegion.Facts mte = new PrepareMemoryRegion.Facts(
                RegionChange.CREATE, true, PrepareMemoryRegion.Gmem.MAPPABLE, true, false, true);
        assertThat(check("linux-7.3", notMappable)).isEqualTo(Errno.EINVAL.negated());
        assertThat(check("linux-7.3", mte)).isEqualTo(Errno.EINVAL.negated());
    }
}
