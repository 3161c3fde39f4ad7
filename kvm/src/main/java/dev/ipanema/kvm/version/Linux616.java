package dev.ipanema.kvm.version;

import dev.ipanema.base.errno.Errno;

/// Linux 6.16, before the series: the memory type follows from `pfn_is_map_memory` alone.
class Linux616 extends LinuxBeforeRework {
    Linux616() {
        this("linux-6.16", "6.16");
    }

    Linux616(String name, String tree) {
        super(name, tree);
    }

    @Override
    public PfnClass classify(VmaInfo vma, boolean pfnIsMapMemory, boolean cacheablePfnmapSupported) {
        return pfnIsMapMemory ? PfnClass.RAM : PfnClass.NON_CACHEABLE;
    }

    @Override
    public String classificationRule() {
        return "A PFN outside map memory is a device, whatever its VMA says";
    }

    @Override
    public int refusedErrno() {
        return Errno.EINVAL.negated();
    }

    @Override
    public boolean slotRefusesCacheablePfnmap(boolean cacheablePfnmapSupported) {
        return false;
    }
}
