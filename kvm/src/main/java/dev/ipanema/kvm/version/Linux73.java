package dev.ipanema.kvm.version;

/// Linux 7.3: the merged series after the rework of `user_mem_abort()` into pin, classify, protect and map.
final class Linux73 implements KernelVersion {
    private final StepSources sources = new StepSources("7.3");

    @Override
    public String name() {
        return "linux-7.3";
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
    public boolean slotRefusesCacheablePfnmap(boolean cacheablePfnmapSupported) {
        return !cacheablePfnmapSupported;
    }

    @Override
    public boolean guessesPfnmapBlockFromPgoff() {
        return false;
    }

    @Override
    public boolean thpAdjustsNonCacheable() {
        return true;
    }

    @Override
    public boolean topsUpMemcache(boolean permissionFault, boolean logging, boolean writeFault) {
        return !permissionFault || logging;
    }

    @Override
    public long dirtyGfn(long gfn, long mappingPages) {
        return gfn & -mappingPages;
    }

    @Override
    public boolean handlesExclusiveAtomicFault() {
        return true;
    }

    @Override
    public int readPermissionFaultErrno() {
        return 0;
    }

    @Override
    public boolean checksMteUnderMmuLock() {
        return false;
    }

    @Override
    public boolean leaksPageOnEarlyReturn() {
        return false;
    }

    @Override
    public boolean mapsGpuMemoryAtMmap() {
        return false;
    }

    @Override
    public boolean guestMemfdBuiltIn() {
        return true;
    }

    @Override
    public boolean gmemRelaxesPermissions() {
        return true;
    }

    @Override
    public boolean exitsOnLdst64b() {
        return true;
    }

    @Override
    public boolean knowsCapability(int cap) {
        return true;
    }

    @Override
    public String source(String step) {
        return sources.of(step);
    }
}
