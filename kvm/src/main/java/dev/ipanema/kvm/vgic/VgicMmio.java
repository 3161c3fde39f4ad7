package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Intid;
import dev.ipanema.arm.register.IchVtrEl2;
import dev.ipanema.kvm.vgic.VgicRegion.Kind;
import org.jspecify.annotations.Nullable;

/// What the registers that hold some bits of each interrupt do (`vgic-mmio.c`), for distributor and redistributors.
///
/// An access is made by a vCPU's thread, or by the VMM while no vCPU runs (`user`); the private interrupts that it
/// reaches are those of a bank, null where private interrupts read as zero.
final class VgicMmio {
    private static final int PRIORITY_MASK = 0xff & (-1 << (8 - IchVtrEl2.PRIORITY_BITS));
    private static final int CONFIG_BITS = 2;
    private static final int CONFIG_EDGE = 2;

    private final Vgic vgic;

    VgicMmio(Vgic vgic) {
        this.vgic = vgic;
    }

    /// Reads.
    ///
    /// @param first the first interrupt
    long read(Kind kind, @Nullable VgicVcpu bank, int first, int len, boolean user) {
        return switch (kind) {
            case ISACTIVE, ICACTIVE -> readActive(bank, first, len, user);
            case PRIORITY -> readBytes(bank, first, len, true);
            case TARGET -> readBytes(bank, first, len, false);
            case CONFIG -> readConfig(bank, first, len);
            case SGI_CLEAR, SGI_SET -> readSgiSources(bank, first, len);
            default -> readBits(kind, bank, first, len, user);
        };
    }

    private long readBits(Kind kind, @Nullable VgicVcpu bank, int first, int len, boolean user) {
        long value = 0;
        for (int i = 0; i < len * Byte.SIZE; i++) {
            VgicIrq irq = vgic.irq(bank, first + i);
            if (irq != null && bit(kind, irq, user)) {
                value |= 1L << i;
            }
        }
        return value;
    }

    private boolean bit(Kind kind, VgicIrq irq, boolean user) {
        synchronized (irq) {
            return switch (kind) {
                case GROUP -> irq.group1;
                case ISENABLE, ICENABLE -> irq.enabled;
                // The VMM of a GICv3 saves the latch and the line apart.
                case ISPEND, ICPEND -> (user && vgic.isV3()) ? irq.pendingLatch : irq.isPending();
                case ISACTIVE, ICACTIVE -> irq.active;
                default -> false;
            };
        }
    }

    /// Writes.
    ///
    /// @param first the first interrupt
    /// @param writer number of the vCPU that writes, of the VMM's accesses 0
    void write(Kind kind, @Nullable VgicVcpu bank, int first, int len, long value, boolean user, int writer) {
        switch (kind) {
            case ISACTIVE -> writeActive(bank, first, len, value, true, user, writer);
            case ICACTIVE -> writeActive(bank, first, len, value, false, user, writer);
            case PRIORITY -> writePriority(bank, first, len, value);
            case CONFIG -> writeConfig(bank, first, len, value);
            case TARGET -> writeTargets(bank, first, len, value);
            case SGI_CLEAR -> writeSgiSources(bank, first, len, value, false);
            case SGI_SET -> writeSgiSources(bank, first, len, value, true);
            default -> {
                for (int i = 0; i < len * Byte.SIZE; i++) {
                    boolean bit = (value >>> i & 1) != 0;
                    VgicIrq irq = bit || kind == Kind.GROUP ? vgic.irq(bank, first + i) : null;
                    if (irq != null) {
                        writeBit(kind, owner(bank, irq), irq, bit, user);
                        vgic.queue(irq);
                    }
                }
            }
        }
    }

    /// Writes for the VMM. A GICv3's GICD_ISPENDR takes the pending latches as they are, whatever the interrupts'
    /// configuration, and GICD_ICPENDR is not written (`vgic_v3_uaccess_write_pending`).
    void writeByUser(Kind kind, @Nullable VgicVcpu bank, int first, int len, long value) {
        if (!vgic.isV3() || (kind != Kind.ISPEND && kind != Kind.ICPEND)) {
            write(kind, bank, first, len, value, true, 0);
            return;
        }
        for (int i = 0; kind == Kind.ISPEND && i < len * Byte.SIZE; i++) {
            VgicIrq irq = vgic.irq(bank, first + i);
            if (irq != null) {
                synchronized (irq) {
                    irq.pendingLatch = (value >>> i & 1) != 0;
                }
                vgic.queue(irq);
            }
        }
    }

    private static @Nullable VgicVcpu owner(@Nullable VgicVcpu bank, VgicIrq irq) {
        return Intid.isPrivate(irq.intid) ? bank : null;
    }

    private void writeBit(Kind kind, @Nullable VgicVcpu owner, VgicIrq irq, boolean bit, boolean user) {
        synchronized (irq) {
            switch (kind) {
                case GROUP -> irq.group1 = bit;
                case ISENABLE -> enable(owner, irq);
                case ICENABLE -> irq.enabled = false;
                case ISPEND -> setPending(owner, irq, user);
                case ICPEND -> clearPending(owner, irq, user);
                default -> {
                    // Not written bit by bit.
                }
            }
        }
    }

    private static void enable(@Nullable VgicVcpu owner, VgicIrq irq) {
        if (irq.isMappedLevel() && owner != null) {
            // The device may have changed its line while nobody looked.
            boolean wasHigh = irq.lineLevel;
            irq.lineLevel = irq.physicalLevel();
            if (!irq.active && wasHigh && !irq.lineLevel) {
                owner.setPhysicalActive(irq, false);
            }
        }
        irq.enabled = true;
    }

    private boolean isV2Sgi(VgicIrq irq) {
        return !vgic.isV3() && Intid.isSgi(irq.intid);
    }

    private void setPending(@Nullable VgicVcpu owner, VgicIrq irq, boolean user) {
        if (isV2Sgi(irq) && !user) {
            return;
        }
        if (!irq.hw) {
            irq.pendingLatch = true;
            if (isV2Sgi(irq)) {
                // The VMM restores an SGI whose sender it does not know.
                irq.source |= 1;
            }
        } else if (!user && owner != null) {
            irq.pendingLatch = true;
            owner.setPhysicalActive(irq, true);
        }
    }

    private void clearPending(@Nullable VgicVcpu owner, VgicIrq irq, boolean user) {
        if (isV2Sgi(irq) && !user) {
            return;
        }
        if (!irq.hw) {
            irq.pendingLatch = false;
            if (isV2Sgi(irq)) {
                irq.source = 0;
            }
        } else if (!user && owner != null) {
            irq.pendingLatch = false;
            if (!irq.active) {
                owner.setPhysicalActive(irq, false);
            }
        }
    }

    // ---- active ----------------------------------------------------------------------------------------------------

    /// The active state of an interrupt is in the list registers of a vCPU that runs: they are brought out first
    /// (`vgic_access_active_prepare`).
    private boolean halts(int first, boolean user) {
        return !user && (vgic.isV3() || !Intid.isPrivate(first));
    }

    private long readActive(@Nullable VgicVcpu bank, int first, int len, boolean user) {
        boolean halts = halts(first, user);
        if (halts) {
            vgic.host().haltGuest();
        }
        try {
            return readBits(Kind.ISACTIVE, bank, first, len, user);
        } finally {
            if (halts) {
                vgic.host().resumeGuest();
            }
        }
    }

    private void writeActive(
            @Nullable VgicVcpu bank, int first, int len, long value, boolean active, boolean user, int writer) {
        boolean halts = halts(first, user);
        if (halts) {
            vgic.host().haltGuest();
        }
        try {
            for (int i = 0; i < len * Byte.SIZE; i++) {
                VgicIrq irq = (value >>> i & 1) != 0 ? vgic.irq(bank, first + i) : null;
                if (irq != null) {
                    changeActive(owner(bank, irq), irq, active, user, writer);
                }
            }
        } finally {
            if (halts) {
                vgic.host().resumeGuest();
            }
        }
    }

    private void changeActive(@Nullable VgicVcpu owner, VgicIrq irq, boolean active, boolean user, int writer) {
        synchronized (irq) {
            irq.active = active;
            if (irq.hw && !user && owner != null) {
                owner.setPhysicalActive(irq, active);
            } else if (isV2Sgi(irq) && active) {
                irq.activeSource = writer;
            }
        }
        // One that becomes inactive may be pending, and its vCPU asleep.
        vgic.queue(irq);
    }

    // ---- priority, configuration, targets --------------------------------------------------------------------------

    private long readBytes(@Nullable VgicVcpu bank, int first, int len, boolean priority) {
        long value = 0;
        for (int i = 0; i < len; i++) {
            VgicIrq irq = vgic.irq(bank, first + i);
            if (irq != null) {
                synchronized (irq) {
                    value |= (long) (priority ? irq.priority : irq.targets) << (Byte.SIZE * i);
                }
            }
        }
        return value;
    }

    private void writePriority(@Nullable VgicVcpu bank, int first, int len, long value) {
        for (int i = 0; i < len; i++) {
            VgicIrq irq = vgic.irq(bank, first + i);
            if (irq != null) {
                synchronized (irq) {
                    irq.priority = (int) (value >>> (Byte.SIZE * i)) & PRIORITY_MASK;
                }
            }
        }
    }

    private long readConfig(@Nullable VgicVcpu bank, int first, int len) {
        long value = 0;
        for (int i = 0; i < len * Byte.SIZE / CONFIG_BITS; i++) {
            VgicIrq irq = vgic.irq(bank, first + i);
            if (irq != null) {
                synchronized (irq) {
                    value |= irq.edge ? (long) CONFIG_EDGE << (CONFIG_BITS * i) : 0;
                }
            }
        }
        return value;
    }

    /// Only SPIs can be changed: the timers rely on PPIs being level-triggered.
    private void writeConfig(@Nullable VgicVcpu bank, int first, int len, long value) {
        for (int i = 0; i < len * Byte.SIZE / CONFIG_BITS; i++) {
            VgicIrq irq = Intid.isPrivate(first + i) ? null : vgic.irq(bank, first + i);
            if (irq != null) {
                synchronized (irq) {
                    irq.edge = (value >>> (CONFIG_BITS * i) & CONFIG_EDGE) != 0;
                }
            }
        }
    }

    /// GICD_ITARGETSR of a GICv2: an SPI goes to the first CPU of its list.
    private void writeTargets(@Nullable VgicVcpu bank, int first, int len, long value) {
        int existing = (1 << Math.min(vgic.vcpus().size(), Byte.SIZE)) - 1;
        for (int i = 0; i < len; i++) {
            VgicIrq irq = Intid.isPrivate(first + i) ? null : vgic.irq(bank, first + i);
            if (irq != null) {
                synchronized (irq) {
                    irq.targets = (int) (value >>> (Byte.SIZE * i)) & existing;
                    int target = irq.targets == 0 ? 0 : Integer.numberOfTrailingZeros(irq.targets);
                    irq.targetVcpu = vgic.vcpus().get(target);
                }
            }
        }
    }

    // ---- SGIs of a GICv2 -------------------------------------------------------------------------------------------

    private long readSgiSources(@Nullable VgicVcpu bank, int first, int len) {
        long value = 0;
        for (int i = 0; i < len; i++) {
            VgicIrq irq = vgic.irq(bank, first + i);
            if (irq != null) {
                synchronized (irq) {
                    value |= (long) irq.source << (Byte.SIZE * i);
                }
            }
        }
        return value;
    }

    private void writeSgiSources(@Nullable VgicVcpu bank, int first, int len, long value, boolean set) {
        for (int i = 0; i < len; i++) {
            VgicIrq irq = vgic.irq(bank, first + i);
            int sources = (int) (value >>> (Byte.SIZE * i)) & 0xff;
            if (irq == null || sources == 0) {
                continue;
            }
            synchronized (irq) {
                irq.source = set ? irq.source | sources : irq.source & ~sources;
                irq.pendingLatch = irq.source != 0;
            }
            vgic.queue(irq);
        }
    }
}
