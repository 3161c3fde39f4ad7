package dev.ipanema.kvm.stage2;

/// What page-table code asks of hardware: TLB invalidation for its VMID and cache maintenance. Calls come
/// from the thread that changes the tables, in the order in which hardware must see them; each is complete
/// when it returns (Linux `hyp/{vhe,nvhe}/tlb.c`, `struct kvm_pgtable_mm_ops`).
public interface Stage2Ops {
    /// Level hint when the level of the entry is not known (Linux `TLBI_TTL_UNKNOWN`).
    int LEVEL_UNKNOWN = Integer.MAX_VALUE;

    /// Which operation on the tables wants data maintained.
    enum Cause {
        /// A leaf is about to become valid.
        MAP,
        /// A leaf was removed.
        UNMAP,
        /// What is mapped is flushed.
        FLUSH
    }

    /// Invalidates what is cached of one IPA in the Inner Shareable domain: TLBI IPAS2E1IS, then VMALLE1IS
    /// (`__kvm_tlb_flush_vmid_ipa`).
    ///
    /// @param level level of the entry, or [#LEVEL_UNKNOWN]
    void tlbiIpa(long ipa, int level);

    /// The same for the calling processing element alone (`__kvm_tlb_flush_vmid_ipa_nsh`).
    void tlbiIpaLocal(long ipa, int level);

    /// Invalidates what is cached of a range: TLBI RIPAS2E1IS, then VMALLE1IS
    /// (`__kvm_tlb_flush_vmid_range`). Called only on hosts with FEAT_TLBIRANGE.
    void tlbiRange(long ipa, long size);

    /// Invalidates all of the VMID: TLBI VMALLS12E1IS (`__kvm_tlb_flush_vmid`).
    void tlbiVmid();

    /// Called for each cacheable leaf before it becomes valid, and when one is unmapped or flushed. An
    /// implementation does nothing with FEAT_S2FWB, else it cleans and invalidates data to the point of
    /// coherency (`clean_dcache_guest_page`).
    void dcacheCleanInvalPoc(long pa, long size, Cause cause);

    /// Called for each executable leaf before it becomes valid. An implementation does nothing with
    /// CTR_EL0.DIC, else it invalidates instructions to the point of unification
    /// (`invalidate_icache_guest_page`).
    void icacheInvalPou(long pa, long size);
}
