package dev.ipanema.kvm.trace;

/// Listener to what KVM does. The first group carries the names and the arguments, in order, of the kernel's
/// tracepoints (`arch/arm64/kvm/trace_arm.h`, `trace_handle_exit.h`); the second is this project's own: what the
/// fault path asks of the stage-2 page-table code, and the maintenance that this code asks for.
///
/// Called on the thread that does the work, with locks held: a listener must not call back into KVM.
public interface KvmTrace {
    /// Listens to nothing.
    KvmTrace NONE = new KvmTrace() {};

    /// `kvm:kvm_entry`.
    ///
    /// @param pc guest PC
    default void kvmEntry(long pc) {}

    /// `kvm:kvm_exit`.
    ///
    /// @param ret why the guest was left: 2 for a trap, 0 for an interrupt (`ARM_EXCEPTION_TRAP`,
    ///     `ARM_EXCEPTION_IRQ`)
    /// @param esrEc exception class of ESR_EL2
    /// @param pc guest PC
    default void kvmExit(int ret, int esrEc, long pc) {}

    /// `kvm:kvm_guest_fault`.
    ///
    /// @param hsr ESR_EL2
    /// @param hxfar FAR_EL2
    default void kvmGuestFault(long pc, long hsr, long hxfar, long ipa) {}

    /// `kvm:kvm_access_fault`.
    default void kvmAccessFault(long ipa) {}

    /// `kvm:kvm_mmio_emulate`.
    ///
    /// @param instr the instruction, when it was read
    /// @param cpsr guest PSTATE
    default void kvmMmioEmulate(long pc, long instr, long cpsr) {}

    /// `kvm:kvm_mmio_nisv`.
    default void kvmMmioNisv(long pc, long esr, long far, long ipa) {}

    /// `kvm:kvm_set_way_flush`.
    ///
    /// @param cache whether the guest's caches are on
    default void kvmSetWayFlush(long pc, boolean cache) {}

    /// `kvm:kvm_toggle_cache`.
    default void kvmToggleCache(long pc, boolean was, boolean now) {}

    /// `kvm_pgtable_stage2_map` is entered; the maintenance that it asks for follows.
    ///
    /// @param prot flags of `Stage2Prot`
    default void stage2Map(long ipa, long size, long pa, int prot) {}

    /// `kvm_pgtable_stage2_relax_perms` is entered.
    default void stage2RelaxPerms(long ipa, int prot) {}

    /// `kvm_pgtable_stage2_unmap` is entered.
    default void stage2Unmap(long ipa, long size) {}

    /// `kvm_pgtable_stage2_flush` is entered.
    default void stage2Flush(long ipa, long size) {}

    /// The data-cache callback of the page-table code is called, before the operation that needs it returns.
    ///
    /// @param performed whether a clean and invalidate to PoC follows; FEAT_S2FWB makes it unnecessary
    default void dcacheCleanInvalPoc(long pa, long size, boolean performed) {}

    /// The instruction-cache callback of the page-table code is called.
    ///
    /// @param performed whether an invalidation to PoU follows; CTR_EL0.DIC makes it unnecessary
    default void icacheInvalPou(long pa, long size, boolean performed) {}
}
