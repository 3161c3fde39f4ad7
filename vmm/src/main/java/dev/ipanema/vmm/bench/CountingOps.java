package dev.ipanema.vmm.bench;

import dev.ipanema.kvm.stage2.Stage2Ops;

/// Maintenance on a host with FEAT_S2FWB and DIC and no processing element running: nothing to do but to count.
final class CountingOps implements Stage2Ops {
    // RACE: threads may lose a count; it only keeps calls from being optimized away.
    private long invalidations;

    long calls() {
        return invalidations;
    }

    @Override
    public void tlbiIpa(long ipa, int level) {
        invalidations++;
    }

    @Override
    public void tlbiIpaLocal(long ipa, int level) {
        invalidations++;
    }

    @Override
    public void tlbiRange(long ipa, long size) {
        invalidations++;
    }

    @Override
    public void tlbiVmid() {
        invalidations++;
    }

    @Override
    public void dcacheCleanInvalPoc(long pa, long size, Cause cause) {
        // FEAT_S2FWB: no maintenance.
    }

    @Override
    public void icacheInvalPou(long pa, long size) {
        // DIC: no maintenance.
    }
}
