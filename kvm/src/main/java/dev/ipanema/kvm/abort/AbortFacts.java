package dev.ipanema.kvm.abort;

import dev.ipanema.arm.exception.FaultStatus;

/// What `kvm_handle_guest_abort` knows of an abort when it decides where to send it.
///
/// @param fsc fault status code, ESR_EL2.DFSC or IFSC (Arm ARM D24.2.40)
/// @param iabt an instruction abort (EC 0x20), otherwise a data abort (EC 0x24)
/// @param s1ptw ESR_EL2.S1PTW: the access was a stage-1 table walk
/// @param cm ESR_EL2.CM: cache maintenance or address translation
/// @param wnr ESR_EL2.WnR
/// @param ipaValid the IPA is known
/// @param zone where the IPA lies
/// @param slot what the memslot lookup found
/// @param gmem the slot is backed by a guest_memfd
public record AbortFacts(
        int fsc,
        boolean iabt,
        boolean s1ptw,
        boolean cm,
        boolean wnr,
        boolean ipaValid,
        IpaZone zone,
        SlotState slot,
        boolean gmem) {

    /// {@return whether the abort counts as a write (`kvm_is_write_fault`): a table walk by its permission fault
    /// alone, a fetch never, everything else by WnR}
    public boolean write() {
        if (s1ptw) {
            return FaultStatus.isPermission(fsc);
        }
        return !iabt && wnr;
    }

    /// {@return whether the abort counts as a fetch (`kvm_vcpu_trap_is_exec_fault`)}
    public boolean exec() {
        return iabt && !s1ptw;
    }
}
