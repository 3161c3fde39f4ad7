package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.machine.memory.PhysicalMemory;
import org.jspecify.annotations.Nullable;

/// The stage-2 page table of one VM, built in simulated physical memory (Linux 7.3
/// `arch/arm64/kvm/hyp/pgtable.c`, `struct kvm_pgtable`; spec 03).
///
/// Results are 0 or a negated [Errno]; -ERANGE for a range beyond the IPA space, -EINVAL after
/// [#destroy()].
///
/// ## Locking
/// The caller has a readers-writer lock (KVM's `mmu_lock`). [#map], [#mkyoung] and [#relaxPerms] with
/// [WalkFlags#SHARED], and [#leaf], run under its read side and may run at the same time as each other; all
/// else runs under its write side. A shared walk that loses a race returns -EAGAIN: the guest is resumed
/// and faults again if it still has to.
///
/// Invariants `BBM`, `counted` and `grace-period` are described where entries change, in `Stage2Entries`. A
/// table that a shared walk unlinked is freed by the next operation under the write lock, or by
/// [#reclaim()].
public final class Stage2PageTable {
    /// Type of an invalid entry for memory given away (Linux `KVM_HOST_INVALID_PTE_TYPE_DONATION`).
    public static final int ANNOTATION_DONATED = Stage2Entries.TYPE_DONATED;
    /// Type of an invalid entry for poisoned memory.
    public static final int ANNOTATION_POISONED = Stage2Entries.TYPE_POISONED;

    /// All combinations of the flags of [Stage2Prot], of which SW3 is the highest.
    private static final int PROTECTIONS = Stage2Prot.SW3 << 1;

    private static final int EINVAL = Errno.EINVAL.negated();
    private static final int EAGAIN = Errno.EAGAIN.negated();
    private static final int ERANGE = Errno.ERANGE.negated();

    private final Stage2Config config;
    private final Stage2Entries entries;
    private final long limit;
    private final long paLimit;
    private final long[] attributes = new long[PROTECTIONS];
    private final @Nullable Fast4K fast;
    private long root;

    /// Creates an empty table.
    ///
    /// @param memory where tables live; its RAM regions must not change
    /// @param pages where table pages come from
    /// @throws OutOfTablePagesException when there is no memory for the start level
    public Stage2PageTable(PhysicalMemory memory, TablePages pages, Stage2Config config, Stage2Ops ops) {
        this(memory, pages, config, ops, true);
    }

    /// @param specialised false for the generic walker alone, whatever the shape
    Stage2PageTable(PhysicalMemory memory, TablePages pages, Stage2Config config, Stage2Ops ops, boolean specialised) {
        this.config = config;
        this.entries = new Stage2Entries(memory, pages, config, ops);
        this.paLimit = 1L << config.paBits();
        this.limit = 1L << config.geometry().ipaBits();
        this.root = entries.allocateRoot();
        if (root < 0) {
            throw new OutOfTablePagesException(config.geometry().pgdBytes());
        }
        this.fast = specialised && Fast4K.fits(config) ? new Fast4K(entries, root) : null;
    }

    /// {@return what it was made for}
    public Stage2Config config() {
        return config;
    }

    /// {@return physical address of the tables of the start level, for VTTBR_EL2; -1 after [#destroy()]}
    public long rootPa() {
        return root;
    }

    /// {@return VTCR_EL2 for it}
    public long vtcr() {
        return config.vtcr();
    }

    /// {@return whether an IPA lies inside its space}
    public boolean contains(long ipa) {
        return config.geometry().contains(ipa);
    }

    /// {@return references of a table page: 1 when it is empty, 0 when it is none of these tables}
    public int references(long tablePa) {
        return entries.references.count(tablePa);
    }

    private int checkRange(long ipa, long size) {
        if (ipa < 0 || size < 0 || ipa > limit || size > limit - ipa) {
            return ERANGE;
        }
        return root < 0 ? EINVAL : 0;
    }

    private long alignDown(long address) {
        return address & -entries.pageBytes;
    }

    private long endOf(long ipa, long size) {
        return alignDown(alignDown(ipa) + size + entries.pageBytes - 1);
    }

    private int walk(long ipa, long size, int flags, Walk.Visitor visitor) {
        return new Walk(entries, flags, visitor).run(root, ipa, size);
    }

    // ---- map ------------------------------------------------------------------------------------------------------

    /// Maps `[ipa, ipa+size)` to physical memory from `pa` on, with the largest blocks that fit
    /// (`kvm_pgtable_stage2_map`).
    ///
    /// An entry that would only change permissions is left alone: -EAGAIN, use [#relaxPerms]. A smaller
    /// mapping inside a block replaces it by a table in which only the requested range is mapped; a block
    /// over a table replaces it.
    ///
    /// @param prot flags of [Stage2Prot]
    /// @param cache where new tables come from; null when none may be needed
    /// @param flags [WalkFlags#SHARED], [WalkFlags#IGNORE_EAGAIN], [WalkFlags#SKIP_CMO] or 0
    /// @return 0, -EAGAIN, -ENOMEM when the cache is empty, -EINVAL for a protection that cannot be or an
    /// address beyond the physical address size, -ERANGE
    public int map(long ipa, long size, long pa, int prot, @Nullable TablePageCache cache, int flags) {
        long attributes = attributes(prot);
        if (attributes < 0) {
            return (int) attributes;
        }
        int ret = beginWalk(ipa, size, flags);
        if (ret != 0) {
            return ret;
        }
        long first = alignDown(pa);
        long end = endOf(ipa, size);
        if (first < 0 || first > paLimit - (end - alignDown(ipa))) {
            return EINVAL;
        }
        Fast4K shortcut = (flags & WalkFlags.SKIP_CMO) == 0 ? fast : null;
        if (shortcut != null && shortcut.mapPage(ipa, size, first, attributes, flags)) {
            return 0;
        }
        if (shortcut != null) {
            ret = shortcut.map(alignDown(ipa), end, first, attributes, cache, flags);
        } else {
            MapVisitor visitor = MapVisitor.leaves(first, attributes, cache, false);
            ret = walk(ipa, size, flags | WalkFlags.LEAF | WalkFlags.TABLE_PRE, visitor);
        }
        if ((flags & WalkFlags.SHARED) == 0) {
            reclaim();
        }
        return ret;
    }

    /// {@return the attribute bits of a protection, or a negated errno; encoded once for each}
    private long attributes(int prot) {
        if ((prot & -PROTECTIONS) == 0) {
            // RACE: threads that encode the same protection store the same value; 0 is none.
            long known = attributes[prot];
            if (known != 0) {
                return known;
            }
        }
        long encoded = Stage2Prot.encode(prot, config.fwb(), config.lpa2(), config.xnx());
        if ((prot & -PROTECTIONS) == 0) {
            attributes[prot] = encoded;
        }
        return encoded;
    }

    /// Writes invalid entries of a software type over each page of a range; what was mapped there is broken
    /// (`kvm_pgtable_stage2_annotate`). They count as entries and are removed by [#unmap].
    ///
    /// @param type [#ANNOTATION_DONATED] or [#ANNOTATION_POISONED]
    public int annotate(long ipa, long size, @Nullable TablePageCache cache, int type) {
        int ret = beginWalk(ipa, size, 0);
        if (ret != 0) {
            return ret;
        }
        if (type != ANNOTATION_DONATED && type != ANNOTATION_POISONED) {
            return EINVAL;
        }
        MapVisitor visitor = MapVisitor.annotations(Stage2Descriptor.annotation(type), cache);
        return walk(ipa, size, WalkFlags.LEAF, visitor);
    }

    /// Checks the range; under the write lock also frees what shared walks unlinked.
    private int beginWalk(long ipa, long size, int flags) {
        int ret = checkRange(ipa, size);
        if (ret == 0 && (flags & WalkFlags.SHARED) == 0) {
            reclaim();
        }
        return ret;
    }

    // ---- unmap ----------------------------------------------------------------------------------------------------

    /// Unmaps a range, and all of a block that it touches (`kvm_pgtable_stage2_unmap`).
    public int unmap(long ipa, long size) {
        int ret = beginWalk(ipa, size, 0);
        if (ret != 0) {
            return ret;
        }
        if (fast != null) {
            fast.range(Fast4K.UNMAP, alignDown(ipa), endOf(ipa, size));
        } else {
            walk(ipa, size, WalkFlags.LEAF | WalkFlags.TABLE_POST, new UnmapVisitor());
        }
        if (config.defersUnmapTlbi()) {
            entries.tlbiRange(ipa, size);
        }
        return 0;
    }

    // ---- attributes -----------------------------------------------------------------------------------------------

    /// Takes write permission from a range (`kvm_pgtable_stage2_wrprotect`). The caller invalidates TLBs.
    public int wrprotect(long ipa, long size) {
        int ret = beginWalk(ipa, size, 0);
        if (ret != 0) {
            return ret;
        }
        if (fast != null) {
            fast.range(Fast4K.WRPROTECT, alignDown(ipa), endOf(ipa, size));
            return 0;
        }
        AttributeVisitor visitor = new AttributeVisitor(0, Stage2Descriptor.S2AP_W);
        return walk(ipa, size, WalkFlags.LEAF | WalkFlags.IGNORE_EAGAIN, visitor);
    }

    /// Sets the access flag of the leaf of an IPA (`kvm_pgtable_stage2_mkyoung`).
    ///
    /// @param flags [WalkFlags#SHARED] or 0
    /// @return 0, or -EAGAIN when nothing is mapped there
    public int mkyoung(long ipa, int flags) {
        int level = updateLeaf(ipa, Stage2Descriptor.AF, 0, flags);
        return Math.min(level, 0);
    }

    /// Tells whether a range has been accessed (`kvm_pgtable_stage2_test_clear_young`). The caller
    /// invalidates TLBs if it wants to.
    ///
    /// @param makeOld whether the access flags are cleared
    /// @return whether any leaf had its access flag set; false beyond the IPA space
    public boolean testClearYoung(long ipa, long size, boolean makeOld) {
        if (beginWalk(ipa, size, 0) != 0) {
            return false;
        }
        if (fast != null) {
            return fast.range(makeOld ? Fast4K.MAKE_OLD : Fast4K.TEST_YOUNG, alignDown(ipa), endOf(ipa, size));
        }
        AgeVisitor visitor = new AgeVisitor(makeOld);
        walk(ipa, size, WalkFlags.LEAF, visitor);
        return visitor.young();
    }

    /// Adds permissions to the leaf of an IPA (`kvm_pgtable_stage2_relax_perms`): R and W are added,
    /// execution becomes what is asked for, if it is. The memory type stays. Invalidates the calling
    /// processing element's TLB, also on -EAGAIN: others fault once more.
    ///
    /// @param prot flags R, W, PX and UX of [Stage2Prot]; a software bit is -EINVAL
    /// @param flags [WalkFlags#SHARED] or 0
    public int relaxPerms(long ipa, int prot, int flags) {
        if ((prot & Stage2Prot.SOFTWARE) != 0) {
            return EINVAL;
        }
        boolean px = (prot & Stage2Prot.PX) != 0;
        boolean ux = (prot & Stage2Prot.UX) != 0;
        if (px != ux && !config.xnx()) {
            return EINVAL;
        }
        long set = ((prot & Stage2Prot.R) != 0 ? Stage2Descriptor.S2AP_R : 0)
                | ((prot & Stage2Prot.W) != 0 ? Stage2Descriptor.S2AP_W : 0)
                | (px || ux ? Stage2Descriptor.xnBits(px, ux) : 0);
        long clear = px || ux ? Stage2Descriptor.XN_FIELD : 0;
        int level = updateLeaf(ipa, set, clear, flags);
        if (level >= 0) {
            entries.ops.tlbiIpaLocal(ipa, level);
        } else if (level == EAGAIN) {
            entries.ops.tlbiIpaLocal(ipa, Stage2Ops.LEVEL_UNKNOWN);
        }
        return Math.min(level, 0);
    }

    /// {@return the level of the leaf, or a negated errno}
    private int updateLeaf(long ipa, long set, long clear, int flags) {
        int ret = checkRange(ipa, 1);
        if (ret != 0) {
            return ret;
        }
        if (fast != null) {
            return fast.updateLeaf(ipa, set, clear, flags);
        }
        AttributeVisitor visitor = new AttributeVisitor(set, clear);
        ret = walk(ipa, 1, flags | WalkFlags.LEAF, visitor);
        return ret == 0 ? visitor.level() : ret;
    }

    // ---- flush, split ---------------------------------------------------------------------------------------------

    /// Cleans and invalidates the data of all cacheable leaves of a range to the point of coherency; does
    /// nothing with FEAT_S2FWB (`kvm_pgtable_stage2_flush`).
    public int flush(long ipa, long size) {
        int ret = checkRange(ipa, size);
        if (ret != 0 || config.fwb()) {
            return ret;
        }
        return walk(ipa, size, WalkFlags.LEAF, new FlushVisitor());
    }

    /// Replaces the blocks of a range by tables of pages (`kvm_pgtable_stage2_split`).
    ///
    /// A level-1 block needs 513 pages of the cache (4 KiB granule) to be split in one step; with fewer it
    /// is split level by level.
    ///
    /// @return 0, or -ENOMEM when the cache is empty
    public int split(long ipa, long size, TablePageCache cache) {
        int ret = beginWalk(ipa, size, 0);
        return ret != 0 ? ret : walk(ipa, size, WalkFlags.LEAF, new SplitVisitor(cache, fast != null));
    }

    // ---- lookup ---------------------------------------------------------------------------------------------------

    /// {@return the entry at which the walk of an IPA ends (`kvm_pgtable_get_leaf`); beyond the IPA space,
    /// and after [#destroy()], an invalid entry of the start level}
    public Stage2Leaf leaf(long ipa) {
        if (fast != null && root >= 0 && ipa >= 0 && ipa < limit) {
            return fast.leaf(ipa);
        }
        return leafByWalk(ipa);
    }

    private Stage2Leaf leafByWalk(long ipa) {
        if (checkRange(ipa, 1) != 0) {
            return new Stage2Leaf(0, config.geometry().startLevel(), config.granule(), entries.oa52);
        }
        LeafVisitor visitor = new LeafVisitor();
        walk(ipa, 1, WalkFlags.LEAF, visitor);
        return new Stage2Leaf(visitor.descriptor(), visitor.level(), config.granule(), entries.oa52);
    }

    /// Visits every entry of the whole IPA space that is no table, in order.
    void forEachLeaf(LeafConsumer consumer) {
        if (root >= 0) {
            walk(0, limit, WalkFlags.LEAF, new LeafVisitor(consumer));
        }
    }

    /// Takes leaves of a walk.
    interface LeafConsumer {
        void leaf(long ipa, long descriptor, int level);
    }

    // ---- teardown -------------------------------------------------------------------------------------------------

    /// Frees tables that shared walks have unlinked (`kvm_pgtable_stage2_free_unlinked` out of an RCU
    /// callback). Under the write lock; every exclusive operation begins with it.
    public void reclaim() {
        for (long[] next = entries.pollDetached(); next.length != 0; next = entries.pollDetached()) {
            FreeVisitor.freeUnlinked(entries, next[0], (int) next[1]);
        }
    }

    /// Takes a range apart without invalidation or cache maintenance: no hardware uses the table any longer
    /// (`kvm_pgtable_stage2_destroy_range`). Works in pieces of the smallest block level's granule, so that
    /// a caller may reschedule between calls.
    public int destroyRange(long ipa, long size) {
        int ret = beginWalk(ipa, size, 0);
        if (ret != 0) {
            return ret;
        }
        Granule granule = config.granule();
        long chunk = granule.levelSize(granule.kvmMinBlockLevel());
        long end = ipa + size;
        for (long at = ipa; at < end && ret == 0; ) {
            long next = Math.min(end, (at & -chunk) + chunk);
            ret = walk(at, next - at, WalkFlags.LEAF | WalkFlags.TABLE_POST, new FreeVisitor());
            at = next;
        }
        return ret;
    }

    /// Frees everything (`kvm_pgtable_stage2_destroy`). The table cannot be used afterwards; a second call
    /// does nothing.
    public void destroy() {
        if (root < 0) {
            return;
        }
        reclaim();
        walk(0, limit, WalkFlags.LEAF | WalkFlags.TABLE_POST, new FreeVisitor());
        entries.freeRoot(root);
        root = -1;
    }
}
