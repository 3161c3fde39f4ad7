package dev.ipanema.kvm.version;

import dev.ipanema.base.errno.Errno;

/// The rules of the series as merged in 6.17 (commits 2a8dfab26677 and 0c67288e0c8b), unchanged up to 7.3: inside a
/// `VM_PFNMAP` or `VM_MIXEDMAP` VMA map memory is cacheable and every other PFN follows the VMA's page protection.
final class MergedSeries {
    static final int REFUSED_ERRNO = Errno.EFAULT.negated();

    static final String RULE =
            "A PFN outside map memory in a VM_PFNMAP or VM_MIXEDMAP VMA follows vm_page_prot, cacheable only"
                    + " with FEAT_S2FWB and CTR_EL0.DIC; every other PFN is Normal Write-Back";

    private MergedSeries() {}

    static PfnClass classify(VmaInfo vma, boolean pfnIsMapMemory, boolean cacheablePfnmapSupported) {
        if (pfnIsMapMemory || !(vma.pfnmap() || vma.mixedmap())) {
            return PfnClass.RAM;
        }
        if (!vma.cacheable()) {
            return PfnClass.NON_CACHEABLE;
        }
        return cacheablePfnmapSupported ? PfnClass.CACHEABLE_DEVICE : PfnClass.REFUSED;
    }
}
