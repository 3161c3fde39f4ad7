package dev.ipanema.host.mm;

/// Told before and after the host changes or removes page-table entries, so that a secondary MMU (KVM's
/// stage 2) can drop what it derived from them. Ranges are `[start, end)`, page-aligned virtual addresses.
///
/// Called with `mmap_lock` held or not, never with the page-table lock held. `invalidateRangeStart` and
/// `invalidateRangeEnd` come in pairs; entries change between them. The callee keeps its own sequence
/// count.
///
/// Source: Linux `include/linux/mmu_notifier.h:struct mmu_notifier_ops`.
public interface MmuNotifier {
    /// Entries in the range are about to go away or to lose permissions.
    void invalidateRangeStart(long start, long end);

    /// The change announced by [#invalidateRangeStart(long, long)] is done.
    void invalidateRangeEnd(long start, long end);

    /// Clears the access flag and flushes.
    ///
    /// @return whether any mapping in the range was accessed
    boolean clearFlushYoung(long start, long end);

    /// Clears the access flag without flushing.
    ///
    /// @return whether any mapping in the range was accessed
    boolean clearYoung(long start, long end);

    /// {@return whether the mapping at `hva` was accessed}
    boolean testYoung(long hva);

    /// The address space ends.
    void release();
}
