package dev.ipanema.kvm.memslot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import org.junit.jupiter.api.Test;

/// The generic checks of `KVM_SET_USER_MEMORY_REGION` (`virt/kvm/kvm_main.c`): each of them, and that the first
/// failing one wins.
class RegionCheckTest {
    private static final long USER_TOP = 1L << 48;
    private static final long IPA = 0x8000_0000L;
    private static final long HVA = 0x7f00_0000_0000L;
    private static final long SIZE = 0x40_0000;

    private Memslots slots = Memslots.EMPTY;
    private KernelVersion version = KernelVersion.newest();
    private final DecisionTrail trail = new DecisionTrail();

    private RegionCheck.Verdict check(UserspaceMemoryRegion region, boolean version2) {
        return new RegionCheck(version, slots, 12, USER_TOP, trail).check(region, version2);
    }

    private int errno(int slot, int flags, long ipa, long size, long hva) {
        return check(new UserspaceMemoryRegion(slot, flags, ipa, size, hva), false)
                .errno();
    }

    private void existing(int id, int flags) {
        slots = slots.with(new Memslot(id, IPA >>> 12, SIZE >>> 12, HVA, flags, null, null, 0, false));
    }

    @Test
    void newRegionIsCreated() {
        assertThat(check(new UserspaceMemoryRegion(1, 0, IPA, SIZE, HVA), false))
                .isEqualTo(new RegionCheck.Verdict(0, RegionChange.CREATE));
    }

    @Test
    void version1RefusesFlagsOfVersion2() {
        assertThat(errno(1, KvmMem.KVM_MEM_GUEST_MEMFD, IPA, SIZE, HVA)).isEqualTo(Errno.EINVAL.negated());
        assertThat(trail.toString()).contains("version 1 of the ioctl");
    }

    @Test
    void lastUserSlotIs32766() {
        assertThat(errno(32766, 0, IPA, SIZE, HVA)).isZero();
        assertThat(errno(32767, 0, IPA, SIZE, HVA)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void secondAddressSpaceIsRefused() {
        assertThat(errno(1 << 16 | 1, 0, IPA, SIZE, HVA)).isEqualTo(Errno.EINVAL.negated());
        assertThat(trail.toString()).contains("address space");
    }

    @Test
    void guestMemfdExcludesLoggingAndReadOnly() {
        int flags = KvmMem.KVM_MEM_GUEST_MEMFD | KvmMem.KVM_MEM_LOG_DIRTY_PAGES;
        assertThat(check(new UserspaceMemoryRegion(1, flags, IPA, SIZE, HVA, 3, 0), true)
                        .errno())
                .isEqualTo(Errno.EINVAL.negated());
        assertThat(check(new UserspaceMemoryRegion(1, KvmMem.KVM_MEM_GUEST_MEMFD, IPA, SIZE, HVA, 3, 0), true)
                        .errno())
                .isZero();
    }

    @Test
    void guestMemfdIsUnknownBefore618() {
        version = KernelVersion.parse("linux-6.17");
        assertThat(check(new UserspaceMemoryRegion(1, KvmMem.KVM_MEM_GUEST_MEMFD, IPA, SIZE, HVA, 3, 0), true)
                        .errno())
                .isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void unalignedValuesAreRefused() {
        assertThat(errno(1, 0, IPA, SIZE + 1, HVA)).isEqualTo(Errno.EINVAL.negated());
        assertThat(errno(1, 0, IPA + 1, SIZE, HVA)).isEqualTo(Errno.EINVAL.negated());
        assertThat(errno(1, 0, IPA, SIZE, HVA + 1)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void taggedAddressIsRefused() {
        assertThat(errno(1, 0, IPA, SIZE, 0x5a00_7f00_0000_0000L)).isEqualTo(Errno.EINVAL.negated());
        assertThat(trail.toString()).contains("tagged");
    }

    @Test
    void addressesBeyondUserSpaceAreRefused() {
        assertThat(errno(1, 0, IPA, SIZE, 0xffff_0000_0000_0000L)).isEqualTo(Errno.EINVAL.negated());
        assertThat(errno(1, 0, IPA, SIZE, USER_TOP - SIZE + 0x1000)).isEqualTo(Errno.EINVAL.negated());
        assertThat(errno(1, 0, IPA, SIZE, USER_TOP - SIZE)).isZero();
    }

    @Test
    void sizeBeyondUserSpaceIsRefused() {
        assertThat(errno(1, 0, IPA, 0x4000_0000_0000_0000L, HVA)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void wrappingGuestRangeIsRefused() {
        assertThat(errno(1, 0, -SIZE, 2 * SIZE, HVA)).isEqualTo(Errno.EINVAL.negated());
        assertThat(trail.toString()).contains("wraps");
    }

    @Test
    void slotOf8TibIsOnePageTooLarge() {
        assertThat(errno(1, 0, 0, 1L << 43, 0)).isEqualTo(Errno.EINVAL.negated());
        assertThat(errno(1, 0, 0, (1L << 43) - 0x1000, 0)).isZero();
    }

    @Test
    void deletingNothingIsRefused() {
        assertThat(errno(7, 0, IPA, 0, HVA)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void sizeZeroDeletesAnExistingSlot() {
        existing(1, 0);
        assertThat(check(UserspaceMemoryRegion.delete(1), false))
                .isEqualTo(new RegionCheck.Verdict(0, RegionChange.DELETE));
    }

    @Test
    void unchangedSlotIsNotTouched() {
        existing(1, 0);
        assertThat(check(new UserspaceMemoryRegion(1, 0, IPA, SIZE, HVA), false))
                .isEqualTo(new RegionCheck.Verdict(0, RegionChange.NONE));
    }

    @Test
    void otherFlagsOfAnExistingSlotAreFlagsOnly() {
        existing(1, 0);
        assertThat(check(new UserspaceMemoryRegion(1, KvmMem.KVM_MEM_LOG_DIRTY_PAGES, IPA, SIZE, HVA), false))
                .isEqualTo(new RegionCheck.Verdict(0, RegionChange.FLAGS_ONLY));
    }

    @Test
    void otherGuestAddressOfAnExistingSlotIsMove() {
        existing(1, 0);
        assertThat(check(new UserspaceMemoryRegion(1, 0, IPA + SIZE, SIZE, HVA), false))
                .isEqualTo(new RegionCheck.Verdict(0, RegionChange.MOVE));
    }

    @Test
    void sizeAddressAndReadOnlyOfAnExistingSlotAreFixed() {
        existing(1, 0);
        assertThat(errno(1, 0, IPA, SIZE + 0x1000, HVA)).isEqualTo(Errno.EINVAL.negated());
        assertThat(errno(1, 0, IPA, SIZE, HVA + 0x1000)).isEqualTo(Errno.EINVAL.negated());
        assertThat(errno(1, KvmMem.KVM_MEM_READONLY, IPA, SIZE, HVA)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void overlappingFramesAreRefusedWithEexist() {
        existing(1, 0);
        assertThat(errno(2, 0, IPA + SIZE - 0x1000, SIZE, HVA)).isEqualTo(Errno.EEXIST.negated());
        assertThat(errno(2, 0, IPA + SIZE, SIZE, HVA)).isZero();
    }

    @Test
    void flagsAreCheckedBeforeAlignmentAndAlignmentBeforeOverlap() {
        existing(1, 0);
        assertThat(errno(2, 8, IPA + 1, SIZE, HVA)).isEqualTo(Errno.EINVAL.negated());
        assertThat(trail.toString()).contains("flags").doesNotContain("aligned");
        assertThat(errno(2, 0, IPA + 1, SIZE, HVA)).isEqualTo(Errno.EINVAL.negated());
    }
}
