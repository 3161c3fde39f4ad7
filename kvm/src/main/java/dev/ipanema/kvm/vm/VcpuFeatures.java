package dev.ipanema.kvm.vm;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;

/// The optional features of `KVM_ARM_VCPU_INIT` (`include/uapi/asm/kvm.h`, `arch/arm64/kvm/arm.c:
/// kvm_vcpu_init_check_features`).
public final class VcpuFeatures {
    /// `KVM_ARM_VCPU_PMU_V3`: the guest has performance monitors.
    public static final int KVM_ARM_VCPU_PMU_V3 = 1 << 3;

    /// `KVM_ARM_VCPU_PTRAUTH_ADDRESS`: the guest may sign pointers.
    public static final int KVM_ARM_VCPU_PTRAUTH_ADDRESS = 1 << 5;

    /// `KVM_ARM_VCPU_PTRAUTH_GENERIC`: the guest may use PACGA.
    public static final int KVM_ARM_VCPU_PTRAUTH_GENERIC = 1 << 6;

    private static final int POINTER_AUTHENTICATION = KVM_ARM_VCPU_PTRAUTH_ADDRESS | KVM_ARM_VCPU_PTRAUTH_GENERIC;

    private VcpuFeatures() {}

    /// {@return the features that a host with such CPUs can give}
    public static int supported(CpuModel model) {
        return Vcpu.KVM_ARM_VCPU_PSCI_0_2
                | (model.has(CpuFeature.PMU) ? KVM_ARM_VCPU_PMU_V3 : 0)
                | (model.pauthLevel() > 0 ? POINTER_AUTHENTICATION : 0);
    }

    /// {@return whether a vCPU can be had with these features: all are supported, and both kinds of pointer
    /// authentication come together}
    static boolean areValid(int features, CpuModel model) {
        int pauth = features & POINTER_AUTHENTICATION;
        return (features & ~supported(model)) == 0 && (pauth == 0 || pauth == POINTER_AUTHENTICATION);
    }

    /// {@return whether the guest has performance monitors}
    static boolean performanceMonitors(int features) {
        return (features & KVM_ARM_VCPU_PMU_V3) != 0;
    }

    /// {@return whether the guest has pointer authentication}
    static boolean pointerAuthentication(int features) {
        return (features & KVM_ARM_VCPU_PTRAUTH_ADDRESS) != 0;
    }
}
