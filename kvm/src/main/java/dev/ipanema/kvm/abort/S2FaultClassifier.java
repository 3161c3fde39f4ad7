package dev.ipanema.kvm.abort;

import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.PfnClass;
import dev.ipanema.kvm.version.VmaInfo;

/// What the series is about: given a PFN and the VMA it came from, may stage 2 be cacheable, must it not, or is
/// there no right answer. A pure function of facts; the rule itself is the kernel version's.
public final class S2FaultClassifier {
    private static final String STEP = "kvm_s2_fault_pin_pfn";

    private S2FaultClassifier() {}

    /// {@return what the PFN is to the fault path}
    ///
    /// @param pfnIsMapMemory `pfn_is_map_memory(pfn)`
    /// @param cacheablePfnmapSupported every CPU has FEAT_S2FWB and CTR_EL0.DIC
    public static PfnClass classify(
            KernelVersion version,
            VmaInfo vma,
            boolean pfnIsMapMemory,
            boolean cacheablePfnmapSupported,
            DecisionTrail trail) {
        PfnClass pfnClass = version.classify(vma, pfnIsMapMemory, cacheablePfnmapSupported);
        if (trail.enabled()) {
            String source = version.source(STEP);
            trail.fact("vma", vma, source);
            trail.fact("pfn_is_map_memory", pfnIsMapMemory, "arch/arm64/mm/init.c:pfn_is_map_memory");
            trail.fact("FEAT_S2FWB && CTR_EL0.DIC", cacheablePfnmapSupported, "asm/kvm_mmu.h");
            trail.rule(version.classificationRule(), pfnClass.toString(), source);
        }
        return pfnClass;
    }
}
