package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gich;
import dev.ipanema.arm.gic.Intid;
import dev.ipanema.arm.register.IchHcrEl2;
import dev.ipanema.arm.register.IchLrEl2;
import dev.ipanema.arm.register.IchVtrEl2;
import dev.ipanema.machine.cpu.VirtualCpuInterface;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// The CPU interface of one vCPU as KVM keeps it (`struct vgic_v3_cpu_if`), and the way of its interrupts into list
/// registers and back (`vgic-v3.c`, `vgic.c:vgic_flush_lr_state`). Used by the vCPU's thread, or by others while the
/// vCPU cannot run.
final class CpuInterface {
    private static final int LISTED = IchVtrEl2.LIST_REGISTERS;
    private static final int LOWEST = 256;

    /// `ICH_VMCR_EL2` while the vCPU is not loaded.
    long vmcr;

    /// `ICH_AP0R0_EL2` while the vCPU is not loaded.
    int ap0r;

    /// `ICH_AP1R0_EL2` while the vCPU is not loaded.
    int ap1r;

    private int usedLrs;
    private final VgicIrq[] sorted = new VgicIrq[LISTED];

    /// Puts the interface into the state after reset.
    void reset() {
        vmcr = 0;
        ap0r = 0;
        ap1r = 0;
    }

    void load(VirtualCpuInterface gic, Vgic vgic) {
        gic.setSystemRegisters(vgic.isV3());
        gic.setVmcr(vmcr);
        gic.setAp0r(ap0r);
        gic.setAp1r(ap1r);
        for (int i = 0; i < LISTED; i++) {
            gic.setLr(i, 0);
        }
        gic.setHcr(IchHcrEl2.EN);
        gic.changed();
    }

    void put(VirtualCpuInterface gic) {
        vmcr = gic.vmcr();
        ap0r = gic.ap0r();
        ap1r = gic.ap1r();
        gic.setHcr(0);
        gic.changed();
    }

    /// {@return whether list registers are in use, from [#flush] to [#fold]}
    boolean isInUse() {
        return usedLrs > 0;
    }

    private static void clearFrom(VirtualCpuInterface gic, int first) {
        for (int i = first; i < LISTED; i++) {
            gic.setLr(i, 0);
        }
    }

    // ---- to the list registers -------------------------------------------------------------------------------------

    /// `vgic_flush_lr_state`; under the lock of the ap_list.
    void flush(VirtualCpuInterface gic, VgicVcpu vcpu) {
        List<VgicIrq> apList = vcpu.apList;
        boolean multiSgi = isAnyMultiSgi(vcpu);
        if (apList.size() > LISTED || multiSgi) {
            sort(apList);
        }
        int count = 0;
        int priority = LOWEST;
        boolean overflow = false;
        boolean activeLeft = false;
        for (int i = 0; i < apList.size(); i++) {
            VgicIrq irq = apList.get(i);
            synchronized (irq) {
                if (count == LISTED) {
                    overflow = true;
                    activeLeft |= irq.active;
                    continue;
                }
                if (multiSgi && irq.priority > priority) {
                    // All sources of an SGI are seen before anything of a lower priority.
                    break;
                }
                if (irq.targetOracle(vcpu.vgic.isForwarding()) == vcpu) {
                    gic.setLr(count, populate(irq, vcpu.vgic));
                    sorted[count] = irq;
                    count++;
                    if (irq.source != 0) {
                        priority = irq.priority;
                    }
                }
            }
        }
        clearFrom(gic, count);
        usedLrs = count;
        long hcr = IchHcrEl2.EN;
        if (overflow) {
            hcr |= IchHcrEl2.UIE;
        }
        if (activeLeft) {
            hcr |= IchHcrEl2.LRENPIE | IchHcrEl2.TDIR;
        }
        gic.setHcr(hcr);
        gic.changed();
    }

    private static boolean isAnyMultiSgi(VgicVcpu vcpu) {
        if (vcpu.vgic.isV3()) {
            return false;
        }
        for (VgicIrq irq : vcpu.apList) {
            synchronized (irq) {
                if (irq.isMultiSgi()) {
                    return true;
                }
            }
        }
        return false;
    }

    /// An interrupt and the order it had when it was looked at: others may change it while the list is sorted.
    private record Ordered(VgicIrq irq, int order) {}

    private static void sort(List<VgicIrq> apList) {
        Ordered[] ordered = new Ordered[apList.size()];
        for (int i = 0; i < ordered.length; i++) {
            VgicIrq irq = apList.get(i);
            synchronized (irq) {
                ordered[i] = new Ordered(irq, irq.order());
            }
        }
        Arrays.sort(ordered, Comparator.comparingInt(Ordered::order));
        for (int i = 0; i < ordered.length; i++) {
            apList.set(i, ordered[i].irq());
        }
    }

    /// {@return the list register that presents an interrupt (`vgic_v3_populate_lr`, `vgic_v2_populate_lr`)}
    private static long populate(VgicIrq irq, Vgic vgic) {
        boolean v2Sgi = !vgic.isV3() && Intid.isSgi(irq.intid);
        boolean allowPending = true;
        long lr = irq.intid;
        if (irq.active) {
            lr |= IchLrEl2.ACTIVE;
            if (v2Sgi) {
                lr |= Gich.sourceInList(irq.activeSource);
                if (irq.isMultiSgi()) {
                    allowPending = false;
                    lr |= IchLrEl2.EOI;
                }
            }
        }
        if (irq.hw) {
            lr |= IchLrEl2.HW | IchLrEl2.physicalId(irq.hwintid);
            // A mapped interrupt's pending state is the physical distributor's.
            allowPending &= !irq.active;
        } else if (!irq.edge) {
            lr |= IchLrEl2.EOI;
            // The line is looked at again when the interrupt ends.
            allowPending &= !irq.active;
        }
        if (allowPending && irq.isPending()) {
            lr |= IchLrEl2.PENDING;
            if (irq.edge) {
                irq.pendingLatch = false;
            }
            if (v2Sgi && irq.source != 0) {
                int source = Integer.numberOfTrailingZeros(irq.source);
                lr |= Gich.sourceInList(source);
                irq.source &= ~(1 << source);
                if (irq.source != 0) {
                    irq.pendingLatch = true;
                    lr |= IchLrEl2.EOI;
                }
            }
        }
        if (irq.isMappedLevel() && (lr & IchLrEl2.PENDING) != 0) {
            // Only rising edges of the line reach us: let the next one be seen.
            irq.lineLevel = false;
        }
        if (irq.group1) {
            lr |= IchLrEl2.GROUP;
        }
        return lr | IchLrEl2.priority(irq.priority);
    }

    // ---- back ------------------------------------------------------------------------------------------------------

    /// `vgic_v3_fold_lr_state`, `vgic_v2_fold_lr_state`.
    void fold(VirtualCpuInterface gic, VgicVcpu vcpu) {
        boolean v2 = !vcpu.vgic.isV3();
        for (int i = 0; i < usedLrs; i++) {
            long lr = gic.lr(i);
            VgicIrq irq = sorted[i];
            if (IchLrEl2.isEnded(lr) && !Intid.isPrivate(irq.intid) && !Intid.isLpi(irq.intid)) {
                vcpu.vgic.host().notifyAcked(irq.intid - Intid.PRIVATE);
            }
            synchronized (irq) {
                if (Intid.isLpi(irq.intid) && irq.mappings == 0) {
                    // Unmapped while it was in the list register.
                    continue;
                }
                boolean deactivated = irq.active && (lr & IchLrEl2.ACTIVE) == 0;
                irq.active = (lr & IchLrEl2.ACTIVE) != 0;
                boolean pending = (lr & IchLrEl2.PENDING) != 0;
                boolean v2Sgi = v2 && Intid.isSgi(irq.intid);
                if (irq.active && v2Sgi) {
                    irq.activeSource = Gich.sourceOf(lr);
                }
                if (irq.edge && pending) {
                    irq.pendingLatch = true;
                    if (v2Sgi) {
                        irq.source |= 1 << Gich.sourceOf(lr);
                    }
                }
                if (!irq.edge && (lr & IchLrEl2.STATE) == 0) {
                    // Acknowledged: what software had made pending is over.
                    irq.pendingLatch = false;
                }
                resample(vcpu, irq, deactivated, pending);
            }
        }
        deactivateUnlisted(gic, vcpu);
        usedLrs = 0;
        clearFrom(gic, 0);
        gic.setHcr(IchHcrEl2.EN);
        gic.changed();
    }

    /// `vgic_irq_handle_resampling`.
    private static void resample(VgicVcpu vcpu, VgicIrq irq, boolean deactivated, boolean pending) {
        if (irq.isMappedLevel() && (pending || (deactivated && irq.lineLevel))) {
            irq.lineLevel = irq.physicalLevel();
            if (!irq.lineLevel) {
                vcpu.setPhysicalActive(irq, false);
            }
        }
    }

    /// Interrupts that were active without a list register and that the guest has ended, which hardware counts: those
    /// of the highest priority, as the last one taken ends first (`vgic_v3_fold_lr_state` since Linux 6.19).
    private void deactivateUnlisted(VirtualCpuInterface gic, VgicVcpu vcpu) {
        int count = IchHcrEl2.eoiCount(gic.hcr());
        if (count == 0) {
            return;
        }
        synchronized (vcpu.apListLock) {
            sort(vcpu.apList);
            for (VgicIrq irq : vcpu.apList) {
                synchronized (irq) {
                    if (count > 0 && irq.active && !isListed(irq)) {
                        deactivate(vcpu, irq);
                        count--;
                    }
                }
            }
        }
    }

    private boolean isListed(VgicIrq irq) {
        for (int i = 0; i < usedLrs; i++) {
            if (sorted[i] == irq) {
                return true;
            }
        }
        return false;
    }

    /// Deactivates an interrupt that no list register holds; under its monitor.
    static void deactivate(VgicVcpu vcpu, VgicIrq irq) {
        irq.active = false;
        if (irq.hw) {
            irq.lineLevel = irq.physicalLevel();
            vcpu.setPhysicalActive(irq, irq.lineLevel);
        }
    }
}
