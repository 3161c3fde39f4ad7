package dev.ipanema.kvm.version;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmCap;

/// What 6.16, the series as posted, 6.17 and 6.18 have in common: `user_mem_abort()` is one long function
/// (`arch/arm64/kvm/mmu.c`).
abstract class LinuxBeforeRework implements KernelVersion {
    private final String name;
    private final StepSources sources;

    LinuxBeforeRework(String name, String tree) {
        this.name = name;
        this.sources = new StepSources(tree);
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public int vmaErrno(VmaInfo vma) {
        return 0;
    }

    @Override
    public boolean leaksMmapLockOnVmaErrno() {
        return false;
    }

    @Override
    public int lockedErrno(VmaInfo vma, boolean cacheablePfnmapSupported) {
        return 0;
    }

    @Override
    public final boolean guessesPfnmapBlockFromPgoff() {
        return true;
    }

    @Override
    public final boolean thpAdjustsNonCacheable() {
        return false;
    }

    @Override
    public final boolean topsUpMemcache(boolean permissionFault, boolean logging, boolean writeFault) {
        return !permissionFault || (logging && writeFault);
    }

    @Override
    public final long dirtyGfn(long gfn, long mappingPages) {
        return gfn;
    }

    @Override
    public final boolean handlesExclusiveAtomicFault() {
        return false;
    }

    @Override
    public final int readPermissionFaultErrno() {
        return Errno.EFAULT.negated();
    }

    @Override
    public final boolean checksMteUnderMmuLock() {
        return true;
    }

    @Override
    public final boolean leaksPageOnEarlyReturn() {
        return true;
    }

    @Override
    public boolean mapsGpuMemoryAtMmap() {
        return true;
    }

    @Override
    public boolean guestMemfdBuiltIn() {
        return false;
    }

    @Override
    public final boolean gmemRelaxesPermissions() {
        return false;
    }

    @Override
    public final boolean exitsOnLdst64b() {
        return false;
    }

    @Override
    public boolean knowsCapability(int cap) {
        return switch (cap) {
            case KvmCap.KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED,
                    KvmCap.KVM_CAP_ARM_SEA_TO_USER,
                    KvmCap.KVM_CAP_GUEST_MEMFD,
                    KvmCap.KVM_CAP_GUEST_MEMFD_FLAGS -> false;
            default -> true;
        };
    }

    @Override
    public final String source(String step) {
        return sources.of(step.startsWith("kvm_s2_fault_") ? "user_mem_abort" : step);
    }
}
