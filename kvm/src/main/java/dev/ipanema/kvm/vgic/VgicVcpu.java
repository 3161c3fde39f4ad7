package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Intid;
import dev.ipanema.arm.register.IchVmcrEl2;
import dev.ipanema.machine.cpu.CpuContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The interrupts of one vCPU (`struct vgic_cpu`): its private ones, the list of those that are pending or active
/// (`ap_list`), its CPU interface while it is not loaded, and its redistributor.
///
/// [#flush], [#sync], [#load], [#put] and [#prune] are the vCPU's thread's; everything else is for all threads.
public final class VgicVcpu {
    final Vgic vgic;
    final VcpuPort port;
    final VgicIrq[] privateIrqs = new VgicIrq[Intid.PRIVATE];

    /// Guards [#apList]; taken before the monitor of an interrupt, and of two vCPUs the lower number's first.
    final Object apListLock = new Object();

    final List<VgicIrq> apList = new ArrayList<>();
    final CpuInterface cpuInterface = new CpuInterface();
    final VgicRedist redist;

    /// RACE: read without the lock by [#flush], which may miss an interrupt that is queued at the same time: whoever
    /// queues one kicks the vCPU afterwards.
    private volatile boolean anything;

    VgicVcpu(Vgic vgic, VcpuPort port) {
        this.vgic = vgic;
        this.port = port;
        this.redist = new VgicRedist(this);
        for (int i = 0; i < privateIrqs.length; i++) {
            VgicIrq irq = new VgicIrq(i);
            irq.targetVcpu = this;
            irq.enabled = Intid.isSgi(i);
            irq.edge = Intid.isSgi(i);
            irq.group1 = vgic.isV3();
            irq.targets = 1 << (port.id() & 7);
            privateIrqs[i] = irq;
        }
    }

    // ---- ap_list ---------------------------------------------------------------------------------------------------

    /// Puts an interrupt on the list; under [#apListLock] and the interrupt's monitor.
    void add(VgicIrq irq) {
        apList.add(irq);
        irq.vcpu = this;
        anything = true;
    }

    /// {@return whether an interrupt is there that would end WFI (`kvm_vgic_vcpu_pending_irq`); while the vCPU is not
    /// loaded}
    public boolean isInterruptPending() {
        if (!anything || !vgic.isInitialized()) {
            return false;
        }
        int pmr = IchVmcrEl2.pmr(cpuInterface.vmcr);
        synchronized (apListLock) {
            for (VgicIrq irq : apList) {
                synchronized (irq) {
                    if (irq.isPending() && irq.enabled && !irq.active && irq.priority < pmr) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    // ---- around the guest ------------------------------------------------------------------------------------------

    /// Puts what a vCPU keeps of its CPU interface onto the processing element (`kvm_vgic_load`).
    public void load() {
        cpuInterface.load(port.cpu().gic(), vgic);
    }

    /// Takes it back (`kvm_vgic_put`).
    public void put() {
        cpuInterface.put(port.cpu().gic());
    }

    /// Fills the list registers before the guest is entered (`kvm_vgic_flush_hwstate`).
    public void flush() {
        if (anything && vgic.isInitialized()) {
            synchronized (apListLock) {
                cpuInterface.flush(port.cpu().gic(), this);
            }
        }
    }

    /// Takes the list registers' state back after the guest (`kvm_vgic_sync_hwstate`).
    public void sync() {
        if (cpuInterface.isInUse()) {
            cpuInterface.fold(port.cpu().gic(), this);
        }
        if (anything) {
            prune();
        }
    }

    /// Removes from the list what does not belong there (`vgic_prune_ap_list`); outside the guest.
    public void prune() {
        VgicIrq moving = pruneHere();
        while (moving != null) {
            move(moving);
            moving = pruneHere();
        }
    }

    /// {@return an interrupt that belongs to another vCPU, null for none}
    private @Nullable VgicIrq pruneHere() {
        synchronized (apListLock) {
            for (int i = 0; i < apList.size(); ) {
                VgicIrq irq = apList.get(i);
                synchronized (irq) {
                    VgicVcpu target = irq.targetOracle(vgic.isForwarding());
                    if (target == this) {
                        i++;
                    } else if (target == null) {
                        apList.remove(i);
                        irq.vcpu = null;
                    } else {
                        return irq;
                    }
                }
            }
            anything = !apList.isEmpty();
            return null;
        }
    }

    private void move(VgicIrq irq) {
        VgicVcpu target;
        synchronized (irq) {
            target = irq.targetOracle(vgic.isForwarding());
        }
        if (target == null || target == this) {
            return;
        }
        VgicVcpu first = target.port.id() < port.id() ? target : this;
        VgicVcpu second = first == this ? target : this;
        boolean moved = false;
        synchronized (first.apListLock) {
            synchronized (second.apListLock) {
                synchronized (irq) {
                    if (irq.vcpu == this && irq.targetOracle(vgic.isForwarding()) == target) {
                        apList.remove(irq);
                        target.add(irq);
                        moved = true;
                    }
                }
            }
        }
        if (moved) {
            target.port.kickForInterrupt();
        }
    }

    /// Takes every LPI off the list (`vgic_flush_pending_lpis`).
    void flushPendingLpis() {
        synchronized (apListLock) {
            for (int i = apList.size() - 1; i >= 0; i--) {
                VgicIrq irq = apList.get(i);
                if (Intid.isLpi(irq.intid)) {
                    synchronized (irq) {
                        irq.pendingLatch = false;
                        irq.vcpu = null;
                        apList.remove(i);
                    }
                }
            }
        }
    }

    /// Deactivates an interrupt by ICC_DIR_EL1 that was trapped; the vCPU is not in the guest (`vgic_v3_deactivate`).
    public void deactivate(int intid) {
        if ((port.cpu().gic().vmcr() & IchVmcrEl2.VEOIM) == 0) {
            return;
        }
        VgicIrq irq = Intid.isLpi(intid) ? null : vgic.irq(this, intid);
        if (irq != null) {
            synchronized (irq) {
                if (irq.active && irq.vcpu == this) {
                    CpuInterface.deactivate(this, irq);
                }
            }
            prune();
        }
    }

    // ---- mapped interrupts -----------------------------------------------------------------------------------------

    /// Maps a private interrupt to a physical one, which the VMM cannot raise any more (`kvm_vgic_map_phys_irq`,
    /// `kvm_vgic_set_owner`).
    public void mapPhysical(int hwintid, int intid, PhysicalLine line) {
        VgicIrq irq = privateIrqs[intid];
        synchronized (irq) {
            irq.hw = true;
            irq.hwintid = hwintid;
            irq.physicalLine = line;
            irq.owned = true;
        }
    }

    /// {@return whether the guest has a mapped interrupt active (`kvm_vgic_map_is_active`)}
    public boolean isMappedActive(int intid) {
        VgicIrq irq = privateIrqs[intid];
        synchronized (irq) {
            return irq.hw && irq.active;
        }
    }

    /// Takes a mapped interrupt's physical one back or lets it through; under the interrupt's monitor.
    void setPhysicalActive(VgicIrq irq, boolean active) {
        CpuContext cpu = port.cpu();
        cpu.gic().setForwarded(irq.hwintid, active);
    }

    /// {@return the vCPU's number}
    public int id() {
        return port.id();
    }
}
