package dev.ipanema.kvm.stage2;

/// Flags of a page-table walk (Linux `enum kvm_pgtable_walk_flags`; the numbers are this project's own).
public final class WalkFlags {
    /// Other walkers may be active: entries change by compare-and-set, under the caller's read lock.
    /// Without it the caller holds its write lock.
    public static final int SHARED = 1;
    /// -EAGAIN of a visitor counts as success.
    public static final int IGNORE_EAGAIN = 1 << 1;
    /// Visit entries that are no tables.
    static final int LEAF = 1 << 2;
    /// Visit tables before what they hold.
    static final int TABLE_PRE = 1 << 3;
    /// Visit tables after what they hold.
    static final int TABLE_POST = 1 << 4;
    /// No TLB invalidation when an entry is broken: the tables are not linked yet.
    static final int SKIP_BBM_TLBI = 1 << 5;
    /// No cache maintenance when a leaf is made.
    public static final int SKIP_CMO = 1 << 6;

    private WalkFlags() {}
}
