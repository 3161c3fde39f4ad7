package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Intid;
import org.jspecify.annotations.Nullable;

/// One interrupt of a VM (`struct vgic_irq`). Its fields are guarded by its monitor (the kernel's `irq_lock`), which is
/// taken after the lock of an ap_list.
final class VgicIrq {
    /// Behind every priority.
    private static final int ACTIVE_ORDER = 256;

    final int intid;

    /// On whose ap_list it is, null for none; changes under that list's lock too.
    @Nullable
    VgicVcpu vcpu;

    /// Where it shall go.
    @Nullable
    VgicVcpu targetVcpu;

    /// Level of the line, of level-triggered interrupts.
    boolean lineLevel;

    /// Pending by an edge, or by software.
    boolean pendingLatch;

    boolean active;
    boolean enabled;

    /// Edge-triggered; otherwise level-triggered.
    boolean edge;

    /// Group 1; otherwise group 0.
    boolean group1;

    /// 0 to 255, 0 is the highest.
    int priority;

    /// GICv3: the affinity that GICD_IROUTER holds, levels 0 to 2.
    int mpidr;

    /// GICv2: bitmap of target CPUs.
    int targets;

    /// GICv2 SGI: bitmap of CPUs that have sent it.
    int source;

    /// GICv2 SGI: CPU that has sent the active one.
    int activeSource;

    /// Mapped to a physical interrupt.
    boolean hw;

    /// Number of the physical interrupt.
    int hwintid;

    @Nullable
    PhysicalLine physicalLine;

    /// A device inside KVM alone may raise it (`irq->owner`).
    boolean owned;

    /// LPI: how many translations of the ITS lead to it.
    int mappings;

    VgicIrq(int intid) {
        this.intid = intid;
    }

    /// {@return whether it is pending}
    boolean isPending() {
        return edge ? pendingLatch : pendingLatch || lineLevel;
    }

    /// {@return whether its pending state lives in a physical distributor}
    boolean isMappedLevel() {
        return !edge && hw;
    }

    /// {@return the level of the physical line}
    boolean physicalLevel() {
        PhysicalLine line = physicalLine;
        return line != null && line.level();
    }

    /// {@return whether it is an SGI of a GICv2 that several CPUs have sent}
    boolean isMultiSgi() {
        return Intid.isSgi(intid) && Integer.bitCount(source) > 1;
    }

    /// {@return on which vCPU's ap_list it belongs now, null for none (`vgic_target_oracle`)}
    ///
    /// @param forwarding whether the distributor forwards interrupts
    @Nullable
    VgicVcpu targetOracle(boolean forwarding) {
        if (active) {
            return vcpu != null ? vcpu : targetVcpu;
        }
        return enabled && isPending() && forwarding ? targetVcpu : null;
    }

    /// {@return where it comes in the order of an ap_list: what can be signalled by priority, then active
    /// ones by priority, then the rest (`vgic_irq_cmp` since Linux 6.19). An active interrupt needs no list
    /// register: hardware counts its end}
    int order() {
        if (active) {
            return ACTIVE_ORDER + priority;
        }
        return enabled && isPending() ? priority : Integer.MAX_VALUE;
    }
}
