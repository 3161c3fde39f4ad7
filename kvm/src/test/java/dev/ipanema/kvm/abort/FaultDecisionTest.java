package dev.ipanema.kvm.abort;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.VmaInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The regression list of the review (v1 to v10 of the series) as far as facts alone decide it.
class FaultDecisionTest {
    private static final boolean MAP_MEMORY = true;
    private static final boolean SPECIAL = false;

    private static FaultOutcome decide(
            String version, long vmFlags, PteAttrIndex attr, boolean mapMemory, boolean fwb, boolean dic) {
        VmaInfo vma = VmaInfo.of(vmFlags, attr);
        FaultFacts facts = new FaultFacts(vma, mapMemory, true, false, false, fwb, dic);
        return FaultDecision.decide(KernelVersion.parse(version), facts, DecisionTrail.off());
    }

    private static FaultOutcome map(int prot) {
        return new FaultOutcome.Map(prot);
    }

    private static FaultOutcome refuse(Errno errno) {
        return new FaultOutcome.Refuse(errno.negated(), false);
    }

    @Test
    void ordinaryRamWorksWithoutFwbAndDicExceptInTheSeriesAsPosted() {
        for (KernelVersion version : KernelVersion.all()) {
            FaultOutcome outcome = decide(version.name(), 0, PteAttrIndex.MT_NORMAL, MAP_MEMORY, false, false);
            boolean regression = List.of("series-v7/4", "series-v7/5").contains(version.name());
            assertThat(outcome).isEqualTo(regression ? refuse(Errno.EINVAL) : map(Stage2Prot.RW));
        }
    }

    @Test
    void cacheableSpecialPfnIsWriteBackWithFwbAndDic() {
        for (String version : List.of("series-v7/4", "series-v7/5", "linux-6.17", "linux-6.18", "linux-7.3")) {
            assertThat(decide(version, VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL, SPECIAL, true, true))
                    .isEqualTo(map(Stage2Prot.RWX));
        }
    }

    @Test
    void cacheableSpecialPfnIsNeverDowngradedAfterTheSeries() {
        for (boolean fwb : new boolean[] {false, true}) {
            for (boolean dic : new boolean[] {false, true}) {
                for (String version : List.of("linux-6.17", "linux-6.18", "linux-7.3")) {
                    FaultOutcome outcome =
                            decide(version, VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL, SPECIAL, fwb, dic);
                    assertThat(outcome).isEqualTo(fwb && dic ? map(Stage2Prot.RWX) : refuse(Errno.EFAULT));
                }
            }
        }
    }

    @Test
    void cacheableSpecialPfnIsDeviceBeforeTheSeries() {
        assertThat(decide("linux-6.16", VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL, SPECIAL, true, true))
                .isEqualTo(map(Stage2Prot.RW | Stage2Prot.DEVICE));
    }

    @Test
    void patchesTwoAndThreeRefuseEveryCacheableSpecialPfn() {
        for (String version : List.of("series-v7/2", "series-v7/3")) {
            assertThat(decide(version, VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL, SPECIAL, true, true))
                    .isEqualTo(refuse(Errno.EINVAL));
        }
    }

    @Test
    void deviceVmaMapsDeviceAndAnyUncachedMapsNormalNc() {
        for (KernelVersion version : KernelVersion.all()) {
            assertThat(decide(
                            version.name(),
                            VmFlags.REMAP_FLAGS | VmFlags.VM_SHARED,
                            PteAttrIndex.MT_DEVICE_nGnRnE,
                            SPECIAL,
                            true,
                            true))
                    .isEqualTo(map(Stage2Prot.RW | Stage2Prot.DEVICE));
            assertThat(decide(
                            version.name(),
                            VmFlags.REMAP_FLAGS | VmFlags.VM_SHARED | VmFlags.VM_ALLOW_ANY_UNCACHED,
                            PteAttrIndex.MT_DEVICE_nGnRnE,
                            SPECIAL,
                            true,
                            true))
                    .isEqualTo(map(Stage2Prot.RW | Stage2Prot.NORMAL_NC));
        }
    }

    @Test
    void mixedmapFollowsTheAttributeForSpecialPfnsOnly() {
        assertThat(decide("linux-7.3", VmFlags.VM_MIXEDMAP, PteAttrIndex.MT_NORMAL_NC, MAP_MEMORY, false, false))
                .isEqualTo(map(Stage2Prot.RW));
        assertThat(decide("linux-7.3", VmFlags.VM_MIXEDMAP, PteAttrIndex.MT_NORMAL_NC, SPECIAL, false, false))
                .isEqualTo(map(Stage2Prot.RW | Stage2Prot.DEVICE));
        assertThat(decide("linux-7.3", VmFlags.VM_MIXEDMAP, PteAttrIndex.MT_NORMAL, SPECIAL, false, true))
                .isEqualTo(refuse(Errno.EFAULT));
    }

    @Test
    void cowedPageOfAPrivatePfnmapIsOrdinaryMemory() {
        long privatePfnmap = VmFlags.REMAP_FLAGS | VmFlags.VM_MAYWRITE;
        assertThat(decide("linux-7.3", privatePfnmap, PteAttrIndex.MT_DEVICE_nGnRE, MAP_MEMORY, true, true))
                .isEqualTo(map(Stage2Prot.RWX));
        assertThat(decide("series-v7/5", privatePfnmap, PteAttrIndex.MT_DEVICE_nGnRE, MAP_MEMORY, true, true))
                .isEqualTo(new FaultOutcome.Refuse(Errno.EINVAL.negated(), true));
    }

    @Test
    void fetchFromForcedNonCacheableMemoryIsAnExternalAbort() {
        VmaInfo vma = VmaInfo.of(VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL_NC);
        FaultFacts facts = new FaultFacts(vma, false, true, false, true, true, true);
        for (KernelVersion version : KernelVersion.all()) {
            assertThat(FaultDecision.decide(version, facts, DecisionTrail.off()))
                    .isEqualTo(new FaultOutcome.InjectSeaIabt());
        }
    }

    @Test
    void mteVmIsRefusedCacheableMemoryWithoutTags() {
        VmaInfo vma = VmaInfo.of(VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL);
        FaultFacts facts = new FaultFacts(vma, false, true, false, false, false, false, false, true, true, true);
        assertThat(FaultDecision.decide(KernelVersion.newest(), facts, DecisionTrail.off()))
                .isEqualTo(refuse(Errno.EFAULT));
    }

    @Test
    void exclusiveAtomicFaultIsGivenBackToTheGuest() {
        VmaInfo vma = VmaInfo.of(VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL_NC);
        FaultFacts facts = new FaultFacts(vma, false, true, false, false, false, false, true, false, true, true);
        assertThat(FaultDecision.decide(KernelVersion.newest(), facts, DecisionTrail.off()))
                .isEqualTo(new FaultOutcome.InjectExclusiveAtomic());
    }

    @Test
    void readUnderLoggingIsReadOnlyForMemoryAndWritableForDevices() {
        DecisionTrail off = DecisionTrail.off();
        assertThat(FaultProt.compute(true, false, true, false, false, false, false, false, off))
                .isEqualTo(Stage2Prot.R);
        assertThat(FaultProt.compute(true, true, true, false, false, true, false, false, off))
                .isEqualTo(Stage2Prot.RW | Stage2Prot.DEVICE);
        assertThat(FaultProt.compute(true, false, true, true, false, false, false, false, off))
                .isEqualTo(Stage2Prot.RW);
    }

    @Test
    void trailNamesFactsRuleAndSource() {
        DecisionTrail trail = new DecisionTrail();
        VmaInfo vma = VmaInfo.of(VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL);
        FaultDecision.decide(
                KernelVersion.newest(), new FaultFacts(vma, false, true, false, false, true, false), trail);
        assertThat(trail.toString())
                .contains("pfn_is_map_memory = false")
                .contains("FEAT_S2FWB && CTR_EL0.DIC = false")
                .contains("REFUSED")
                .contains("-EFAULT")
                .contains("kvm_s2_fault_pin_pfn (7.3)");
    }
}
