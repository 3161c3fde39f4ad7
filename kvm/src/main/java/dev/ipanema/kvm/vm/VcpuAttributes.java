package dev.ipanema.kvm.vm;

import dev.ipanema.arm.gic.Intid;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.kvm.vgic.VgicVcpu;
import dev.ipanema.machine.cpu.El1Timer;
import org.jspecify.annotations.Nullable;

/// Attributes of a vCPU's own (`arch/arm64/kvm/guest.c:kvm_arm_vcpu_arch_set_attr`): the interrupts of the timers, and
/// where stolen time is told; those of the performance monitors are [PmuAttributes].
final class VcpuAttributes {
    private static final int ENXIO = Errno.ENXIO.negated();

    private VcpuAttributes() {}

    static boolean has(Vcpu vcpu, int group, long attr) {
        if (group == KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_CTRL) {
            return vcpu.pmuAttributes().has(attr);
        }
        return timer(group, attr) != null || isPvTime(group, attr);
    }

    private static @Nullable El1Timer timer(int group, long attr) {
        if (group != KvmDeviceUapi.KVM_ARM_VCPU_TIMER_CTRL) {
            return null;
        }
        if (attr == KvmDeviceUapi.KVM_ARM_VCPU_TIMER_IRQ_VTIMER) {
            return El1Timer.VIRTUAL;
        }
        return attr == KvmDeviceUapi.KVM_ARM_VCPU_TIMER_IRQ_PTIMER ? El1Timer.PHYSICAL : null;
    }

    private static boolean isPvTime(int group, long attr) {
        return group == KvmDeviceUapi.KVM_ARM_VCPU_PVTIME_CTRL && attr == KvmDeviceUapi.KVM_ARM_VCPU_PVTIME_IPA;
    }

    /// {@return 0, or -ENXIO, -EINVAL for a value that cannot be or a timer without a vGIC, -EBUSY after a vCPU ran,
    /// -EEXIST for a second place of stolen time}
    static int set(Vm vm, Vcpu vcpu, int group, long attr, long value) {
        if (group == KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_CTRL) {
            VgicVcpu interrupts = vcpu.interrupts().vgic();
            return vcpu.pmuAttributes().set(attr, value, vm.vgic(), interrupts, vm.hasRunOnce());
        }
        if (isPvTime(group, attr)) {
            return vcpu.pvTime().place(value);
        }
        El1Timer timer = timer(group, attr);
        if (timer == null) {
            return ENXIO;
        }
        if (vm.vgic() == null || value < Intid.SGIS || value >= Intid.PRIVATE) {
            return Errno.EINVAL.negated();
        }
        return vm.timerIrqs().set(timer, (int) value) ? 0 : Errno.EBUSY.negated();
    }

    /// {@return 0 with the value, or -ENXIO}
    static int get(Vm vm, Vcpu vcpu, int group, long attr, long[] value) {
        if (group == KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_CTRL) {
            return vcpu.pmuAttributes().get(attr, value, vm.vgic());
        }
        El1Timer timer = timer(group, attr);
        if (timer != null) {
            value[0] = vm.timerIrqs().of(timer);
            return 0;
        }
        if (isPvTime(group, attr)) {
            value[0] = vcpu.pvTime().base();
            return 0;
        }
        return ENXIO;
    }
}
