package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.arm.gic.Intid;
import dev.ipanema.arm.register.MpidrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import org.jspecify.annotations.Nullable;

/// A VMM's access to the registers of a vGIC (`vgic_v3_attr_regs_access`, `vgic_v2_attr_regs_access`): while no vCPU
/// runs.
final class VgicRegisters {
    private static final int ENXIO = Errno.ENXIO.negated();
    private static final int EINVAL = Errno.EINVAL.negated();
    private static final long WORD = 0xffff_ffffL;

    private final Vgic vgic;

    VgicRegisters(Vgic vgic) {
        this.vgic = vgic;
    }

    /// {@return whether an attribute is there}
    boolean has(int group, long attr) {
        int offset = (int) (attr & KvmDeviceUapi.KVM_DEV_ARM_VGIC_OFFSET_MASK);
        return switch (group) {
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_DIST_REGS -> vgic.dist().has(offset) && vcpu(attr) != null;
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_REDIST_REGS -> {
                VgicVcpu vcpu = vcpu(attr);
                yield vgic.isV3() && vcpu != null && offset < Gicr.SIZE && vcpu.redist.has(offset);
            }
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CPU_REGS ->
                !vgic.isV3() && vcpu(attr) != null && VgicCpuV2.has(offset);
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS ->
                vgic.isV3() && vcpu(attr) != null && VgicSysRegs.has(sysreg(attr));
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO -> vgic.isV3() && isLevelInfo(attr);
            default -> false;
        };
    }

    private static @Nullable SysReg sysreg(long attr) {
        return SysReg.of((int) (attr & KvmDeviceUapi.KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK));
    }

    private static boolean isLevelInfo(long attr) {
        long kind = (attr & KvmDeviceUapi.KVM_DEV_ARM_VGIC_OFFSET_MASK)
                >>> KvmDeviceUapi.KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT;
        return kind == KvmDeviceUapi.VGIC_LEVEL_INFO_LINE_LEVEL;
    }

    /// {@return the vCPU that an attribute names, null for none}
    private @Nullable VgicVcpu vcpu(long attr) {
        if (!vgic.isV3()) {
            return vgic.byId((int) ((attr & KvmDeviceUapi.KVM_DEV_ARM_VGIC_CPUID_MASK)
                    >>> KvmDeviceUapi.KVM_DEV_ARM_VGIC_CPUID_SHIFT));
        }
        return vgic.byAffinity(MpidrEl1.unpacked((int) (attr >>> KvmDeviceUapi.KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT)));
    }

    /// Reads or writes.
    ///
    /// @param value element 0 holds the value
    /// @return 0, or -ENXIO for what is not there, -EINVAL for a vCPU that is not there or an unaligned register,
    ///     -EBUSY while a vCPU runs or before the interrupts exist
    int access(int group, long attr, long[] value, boolean write) {
        if (!isGroup(group)) {
            return ENXIO;
        }
        VgicVcpu vcpu = vcpu(attr);
        if (vcpu == null) {
            return EINVAL;
        }
        if (!vgic.host().tryLockAllVcpus()) {
            return Errno.EBUSY.negated();
        }
        try {
            if (!vgic.isInitialized() && !isIidr(group, attr)) {
                return Errno.EBUSY.negated();
            }
            return accessLocked(group, attr, vcpu, value, write);
        } finally {
            vgic.host().unlockAllVcpus();
        }
    }

    private boolean isGroup(int group) {
        return switch (group) {
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_DIST_REGS -> true;
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CPU_REGS -> !vgic.isV3();
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_REDIST_REGS,
                    KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS,
                    KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO -> vgic.isV3();
            default -> false;
        };
    }

    /// What decides how everything else is understood may be accessed early (`reg_allowed_pre_init`).
    private static boolean isIidr(int group, long attr) {
        long offset = attr & KvmDeviceUapi.KVM_DEV_ARM_VGIC_OFFSET_MASK;
        return group == KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_DIST_REGS && (offset == Gicd.IIDR || offset == Gicd.TYPER2);
    }

    private int accessLocked(int group, long attr, VgicVcpu vcpu, long[] value, boolean write) {
        int offset = (int) (attr & KvmDeviceUapi.KVM_DEV_ARM_VGIC_OFFSET_MASK);
        return switch (group) {
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_DIST_REGS -> frame(vgic.dist(), vcpu, offset, value, write);
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_REDIST_REGS -> frame(vcpu.redist, vcpu, offset, value, write);
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CPU_REGS -> VgicCpuV2.access(vcpu, offset, value, write);
            case KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS -> VgicSysRegs.access(vcpu, sysreg(attr), value, write);
            default -> isLevelInfo(attr) ? levels(vcpu, attr, value, write) : EINVAL;
        };
    }

    private static int frame(VgicFrame frame, VgicVcpu vcpu, int offset, long[] value, boolean write) {
        if ((offset & VgicRegion.WORD - 1) != 0) {
            return EINVAL;
        }
        if (!frame.has(offset)) {
            return ENXIO;
        }
        if (write) {
            return frame.userWrite(vcpu, offset, value[0] & WORD);
        }
        value[0] = frame.userRead(vcpu, offset) & WORD;
        return 0;
    }

    /// `KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO`: the lines of 32 interrupts.
    private int levels(VgicVcpu vcpu, long attr, long[] value, boolean write) {
        int first = (int) (attr & KvmDeviceUapi.KVM_DEV_ARM_VGIC_LINE_LEVEL_INTID_MASK);
        if (first % Integer.SIZE != 0) {
            return EINVAL;
        }
        long lines = 0;
        for (int i = 0; i < Integer.SIZE; i++) {
            VgicIrq irq = vgic.irq(vcpu, first + i);
            if (irq == null || Intid.isSgi(irq.intid)) {
                continue;
            }
            synchronized (irq) {
                if (write) {
                    irq.lineLevel = (value[0] >>> i & 1) != 0;
                } else if (!irq.edge && irq.lineLevel) {
                    lines |= 1L << i;
                }
            }
            if (write) {
                vgic.queue(irq);
            }
        }
        if (!write) {
            value[0] = lines;
        }
        return 0;
    }
}
