package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.base.errno.Errno;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where the redistributors lie in the guest (`vgic_dist.rd_regions`): regions that fill up in the order of the vCPUs.
/// Guarded by [Vgic#configLock()].
final class RedistRegions {
    /// A run of redistributors.
    static final class Region {
        final long base;
        final int index;

        /// How many fit, 0 for as many as there are vCPUs: the region of `KVM_VGIC_V3_ADDR_TYPE_REDIST`.
        final int count;

        private int used;

        Region(int index, long base, int count) {
            this.index = index;
            this.base = base;
            this.count = count;
        }

        boolean isFull() {
            return count != 0 && used == count;
        }

        long end() {
            return base + (count == 0 ? used : count) * Gicr.SIZE;
        }
    }

    private final Vgic vgic;
    private final List<Region> regions = new ArrayList<>();

    RedistRegions(Vgic vgic) {
        this.vgic = vgic;
    }

    boolean isEmpty() {
        return regions.isEmpty();
    }

    /// {@return the region of an index, null for none}
    @Nullable
    Region at(int index) {
        return index >= 0 && index < regions.size() ? regions.get(index) : null;
    }

    /// {@return whether the one region of `KVM_VGIC_V3_ADDR_TYPE_REDIST` was set}
    boolean isLegacy() {
        return !regions.isEmpty() && regions.getFirst().count == 0;
    }

    /// Adds a region, and puts the redistributors of the vCPUs that have none there
    /// (`vgic_v3_set_redist_base`).
    ///
    /// @param count 0 for one region for all
    /// @return 0, or -EINVAL for an address or index that cannot be, -E2BIG outside the guest's space, -EEXIST
    int add(int index, long base, int count) {
        boolean legacy = count == 0;
        if ((base & Gicr.SGI_BASE - 1) != 0
                || index != regions.size()
                || (legacy && index > 0)
                || (!legacy && isLegacy())) {
            return Errno.EINVAL.negated();
        }
        long size = legacy ? vgic.vcpus().size() * Gicr.SIZE : count * Gicr.SIZE;
        long limit = 1L << vgic.host().ipaBits();
        if (base < 0 || base >= limit || size > limit - base) {
            return Errno.E2BIG.negated();
        }
        if (overlaps(base, size) || vgic.overlapsDist(base, size)) {
            return Errno.EINVAL.negated();
        }
        regions.add(new Region(index, base, count));
        for (VgicVcpu vcpu : vgic.vcpus()) {
            int result = place(vcpu);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }

    /// {@return whether a range overlaps a region}
    boolean overlaps(long base, long size) {
        for (Region region : regions) {
            if (base < region.end() && region.base < base + size) {
                return true;
            }
        }
        return false;
    }

    /// Puts the redistributor of a vCPU at the next free place (`vgic_register_redist_iodev`).
    ///
    /// @return 0, also when there is no place yet, or -EEXIST
    int place(VgicVcpu vcpu) {
        if (vcpu.redist.base != VgicRedist.UNDEFINED) {
            return 0;
        }
        for (Region region : regions) {
            if (!region.isFull()) {
                long base = region.base + region.used * Gicr.SIZE;
                int result = vgic.host().registerMmio(base, Gicr.SIZE, vcpu.redist);
                if (result == 0) {
                    vcpu.redist.base = base;
                    region.used++;
                }
                return result;
            }
        }
        return 0;
    }

    /// {@return whether a vCPU's redistributor is the last of a contiguous run (`vgic_mmio_vcpu_rdist_is_last`)}
    boolean isLast(VgicVcpu vcpu) {
        synchronized (vgic.configLock()) {
            long base = vcpu.redist.base;
            for (Region region : regions) {
                long used = region.base + region.used * Gicr.SIZE;
                if (base >= region.base && base < used) {
                    return base + Gicr.SIZE == used && !continues(used);
                }
            }
            return false;
        }
    }

    private boolean continues(long end) {
        for (Region region : regions) {
            if (region.base == end && region.used > 0) {
                return true;
            }
        }
        return false;
    }
}
