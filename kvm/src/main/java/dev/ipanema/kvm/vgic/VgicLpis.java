package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.arm.gic.Intid;

/// The LPIs of one redistributor: whether they are on, where the guest keeps their pending table, and their
/// configuration, which is read from the guest's table (`vgic-its.c:vgic_enable_lpis`, `update_lpi_config`).
final class VgicLpis {
    private final VgicVcpu vcpu;
    private long pendbaser = Gicr.initialBaser();
    private volatile boolean enabled;

    VgicLpis(VgicVcpu vcpu) {
        this.vcpu = vcpu;
    }

    /// {@return GICR_CTLR.EnableLPIs}
    boolean areEnabled() {
        return enabled;
    }

    /// {@return GICR_PENDBASER}
    long pendbaser() {
        synchronized (this) {
            return pendbaser;
        }
    }

    /// Writes GICR_PENDBASER.
    void setPendbaser(long value) {
        synchronized (this) {
            pendbaser = Gicr.sanitisePendbaser(value);
        }
    }

    /// Writes GICR_CTLR.EnableLPIs (`vgic_mmio_write_v3r_ctlr`). Without an ITS there are no LPIs.
    void setEnabled(boolean on) {
        if (!vcpu.vgic.hasIts() || enabled == on) {
            return;
        }
        enabled = on;
        if (on) {
            readPendingTable();
        } else {
            vcpu.flushPendingLpis();
        }
    }

    /// Takes over the pending table that the guest's memory holds (`its_sync_lpi_pending_table`).
    private void readPendingTable() {
        for (VgicIrq irq : vcpu.vgic.lpis().all()) {
            boolean here;
            synchronized (irq) {
                here = irq.targetVcpu == vcpu;
            }
            if (here) {
                readPending(irq);
            }
        }
    }

    /// Takes over whether the guest's pending table says that an LPI is pending
    /// (`vgic_v3_lpi_sync_pending_status`); the bit is cleared there.
    void readPending(VgicIrq irq) {
        if (!enabled) {
            return;
        }
        byte[] one = new byte[1];
        long at = Gicr.pendbaserAddress(pendbaser()) + irq.intid / Byte.SIZE;
        int bit = 1 << (irq.intid % Byte.SIZE);
        if (vcpu.vgic.host().readGuest(at, one, 0, 1) && (one[0] & bit) != 0) {
            one[0] = (byte) (one[0] & ~bit);
            vcpu.vgic.host().writeGuest(at, one, 0, 1);
            synchronized (irq) {
                irq.pendingLatch = true;
            }
            vcpu.vgic.queue(irq);
        }
    }

    /// Reads an LPI's configuration from the guest's table (`update_lpi_config`).
    ///
    /// @return false when the table is not there or has no entry for it
    boolean readConfiguration(VgicIrq irq) {
        long propbaser = vcpu.vgic.propbaser();
        if (irq.intid >>> Gicr.propbaserIdBits(propbaser) != 0) {
            return false;
        }
        byte[] entry = new byte[1];
        long at = Gicr.propbaserAddress(propbaser) + irq.intid - Intid.MIN_LPI;
        if (!vcpu.vgic.host().readGuest(at, entry, 0, 1)) {
            return false;
        }
        synchronized (irq) {
            irq.priority = entry[0] & Gicr.LPI_PRIORITY;
            irq.enabled = (entry[0] & Gicr.LPI_ENABLE) != 0;
        }
        vcpu.vgic.queue(irq);
        return true;
    }

    /// Writes GICR_INVLPIR: reads one LPI's configuration again.
    void invalidate(int intid) {
        VgicIrq irq = enabled ? vcpu.vgic.lpis().get(intid) : null;
        if (irq != null) {
            readConfiguration(irq);
        }
    }

    /// Writes GICR_INVALLR: reads the configuration of each LPI that comes here again (`vgic_its_invall`).
    void invalidateAll() {
        if (!enabled) {
            return;
        }
        for (VgicIrq irq : vcpu.vgic.lpis().all()) {
            boolean here;
            synchronized (irq) {
                here = irq.targetVcpu == vcpu;
            }
            if (here) {
                readConfiguration(irq);
            }
        }
    }
}
