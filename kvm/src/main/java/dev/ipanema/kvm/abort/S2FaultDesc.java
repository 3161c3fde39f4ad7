package dev.ipanema.kvm.abort;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.kvm.memslot.Memslot;

/// The fault that is being handled (`struct kvm_s2_fault_desc`): what does not change while it is.
///
/// @param ipa the faulting IPA
/// @param hva the VMM's address of its page
/// @param slot the slot it lies in
/// @param fsc fault status code
/// @param write a write fault
/// @param exec an instruction fetch
public record S2FaultDesc(long ipa, long hva, Memslot slot, int fsc, boolean write, boolean exec) {
    /// {@return whether it is a permission fault}
    public boolean permission() {
        return FaultStatus.isPermission(fsc);
    }

    /// {@return bytes of the stage-2 leaf that denied the access, 0 unless a permission fault
    /// (`kvm_vcpu_trap_get_perm_fault_granule`)}
    public long granule() {
        return permission() ? MappingSize.levelSize(FaultStatus.level(fsc)) : 0;
    }
}
