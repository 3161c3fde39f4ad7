package dev.ipanema.kvm.version;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmCap;

/// Version 7 of "KVM: arm64: Map GPU device memory as cacheable" as posted, up to and including one of its five
/// patches, over a 6.16 tree; its defects included.
///
/// 1. renames (`disable_cmo`), changes nothing;
/// 2. refuses a cacheable VMA over a PFN outside map memory, at slot and at fault time;
/// 3. adds the predicate FEAT_S2FWB and CTR_EL0.DIC, not used yet;
/// 4. allows such a PFN where the predicate holds. Its test for a COW mapping returns with `mmap_lock` held, and
///    its test for the hardware looks at the VMA only, so that ordinary RAM is refused without FWB or DIC
///    (aFLqiAyXZLoOTepi@arm.com);
/// 5. adds `KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED`.
final class SeriesV7 extends Linux616 {
    private final int patch;

    SeriesV7(int patch) {
        super("series-v7/" + patch, "v7 " + patch + "/5");
        this.patch = patch;
    }

    private boolean refusesCacheable() {
        return patch == 2 || patch == 3;
    }

    private boolean allowsCacheable() {
        return patch >= 4;
    }

    @Override
    public PfnClass classify(VmaInfo vma, boolean pfnIsMapMemory, boolean cacheablePfnmapSupported) {
        if (!pfnIsMapMemory && vma.cacheable()) {
            if (refusesCacheable()) {
                return PfnClass.REFUSED;
            }
            if (allowsCacheable()) {
                return PfnClass.CACHEABLE_DEVICE;
            }
        }
        return super.classify(vma, pfnIsMapMemory, cacheablePfnmapSupported);
    }

    @Override
    public String classificationRule() {
        if (refusesCacheable()) {
            return "A PFN outside map memory is a device; a cacheable VMA over it is refused";
        }
        if (allowsCacheable()) {
            return "A PFN outside map memory is a device, cacheable when its VMA is";
        }
        return super.classificationRule();
    }

    @Override
    public int vmaErrno(VmaInfo vma) {
        return allowsCacheable() && vma.pfnmap() && vma.cow() ? Errno.EINVAL.negated() : 0;
    }

    @Override
    public boolean leaksMmapLockOnVmaErrno() {
        return allowsCacheable();
    }

    @Override
    public int lockedErrno(VmaInfo vma, boolean cacheablePfnmapSupported) {
        return allowsCacheable() && vma.cacheable() && !cacheablePfnmapSupported ? Errno.EINVAL.negated() : 0;
    }

    @Override
    public boolean slotRefusesCacheablePfnmap(boolean cacheablePfnmapSupported) {
        return refusesCacheable() || (allowsCacheable() && !cacheablePfnmapSupported);
    }

    @Override
    public boolean knowsCapability(int cap) {
        return (patch >= 5 && cap == KvmCap.KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED) || super.knowsCapability(cap);
    }
}
