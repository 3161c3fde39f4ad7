package dev.ipanema.kvm.version;

/// What a PFN is to the fault path once it is known together with its VMA.
public enum PfnClass {
    /// Ordinary memory: Normal Write-Back at stage 2.
    RAM(false, false),

    /// A special PFN that its VMA maps cacheable, on a host where KVM never needs cache maintenance: Normal
    /// Write-Back at stage 2, and still no memory that KVM may touch itself.
    CACHEABLE_DEVICE(true, false),

    /// Forced non-cacheable at stage 2 (`s2_force_noncacheable`): Normal-NC or Device-nGnRE, never executable.
    NON_CACHEABLE(true, true),

    /// May not be mapped at all.
    REFUSED(true, false);

    private final boolean device;
    private final boolean mapNonCacheable;

    PfnClass(boolean device, boolean mapNonCacheable) {
        this.device = device;
        this.mapNonCacheable = mapNonCacheable;
    }

    /// {@return whether the PFN is special, so that the rule "a read fault under dirty logging maps read-only" does
    /// not look at it}
    public boolean device() {
        return device;
    }

    /// {@return whether stage 2 must be Normal-NC or Device}
    public boolean mapNonCacheable() {
        return mapNonCacheable;
    }
}
