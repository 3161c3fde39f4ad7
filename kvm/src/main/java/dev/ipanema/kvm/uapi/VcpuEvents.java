package dev.ipanema.kvm.uapi;

/// The argument of `KVM_SET_VCPU_EVENTS` (`struct kvm_vcpu_events`, the exception part).
///
/// @param serrorPending an SError is pending
/// @param serrorHasEsr `serrorEsr` holds its syndrome
/// @param extDabtPending inject a synchronous external data abort; write only
/// @param serrorEsr the ISS of the SError
public record VcpuEvents(boolean serrorPending, boolean serrorHasEsr, boolean extDabtPending, long serrorEsr) {
    /// {@return the events that inject a synchronous external data abort}
    public static VcpuEvents extDabt() {
        return new VcpuEvents(false, false, true, 0);
    }
}
