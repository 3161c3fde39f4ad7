package dev.ipanema.kvm.vgic;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmDevice;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;

/// The file descriptor of an ITS (`vgic-its.c:vgic_its_set_attr`). Saving and restoring its tables is not offered.
public final class VgicItsDevice implements KvmDevice {
    private static final int ENXIO = Errno.ENXIO.negated();

    private final Vgic vgic;
    private final VgicIts its;

    /// An ITS of a vGIC, on whose file descriptor this is.
    public VgicItsDevice(Vgic vgic) {
        this.vgic = vgic;
        this.its = vgic.addIts();
    }

    @Override
    public boolean hasAttr(int group, long attr) {
        return switch (group) {
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR -> attr == KvmDeviceUapi.KVM_VGIC_ITS_ADDR_TYPE;
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL ->
                attr == KvmDeviceUapi.KVM_DEV_ARM_VGIC_CTRL_INIT || attr == KvmDeviceUapi.KVM_DEV_ARM_ITS_CTRL_RESET;
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ITS_REGS -> VgicIts.has(attr);
            default -> false;
        };
    }

    @Override
    public int setAttr(int group, long attr, long value) {
        if (!hasAttr(group, attr)) {
            return ENXIO;
        }
        return switch (group) {
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR -> its.place(value);
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL -> control(attr);
            default -> registers(attr, new long[] {value}, true);
        };
    }

    @Override
    public int getAttr(int group, long attr, long[] value) {
        if (!hasAttr(group, attr)) {
            return ENXIO;
        }
        return switch (group) {
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR -> {
                value[0] = its.base();
                yield 0;
            }
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ITS_REGS -> registers(attr, value, false);
            default -> ENXIO;
        };
    }

    private int control(long attr) {
        if (attr == KvmDeviceUapi.KVM_DEV_ARM_ITS_CTRL_RESET) {
            its.reset();
        }
        return 0;
    }

    private int registers(long attr, long[] value, boolean write) {
        if (its.base() == Vgic.UNDEFINED) {
            return ENXIO;
        }
        if (!vgic.host().tryLockAllVcpus()) {
            return Errno.EBUSY.negated();
        }
        try {
            return its.access((int) attr, value, write);
        } finally {
            vgic.host().unlockAllVcpus();
        }
    }
}
