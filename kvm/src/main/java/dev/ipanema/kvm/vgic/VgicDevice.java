package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.arm.gic.Intid;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmDevice;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;

/// The file descriptor of a vGIC (`vgic-kvm-device.c`): where its frames lie, how many interrupts there are, and every
/// register for a VMM that saves or restores.
public final class VgicDevice implements KvmDevice {
    private static final int ENXIO = Errno.ENXIO.negated();
    private static final int EINVAL = Errno.EINVAL.negated();
    private static final int EBUSY = Errno.EBUSY.negated();
    private static final int MIN_IRQS = Intid.PRIVATE + 32;
    private static final int MAX_IRQS = 1024;
    private static final int INDEX_BITS = 12;
    private static final int COUNT_SHIFT = 52;
    private static final long REGION_BASE = 0xf_ffff_ffff_0000L;
    private static final long REGION_FLAGS = 0xf000;

    private final Vgic vgic;

    /// The file descriptor of a vGIC.
    public VgicDevice(Vgic vgic) {
        this.vgic = vgic;
    }

    @Override
    public boolean hasAttr(int group, long attr) {
        return switch (group) {
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR -> hasAddress(attr);
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_NR_IRQS -> true;
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL ->
                attr == KvmDeviceUapi.KVM_DEV_ARM_VGIC_CTRL_INIT
                        || (vgic.isV3() && attr == KvmDeviceUapi.KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES);
            default -> new VgicRegisters(vgic).has(group, attr);
        };
    }

    private boolean hasAddress(long attr) {
        return switch ((int) attr) {
            case KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_DIST, KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_CPU -> !vgic.isV3();
            case KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST,
                    KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_REDIST,
                    KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION -> vgic.isV3();
            default -> false;
        };
    }

    @Override
    public int setAttr(int group, long attr, long value) {
        return switch (group) {
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR ->
                hasAddress(attr) ? setAddress((int) attr, value) : noAddress();
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_NR_IRQS -> setNrIrqs(value);
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL -> control(attr);
            default -> new VgicRegisters(vgic).access(group, attr, new long[] {value}, true);
        };
    }

    @Override
    public int getAttr(int group, long attr, long[] value) {
        return switch (group) {
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR -> hasAddress(attr) ? address((int) attr, value) : noAddress();
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_NR_IRQS -> {
                value[0] = vgic.lines();
                yield 0;
            }
            default -> new VgicRegisters(vgic).access(group, attr, value, false);
        };
    }

    /// An address of the other GIC's is -ENODEV.
    private static int noAddress() {
        return Errno.ENODEV.negated();
    }

    // ---- addresses -------------------------------------------------------------------------------------------------

    private int setAddress(int type, long value) {
        synchronized (vgic.configLock()) {
            return switch (type) {
                case KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_DIST -> vgic.setDistBase(value, Gicd.SIZE_V2);
                case KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_CPU -> vgic.setCpuBase(value);
                case KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST -> vgic.setDistBase(value, Gicd.SIZE_V3);
                case KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_REDIST ->
                    vgic.redistRegions().isEmpty() ? vgic.redistRegions().add(0, value, 0) : EINVAL;
                default -> addRegion(value);
            };
        }
    }

    /// `KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION`: count in bits 63:52, base in bits 51:16, index in bits 11:0.
    private int addRegion(long value) {
        int count = (int) (value >>> COUNT_SHIFT);
        if (count == 0 || (value & REGION_FLAGS) != 0) {
            return EINVAL;
        }
        return vgic.redistRegions().add((int) value & (1 << INDEX_BITS) - 1, value & REGION_BASE, count);
    }

    private int address(int type, long[] value) {
        synchronized (vgic.configLock()) {
            switch (type) {
                case KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_DIST, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST ->
                    value[0] = vgic.distBase();
                case KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_CPU -> value[0] = vgic.cpuBase();
                case KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_REDIST -> {
                    RedistRegions.Region region = vgic.redistRegions().at(0);
                    if (region != null && region.count != 0) {
                        return EINVAL;
                    }
                    value[0] = region == null ? Vgic.UNDEFINED : region.base;
                }
                default -> {
                    return region(value);
                }
            }
            return 0;
        }
    }

    private int region(long[] value) {
        int index = (int) value[0] & (1 << INDEX_BITS) - 1;
        RedistRegions.Region region = vgic.redistRegions().at(index);
        if (region == null) {
            return Errno.ENOENT.negated();
        }
        value[0] = (long) region.count << COUNT_SHIFT | region.base | index;
        return 0;
    }

    // ---- interrupts ------------------------------------------------------------------------------------------------

    private int setNrIrqs(long value) {
        if (value < MIN_IRQS || value > MAX_IRQS || value % Intid.PRIVATE != 0) {
            return EINVAL;
        }
        synchronized (vgic.configLock()) {
            if (vgic.isInitialized() || vgic.nrSpis() != 0) {
                return EBUSY;
            }
            vgic.setNrSpis((int) value - Intid.PRIVATE);
            return 0;
        }
    }

    private int control(long attr) {
        if (attr == KvmDeviceUapi.KVM_DEV_ARM_VGIC_CTRL_INIT) {
            return vgic.init();
        }
        if (vgic.isV3() && attr == KvmDeviceUapi.KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES) {
            return savePendingTables();
        }
        return ENXIO;
    }

    /// Writes the LPIs' pending bits into the guest's tables (`vgic_v3_save_pending_tables`).
    private int savePendingTables() {
        if (!vgic.isInitialized()) {
            return ENXIO;
        }
        if (!vgic.host().tryLockAllVcpus()) {
            return EBUSY;
        }
        try {
            byte[] one = new byte[1];
            for (VgicIrq irq : vgic.lpis().all()) {
                VgicVcpu target;
                boolean pending;
                synchronized (irq) {
                    target = irq.targetVcpu;
                    pending = irq.pendingLatch;
                }
                if (target != null && !savePending(target, irq.intid, pending, one)) {
                    return Errno.EFAULT.negated();
                }
            }
            return 0;
        } finally {
            vgic.host().unlockAllVcpus();
        }
    }

    private boolean savePending(VgicVcpu target, int intid, boolean pending, byte[] one) {
        long at = Gicr.pendbaserAddress(target.redist.lpis().pendbaser()) + intid / Byte.SIZE;
        int bit = 1 << intid % Byte.SIZE;
        if (!vgic.host().readGuest(at, one, 0, 1)) {
            return false;
        }
        one[0] = (byte) (pending ? one[0] | bit : one[0] & ~bit);
        return vgic.host().writeGuest(at, one, 0, 1);
    }
}
