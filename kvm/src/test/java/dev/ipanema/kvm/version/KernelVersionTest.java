package dev.ipanema.kvm.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.kvm.uapi.KvmCap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelVersionTest {
    @Test
    void everyVersionIsFoundByItsName() {
        for (KernelVersion version : KernelVersion.all()) {
            assertThat(KernelVersion.parse(version.name())).isSameAs(version);
        }
        assertThat(KernelVersion.all()).hasSize(9);
        assertThat(KernelVersion.newest().name()).isEqualTo("linux-7.3");
    }

    @Test
    void unknownPolicyListsTheKnownOnes() {
        assertThatThrownBy(() -> KernelVersion.parse("linux-5.4"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("linux-6.16")
                .hasMessageContaining("series-v7/5")
                .hasMessageContaining("linux-7.3");
    }

    @ParameterizedTest
    @CsvSource({"6.16.12, linux-6.16", "6.17.13, linux-6.17", "6.18.15, linux-6.18", "7.3.4, linux-7.3"})
    void releasedKernelFollowsItsSeries(String release, String version) {
        assertThat(KernelVersion.ofRelease(release).name()).isEqualTo(version);
    }

    @ParameterizedTest
    @ValueSource(strings = {"6.17.x", "6.17x", "6", "", "6.17.", "linux-6.17"})
    void whatIsNoReleaseIsRefused(String release) {
        assertThatThrownBy(() -> KernelVersion.ofRelease(release)).isInstanceOf(BadInput.class);
    }

    @Test
    void unknownReleaseListsTheKnownOnes() {
        assertThatThrownBy(() -> KernelVersion.ofRelease("4.19.1"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("6.16, 6.17, 6.18, 7.3");
    }

    @ParameterizedTest
    @CsvSource({
        "linux-6.16, false",
        "series-v7/4, false",
        "series-v7/5, true",
        "linux-6.17, true",
        "linux-6.18, true",
        "linux-7.3, true"
    })
    void capability243AppearsWithTheFifthPatch(String version, boolean known) {
        assertThat(KernelVersion.parse(version).knowsCapability(KvmCap.KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED))
                .isEqualTo(known);
    }

    @Test
    void onlyPatchesFourAndFiveTestForCowAndLeakTheLock() {
        VmaInfo cow = VmaInfo.of(VmFlags.VM_PFNMAP | VmFlags.VM_MAYWRITE, PteAttrIndex.MT_NORMAL);
        for (KernelVersion version : KernelVersion.all()) {
            boolean defective =
                    version.name().equals("series-v7/4") || version.name().equals("series-v7/5");
            assertThat(version.vmaErrno(cow)).isEqualTo(defective ? Errno.EINVAL.negated() : 0);
            assertThat(version.leaksMmapLockOnVmaErrno()).isEqualTo(defective);
        }
    }

    @Test
    void taggedMemoryCountsAsCacheable() {
        assertThat(VmaInfo.isCacheable(PteAttrIndex.MT_NORMAL_TAGGED)).isTrue();
        assertThat(VmaInfo.isCacheable(PteAttrIndex.MT_NORMAL)).isTrue();
        assertThat(VmaInfo.isCacheable(PteAttrIndex.MT_NORMAL_NC)).isFalse();
        assertThat(VmaInfo.isCacheable(PteAttrIndex.MT_DEVICE_nGnRnE)).isFalse();
        assertThat(VmaInfo.isCacheable(PteAttrIndex.MT_DEVICE_nGnRE)).isFalse();
    }

    @Test
    void dirtyGfnIsRoundedToTheMappingOnlyAfterTheRework() {
        assertThat(KernelVersion.parse("linux-6.17").dirtyGfn(0x8_0123, 512)).isEqualTo(0x8_0123);
        assertThat(KernelVersion.parse("linux-7.3").dirtyGfn(0x8_0123, 512)).isEqualTo(0x8_0000);
        assertThat(KernelVersion.parse("linux-7.3").dirtyGfn(0x8_0123, 1)).isEqualTo(0x8_0123);
    }
}
