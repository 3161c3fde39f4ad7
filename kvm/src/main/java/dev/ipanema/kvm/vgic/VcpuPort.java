package dev.ipanema.kvm.vgic;

import dev.ipanema.machine.cpu.CpuContext;

/// What a vGIC needs of a vCPU.
public interface VcpuPort {
    /// {@return its number}
    int id();

    /// {@return the affinity fields of its MPIDR_EL1}
    long affinity();

    /// {@return its registers; touched by its thread, or while the guest is halted}
    CpuContext cpu();

    /// {@return whether it has ever run}
    boolean hasRunOnce();

    /// Makes it look at its interrupts: wakes it from WFI, or brings it out of the guest for a moment
    /// (`KVM_REQ_IRQ_PENDING` and `kvm_vcpu_kick`). Any thread may call it.
    void kickForInterrupt();
}
