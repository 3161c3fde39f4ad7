package dev.ipanema.kvm.pmu;

import dev.ipanema.arm.gic.Intid;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.kvm.uapi.KvmPmuEventFilter;
import dev.ipanema.kvm.vgic.Vgic;
import dev.ipanema.kvm.vgic.VgicVcpu;
import org.jspecify.annotations.Nullable;

/// Attributes of the group `KVM_ARM_VCPU_PMU_V3_CTRL` of a vCPU (`pmu-emul.c:kvm_arm_pmu_v3_set_attr` and
/// its like).
public final class PmuAttributes {
    private static final int EBUSY = Errno.EBUSY.negated();
    private static final int EINVAL = Errno.EINVAL.negated();
    private static final int ENODEV = Errno.ENODEV.negated();
    private static final int ENXIO = Errno.ENXIO.negated();

    private final VcpuPmu pmu;

    /// The attributes of a vCPU.
    public PmuAttributes(VcpuPmu pmu) {
        this.pmu = pmu;
    }

    /// {@return whether there is an attribute}
    public boolean has(long attr) {
        return pmu.isPresent()
                && attr >= KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_IRQ
                && attr <= KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS;
    }

    /// `KVM_GET_DEVICE_ATTR`: the interrupt alone can be read.
    ///
    /// @param value element 0 takes it
    /// @return 0, or -EINVAL without a vGIC, -ENODEV without performance monitors, -ENXIO
    public int get(long attr, long[] value, @Nullable Vgic controller) {
        if (attr != KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_IRQ) {
            return ENXIO;
        }
        if (controller == null) {
            return EINVAL;
        }
        if (!pmu.isPresent()) {
            return ENODEV;
        }
        if (pmu.irq() == VcpuPmu.NO_IRQ) {
            return ENXIO;
        }
        value[0] = pmu.irq();
        return 0;
    }

    /// `KVM_SET_DEVICE_ATTR`.
    ///
    /// @param value an `int`, or the bytes of [KvmPmuEventFilter]
    /// @param hasRun whether a vCPU of the VM has run
    /// @return 0, or -ENODEV without performance monitors, -EBUSY after they were initialised, -ENXIO for
    ///     an attribute
    ///     that is not there, and what the attribute says
    public int set(long attr, long value, @Nullable Vgic controller, @Nullable VgicVcpu vcpu, boolean hasRun) {
        if (!pmu.isPresent()) {
            return ENODEV;
        }
        if (pmu.isCreated()) {
            return EBUSY;
        }
        if (attr == KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_IRQ) {
            return setIrq((int) value, controller);
        }
        if (attr == KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_INIT) {
            return init(controller, vcpu);
        }
        if (attr == KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_FILTER) {
            return pmu.vm().addFilter(KvmPmuEventFilter.of(value), hasRun);
        }
        if (attr == KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_SET_PMU) {
            return pmu.vm().setPmu(value, hasRun);
        }
        if (attr == KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS) {
            return pmu.vm().setCounters(value & 0xffff_ffffL);
        }
        return ENXIO;
    }

    private int setIrq(int irq, @Nullable Vgic controller) {
        boolean ppi = irq >= Intid.SGIS && irq < Intid.PRIVATE;
        boolean spi = irq >= Intid.PRIVATE && irq <= Intid.MAX_SPI;
        if (controller == null || !(ppi || spi) || !pmu.vm().isIrqValid(irq, ppi)) {
            return EINVAL;
        }
        if (pmu.irq() != VcpuPmu.NO_IRQ) {
            return EBUSY;
        }
        pmu.setIrq(irq);
        return 0;
    }

    /// `kvm_arm_pmu_v3_init`.
    private int init(@Nullable Vgic controller, @Nullable VgicVcpu vcpu) {
        if (controller != null) {
            if (!controller.isInitialized()) {
                return ENODEV;
            }
            if (pmu.irq() == VcpuPmu.NO_IRQ) {
                return ENXIO;
            }
            int result = controller.setOwner(vcpu, pmu.irq());
            if (result < 0) {
                return result;
            }
        }
        pmu.create();
        return 0;
    }
}
