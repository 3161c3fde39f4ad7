package dev.ipanema.kvm.abort;

import dev.ipanema.kvm.memslot.Memslot;

/// What handling a fault does to the vCPU beyond its stage-2 tables.
interface VcpuEffects {
    /// Gives the guest a data abort with FSC 0x35 (`kvm_inject_dabt_excl_atomic`).
    void injectExclusiveAtomic();

    /// Sends the VMM's thread SIGBUS with code BUS_MCEERR_AR (`kvm_send_hwpoison_signal`).
    ///
    /// @param lsb log2 of the bytes that are lost
    void sendHwpoisonSignal(long hva, int lsb);

    /// Records a write of the guest (`mark_page_dirty_in_slot`).
    void markPageDirty(Memslot slot, long gfn);
}
