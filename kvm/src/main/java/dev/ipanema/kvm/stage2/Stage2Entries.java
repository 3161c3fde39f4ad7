package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalRegion;
import dev.ipanema.machine.memory.PhysicalWindow;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// The entries of one stage-2 table in simulated memory, with their references, and the ways in which an
/// entry may change: set in place, or broken and made.
///
/// Named invariants:
/// - `BBM`: no entry goes from one valid address or type to another without having been LOCKED and
///   invalidated.
/// - `counted`: a table page has one reference from its allocation and one for each entry that is not zero.
/// - `grace-period`: a table page that a shared walker may still read is freed by an exclusive walk only.
final class Stage2Entries {
    /// Types of invalid entries in bits 63:60 (Linux `enum kvm_invalid_pte_type`).
    static final int TYPE_LOCKED = 1;
    static final int TYPE_DONATED = 2;
    static final int TYPE_POISONED = 3;

    static final long LOCKED = Stage2Descriptor.annotation(TYPE_LOCKED);
    static final int ENTRY_BYTES = Long.BYTES;

    private static final long[] NONE = {};

    /// Pages of one range invalidation: (31 + 1) << 16 (Linux `MAX_TLBI_RANGE_PAGES`).
    private static final int MAX_TLBI_RANGE_PAGES_SHIFT = 21;

    final Stage2Config config;
    final Stage2Ops ops;
    final TableReferences references;
    final Granule granule;
    final boolean oa52;
    final long pageBytes;

    private final TablePages pages;
    private final PhysicalWindow[] windows;
    private final int normalMemAttr;
    private final ArrayDeque<long[]> detached = new ArrayDeque<>();
    private PhysicalWindow recent;
    private volatile boolean anyDetached;

    Stage2Entries(PhysicalMemory memory, TablePages pages, Stage2Config config, Stage2Ops ops) {
        this.pages = pages;
        this.config = config;
        this.ops = ops;
        this.granule = config.granule();
        this.oa52 = config.oa52();
        this.pageBytes = granule.bytes();
        this.references = new TableReferences(granule.shift());
        this.normalMemAttr = config.fwb() ? Stage2MemAttr.FWB_NORMAL_WB : Stage2MemAttr.NORMAL_WB;
        List<PhysicalWindow> all = new ArrayList<>();
        for (PhysicalRegion region : memory.regions()) {
            if (region.isRam()) {
                all.add(memory.window(Agent.KVM, MemoryAttributes.NORMAL_WB, region.base(), region.size()));
            }
        }
        if (all.isEmpty()) {
            throw new IllegalArgumentException("No RAM for stage-2 tables");
        }
        this.windows = all.toArray(PhysicalWindow[]::new);
        this.recent = windows[0];
    }

    // ---- memory ---------------------------------------------------------------------------------------------------

    /// {@return the window that an entry lies in}
    PhysicalWindow window(long entryPa) {
        // RACE: a hint; every window is immutable and checks its own bounds.
        PhysicalWindow window = recent;
        return window.contains(entryPa) ? window : otherWindow(entryPa);
    }

    private PhysicalWindow otherWindow(long entryPa) {
        for (PhysicalWindow window : windows) {
            if (window.contains(entryPa)) {
                recent = window;
                return window;
            }
        }
        throw new IllegalStateException("Stage-2 table outside of memory: 0x" + Long.toHexString(entryPa));
    }

    long get(long entryPa) {
        PhysicalWindow window = window(entryPa);
        return window.getLongVolatile(entryPa - window.basePa());
    }

    void set(long entryPa, long value) {
        PhysicalWindow window = window(entryPa);
        window.setLongRelease(entryPa - window.basePa(), value);
    }

    boolean compareAndSet(long entryPa, long expected, long value) {
        PhysicalWindow window = window(entryPa);
        return window.compareAndSetLong(entryPa - window.basePa(), expected, value);
    }

    /// Sets an entry that held `old`: by compare-and-set in a shared walk (Linux `stage2_try_set_pte`).
    boolean trySet(long entryPa, long old, long value, int flags) {
        if ((flags & WalkFlags.SHARED) != 0) {
            return compareAndSet(entryPa, old, value);
        }
        set(entryPa, value);
        return true;
    }

    // ---- references -----------------------------------------------------------------------------------------------

    /// {@return whether an entry holds a reference on its page: every entry that is not zero}
    static boolean isCounted(long entry) {
        return entry != 0;
    }

    long pageOf(long entryPa) {
        return entryPa & -pageBytes;
    }

    /// {@return the page of a new table from a cache, with its reference, or -1}
    long takePage(TablePageCache cache) {
        long page = cache.take();
        if (page >= 0) {
            references.set(page, 1);
        }
        return page;
    }

    /// Frees a page that no walker can reach.
    void freePage(long page) {
        references.set(page, 0);
        pages.free(page, pageBytes);
    }

    /// {@return memory for the tables of the start level, with their references, or -1}
    long allocateRoot() {
        long bytes = config.geometry().pgdBytes();
        long root = pages.allocate(bytes);
        if (root >= 0) {
            for (long offset = 0; offset < bytes; offset += pageBytes) {
                references.set(root + offset, 1);
            }
        }
        return root;
    }

    void freeRoot(long root) {
        long bytes = config.geometry().pgdBytes();
        for (long offset = 0; offset < bytes; offset += pageBytes) {
            references.set(root + offset, 0);
        }
        pages.free(root, bytes);
    }

    /// Puts a table aside that has been unlinked by a walk that may be shared (invariant `grace-period`).
    ///
    /// @param level the level of the entry that pointed at it
    void detach(long tablePa, int level) {
        synchronized (detached) {
            detached.addLast(new long[] {tablePa, level});
            anyDetached = true;
        }
    }

    /// {@return a table put aside, as {address, level}, or an empty array}
    long[] pollDetached() {
        if (!anyDetached) {
            return NONE;
        }
        synchronized (detached) {
            long[] next = detached.pollFirst();
            anyDetached = next != null;
            return next == null ? NONE : next;
        }
    }

    // ---- what entries are -----------------------------------------------------------------------------------------

    long leaf(long pa, int level, long attributes) {
        return Stage2Descriptor.leaf(pa, level, attributes, granule, oa52);
    }

    long table(long pa) {
        return Stage2Descriptor.table(pa, granule, oa52);
    }

    long tableAddress(long entry) {
        return Stage2Descriptor.tableAddress(entry, granule, oa52);
    }

    long outputAddress(long entry, int level) {
        return Stage2Descriptor.outputAddress(entry, level, granule, oa52);
    }

    /// {@return whether a valid leaf is cacheable: its MemAttr is the Normal encoding of these tables}
    boolean isCacheable(long entry) {
        return Stage2Descriptor.memAttr(entry) == normalMemAttr;
    }

    /// {@return whether somebody may execute from a valid leaf}
    static boolean isExecutable(long entry) {
        return (entry & Stage2Descriptor.XN_FIELD) != Stage2Descriptor.xnBits(false, false);
    }

    // ---- break before make ----------------------------------------------------------------------------------------

    /// Breaks an entry: LOCKED takes its place, and what TLBs hold of it is invalidated
    /// (Linux `stage2_try_break_pte`).
    ///
    /// @return false when another walker was faster; nothing has changed then
    boolean tryBreak(long entryPa, long old, long ipa, int level, int flags) {
        if (old == LOCKED || !trySet(entryPa, old, LOCKED, flags)) {
            return false;
        }
        if ((flags & WalkFlags.SKIP_BBM_TLBI) == 0) {
            if (Stage2Descriptor.isTable(old, level)) {
                long size = granule.levelSize(level);
                tlbiRange(ipa & -size, size);
            } else if (Stage2Descriptor.isValid(old)) {
                ops.tlbiIpa(ipa, level);
            }
        }
        if (isCounted(old)) {
            references.add(pageOf(entryPa), -1);
        }
        return true;
    }

    /// Makes a broken entry (Linux `stage2_make_pte`): what it points at is visible before it is.
    void make(long entryPa, long entry) {
        if (isCounted(entry)) {
            references.add(pageOf(entryPa), 1);
        }
        set(entryPa, entry);
    }

    /// The maintenance that comes before a leaf becomes valid: data, then instructions.
    void maintainBeforeMake(long entry, int level, int flags) {
        if ((flags & WalkFlags.SKIP_CMO) != 0) {
            return;
        }
        long size = granule.levelSize(level);
        if (isCacheable(entry)) {
            ops.dcacheCleanInvalPoc(outputAddress(entry, level), size, Stage2Ops.Cause.MAP);
        }
        if (isExecutable(entry)) {
            ops.icacheInvalPou(outputAddress(entry, level), size);
        }
    }

    /// Invalidates a range in pieces that hardware takes, or everything without FEAT_TLBIRANGE
    /// (Linux `kvm_tlb_flush_vmid_range`).
    void tlbiRange(long ipa, long size) {
        if (!config.tlbiRange()) {
            ops.tlbiVmid();
            return;
        }
        long most = pageBytes << MAX_TLBI_RANGE_PAGES_SHIFT;
        long at = ipa;
        long rest = size;
        while (rest > 0) {
            long piece = Math.min(rest, most);
            ops.tlbiRange(at, piece);
            at += piece;
            rest -= piece;
        }
    }
}
