package dev.ipanema.kvm.vm;

import dev.ipanema.arm.cpu.GuestIdMask;
import dev.ipanema.arm.pauth.PacKey;
import dev.ipanema.arm.register.IdAa64Pfr0El1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.cpu.CpuContext;

/// The identification registers that one vCPU shows: what a guest may see of the processor, less what
/// `KVM_ARM_VCPU_INIT` did not ask for (`arch/arm64/kvm/sys_regs.c:__kvm_read_sanitised_id_reg`).
final class GuestIds {
    private final Vm vm;
    private final CpuContext cpu;
    private boolean pointerAuthentication;
    private boolean performanceMonitors;

    GuestIds(Vm vm, CpuContext cpu) {
        this.vm = vm;
        this.cpu = cpu;
    }

    /// Takes over the features of the vCPU.
    ///
    /// @param features `KVM_ARM_VCPU_…`
    void init(int features) {
        pointerAuthentication = VcpuFeatures.pointerAuthentication(features);
        performanceMonitors = VcpuFeatures.performanceMonitors(features);
    }

    /// {@return the value of an identification register}
    long read(SysReg reg) {
        long value = cpu.get(reg);
        if (reg == SysReg.ID_AA64PFR0_EL1) {
            return IdAa64Pfr0El1.withGic(value, vm.hasVgicV3());
        }
        long hidden = (pointerAuthentication ? 0 : GuestIdMask.pointerAuthentication(reg))
                | (performanceMonitors ? 0 : GuestIdMask.performanceMonitors(reg));
        return value & ~hidden;
    }

    /// {@return whether the guest has the register: not the keys of pointer authentication without the feature}
    boolean has(SysReg reg) {
        return pointerAuthentication || !PacKey.isHalfOf(reg);
    }
}
