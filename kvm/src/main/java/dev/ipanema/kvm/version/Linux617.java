package dev.ipanema.kvm.version;

import dev.ipanema.kvm.uapi.KvmCap;

/// Linux 6.17: the series as merged, in the old course of a fault.
class Linux617 extends LinuxBeforeRework {
    Linux617() {
        this("linux-6.17", "6.17");
    }

    Linux617(String name, String tree) {
        super(name, tree);
    }

    @Override
    public PfnClass classify(VmaInfo vma, boolean pfnIsMapMemory, boolean cacheablePfnmapSupported) {
        return MergedSeries.classify(vma, pfnIsMapMemory, cacheablePfnmapSupported);
    }

    @Override
    public String classificationRule() {
        return MergedSeries.RULE;
    }

    @Override
    public int refusedErrno() {
        return MergedSeries.REFUSED_ERRNO;
    }

    @Override
    public boolean slotRefusesCacheablePfnmap(boolean cacheablePfnmapSupported) {
        return !cacheablePfnmapSupported;
    }

    @Override
    public boolean knowsCapability(int cap) {
        return cap == KvmCap.KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED || super.knowsCapability(cap);
    }
}
