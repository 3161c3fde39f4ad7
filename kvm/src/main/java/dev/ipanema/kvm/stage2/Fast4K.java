package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.machine.memory.PhysicalWindow;
import org.jspecify.annotations.Nullable;

/// The same operations as the generic walker's for the common shape: 4 KiB granule, addresses in place (no
/// LPA2).
///
/// Each loop handles what is usual (an entry that is zero, a leaf of the expected kind) and leaves the rest
/// to the generic code, entry by entry. A differential test holds both to identical tables, references and
/// callbacks.
final class Fast4K {
    private static final Granule GRANULE = Granule.K4;
    private static final int LAST_LEVEL = 3;
    private static final int INDEX_MASK = GRANULE.entries() - 1;
    private static final int ENTRY_BYTES = Stage2Entries.ENTRY_BYTES;
    private static final int PAGE_SHIFT = GRANULE.shift();
    private static final int STRIDE = GRANULE.stride();

    /// Operations on a range of existing entries.
    static final int UNMAP = 0;
    static final int WRPROTECT = 1;
    static final int TEST_YOUNG = 2;
    static final int MAKE_OLD = 3;

    private static final long WRITABLE = Stage2Descriptor.VALID | Stage2Descriptor.S2AP_W;
    private static final long YOUNG = Stage2Descriptor.VALID | Stage2Descriptor.AF;

    private final Stage2Entries entries;
    private final long root;
    private final int startLevel;

    Fast4K(Stage2Entries entries, long root) {
        this.entries = entries;
        this.root = root;
        this.startLevel = entries.config.geometry().startLevel();
    }

    /// {@return whether tables have the shape that this class is for}
    static boolean fits(Stage2Config config) {
        return config.granule() == GRANULE && !config.oa52();
    }

    private static int shift(int level) {
        return PAGE_SHIFT + (LAST_LEVEL - level) * STRIDE;
    }

    /// {@return the index of an IPA in its table of a level; the tables of the start level count as one}
    private int index(long ipa, int level) {
        int index = (int) (ipa >>> shift(level));
        return level == startLevel ? index : index & INDEX_MASK;
    }

    private static long tableAddress(long entry) {
        return Stage2Descriptor.tableAddress(entry, GRANULE, false);
    }

    /// {@return the address of the entry of a level for an IPA, or -1 when the way there is not made of
    /// tables}
    private long entryAt(long ipa, int level) {
        long table = root;
        for (int l = startLevel; l < level; l++) {
            long entry = entries.get(table + (long) index(ipa, l) * ENTRY_BYTES);
            if (!Stage2Descriptor.isTable(entry, l)) {
                return -1;
            }
            table = tableAddress(entry);
        }
        return table + (long) index(ipa, level) * ENTRY_BYTES;
    }

    // ---- lookup and single leaves ---------------------------------------------------------------------------------

    Stage2Leaf leaf(long ipa) {
        int level = startLevel;
        int shift = shift(level);
        long entry = entries.get(root + (ipa >>> shift) * ENTRY_BYTES);
        while (Stage2Descriptor.isTable(entry, level)) {
            level++;
            shift -= STRIDE;
            entry = entries.get(tableAddress(entry) + (ipa >>> shift & INDEX_MASK) * ENTRY_BYTES);
        }
        return new Stage2Leaf(entry, level, GRANULE, false);
    }

    /// Updates the attributes of the leaf of an IPA.
    ///
    /// @return its level, or -EAGAIN
    int updateLeaf(long ipa, long set, long clear, int flags) {
        int level = startLevel;
        int shift = shift(level);
        long entryPa = root + (ipa >>> shift) * ENTRY_BYTES;
        long entry = entries.get(entryPa);
        while (Stage2Descriptor.isTable(entry, level)) {
            level++;
            shift -= STRIDE;
            entryPa = tableAddress(entry) + (ipa >>> shift & INDEX_MASK) * ENTRY_BYTES;
            entry = entries.get(entryPa);
        }
        int ret = AttributeVisitor.update(entries, entryPa, entry, level, set, clear, flags);
        return ret == 0 ? level : ret;
    }

    // ---- map ------------------------------------------------------------------------------------------------------

    /// Maps one page over an entry that is zero, in tables that are there: what most faults come to.
    ///
    /// @return false when this is no such case; nothing has changed then
    boolean mapPage(long ipa, long size, long pa, long attributes, int flags) {
        if (size != GRANULE.bytes() || (flags & WalkFlags.SHARED) == 0) {
            return false;
        }
        int level = startLevel;
        int shift = shift(level);
        long entryPa = root + (ipa >>> shift) * ENTRY_BYTES;
        while (level < LAST_LEVEL) {
            long entry = entries.get(entryPa);
            if (!Stage2Descriptor.isTable(entry, level)) {
                return false;
            }
            level++;
            shift -= STRIDE;
            entryPa = tableAddress(entry) + (ipa >>> shift & INDEX_MASK) * ENTRY_BYTES;
        }
        PhysicalWindow window = entries.window(entryPa);
        long offset = entryPa - window.basePa();
        if (!window.compareAndSetLong(offset, 0, Stage2Entries.LOCKED)) {
            return false;
        }
        long leaf = Stage2Descriptor.leaf(pa, LAST_LEVEL, attributes, GRANULE, false);
        if (entries.isCacheable(leaf)) {
            entries.ops.dcacheCleanInvalPoc(pa, GRANULE.bytes(), Stage2Ops.Cause.MAP);
        }
        if (Stage2Entries.isExecutable(leaf)) {
            entries.ops.icacheInvalPou(pa, GRANULE.bytes());
        }
        entries.references.add(entryPa, 1);
        window.setLongRelease(offset, leaf);
        return true;
    }

    /// Maps page-aligned `[ipa, end)` from a page-aligned `pa` on.
    int map(long ipa, long end, long pa, long attributes, @Nullable TablePageCache cache, int flags) {
        boolean shared = (flags & WalkFlags.SHARED) != 0;
        long at = ipa;
        while (at < end) {
            long target = pa + (at - ipa);
            int level = leafLevel(at, target, end - at);
            long entryPa = entryAt(at, level);
            if (entryPa >= 0) {
                int count = runLength(at, end, level);
                int done = mapRun(entryPa, count, target, level, attributes, shared);
                at += (long) done << shift(level);
                if (done == count) {
                    continue;
                }
                target = pa + (at - ipa);
            }
            long size = 1L << shift(level);
            Walk walk = new Walk(
                    entries,
                    flags | WalkFlags.LEAF | WalkFlags.TABLE_PRE,
                    MapVisitor.leaves(target, attributes, cache, false));
            int ret = walk.run(root, at, size);
            if (ret != 0) {
                return ret;
            }
            at += size;
        }
        return 0;
    }

    /// {@return the level of the largest leaf that may start here}
    private int leafLevel(long at, long target, long rest) {
        for (int level = Math.max(startLevel, GRANULE.kvmMinBlockLevel()); level < LAST_LEVEL; level++) {
            long size = 1L << shift(level);
            if (size <= rest && ((at | target) & (size - 1)) == 0) {
                return level;
            }
        }
        return LAST_LEVEL;
    }

    /// {@return how many leaves of this level follow each other in the same table page: up to the end, or
    /// to the next address at which a larger one may start}
    private static int runLength(long at, long end, int level) {
        long span = 1L << shift(level - 1);
        long stop = Math.min(end, (at & -span) + span);
        return (int) ((stop - at) >>> shift(level));
    }

    /// Installs leaves in entries that are zero, up to the first that is not.
    ///
    /// @return how many
    private int mapRun(long firstEntryPa, int count, long firstPa, int level, long attributes, boolean shared) {
        PhysicalWindow window = entries.window(firstEntryPa);
        Stage2Ops ops = entries.ops;
        long size = 1L << shift(level);
        long offset = firstEntryPa - window.basePa();
        long pa = firstPa;
        // Addresses are in place, so the next leaf is this one plus its size.
        long leaf = Stage2Descriptor.leaf(pa, level, attributes, GRANULE, false);
        boolean cacheable = entries.isCacheable(leaf);
        boolean executable = Stage2Entries.isExecutable(leaf);
        int done = 0;
        while (done < count) {
            if (window.getLongVolatile(offset) != 0) {
                break;
            }
            if (shared && !window.compareAndSetLong(offset, 0, Stage2Entries.LOCKED)) {
                break;
            }
            if (cacheable) {
                ops.dcacheCleanInvalPoc(pa, size, Stage2Ops.Cause.MAP);
            }
            if (executable) {
                ops.icacheInvalPou(pa, size);
            }
            window.setLongRelease(offset, leaf);
            offset += ENTRY_BYTES;
            leaf += size;
            pa += size;
            done++;
        }
        if (done > 0) {
            entries.references.add(entries.pageOf(firstEntryPa), done);
        }
        return done;
    }

    /// Fills a zeroed table page that is not linked with the pages of a block.
    static void fillUnlinked(Stage2Entries entries, long table, long pa, long attributes) {
        PhysicalWindow window = entries.window(table);
        long leaf = Stage2Descriptor.leaf(pa, LAST_LEVEL, attributes, GRANULE, false);
        // Addresses are in place, so the next leaf is this one plus its size.
        window.setLongs(table - window.basePa(), leaf, GRANULE.bytes(), GRANULE.entries());
        entries.references.add(table, GRANULE.entries());
    }

    // ---- ranges of existing entries -------------------------------------------------------------------------------

    /// Does one of the operations over page-aligned `[ipa, end)`. Exclusive.
    ///
    /// @return whether a leaf had its access flag set; false for operations that do not ask
    boolean range(int operation, long ipa, long end) {
        return range(operation, root, startLevel, ipa, end);
    }

    private boolean range(int operation, long table, int level, long from, long to) {
        if (level == LAST_LEVEL) {
            return pages(operation, table, from, to);
        }
        boolean young = false;
        long size = 1L << shift(level);
        long entryPa = table + (long) index(from, level) * ENTRY_BYTES;
        long at = from;
        while (at < to) {
            long next = (at & -size) + size;
            long entry = entries.get(entryPa);
            if (Stage2Descriptor.isTable(entry, level)) {
                young |= range(operation, tableAddress(entry), level + 1, at, Math.min(next, to));
                if (operation == UNMAP) {
                    UnmapVisitor.freeIfEmpty(entries, entryPa, entry, at);
                }
            } else if (entry != 0) {
                young |= block(operation, entryPa, entry, at, level);
            }
            entryPa += ENTRY_BYTES;
            at = next;
        }
        return young;
    }

    private boolean block(int operation, long entryPa, long entry, long ipa, int level) {
        switch (operation) {
            case UNMAP -> UnmapVisitor.clearLeaf(entries, entryPa, entry, ipa, level);
            case WRPROTECT -> AttributeVisitor.update(entries, entryPa, entry, level, 0, Stage2Descriptor.S2AP_W, 0);
            default -> {
                return AgeVisitor.age(entries, entryPa, entry, operation == MAKE_OLD);
            }
        }
        return false;
    }

    private boolean pages(int operation, long table, long from, long to) {
        PhysicalWindow window = entries.window(table);
        long offset = table - window.basePa() + (long) index(from, LAST_LEVEL) * ENTRY_BYTES;
        int count = (int) ((to - from) >>> PAGE_SHIFT);
        switch (operation) {
            case UNMAP -> {
                int removed = entries.config.defersUnmapTlbi()
                        ? clear(window, offset, count)
                        : unmap(window, offset, count, from);
                if (removed > 0) {
                    entries.references.add(table, -removed);
                }
            }
            case WRPROTECT -> window.clearBits(offset, count, WRITABLE, Stage2Descriptor.S2AP_W);
            default -> {
                return window.clearBits(offset, count, YOUNG, operation == MAKE_OLD ? Stage2Descriptor.AF : 0) > 0;
            }
        }
        return false;
    }

    private static int clear(PhysicalWindow window, long firstOffset, int count) {
        int removed = 0;
        long end = firstOffset + (long) count * ENTRY_BYTES;
        for (long offset = firstOffset; offset < end; offset += ENTRY_BYTES) {
            if (window.getLongVolatile(offset) != 0) {
                window.setLongRelease(offset, 0);
                removed++;
            }
        }
        return removed;
    }

    private int unmap(PhysicalWindow window, long firstOffset, int count, long firstIpa) {
        boolean flush = !entries.config.fwb();
        int removed = 0;
        long offset = firstOffset;
        long ipa = firstIpa;
        for (int i = 0; i < count; i++) {
            long entry = window.getLongVolatile(offset);
            if (entry != 0) {
                window.setLongRelease(offset, 0);
                removed++;
                if (Stage2Descriptor.isValid(entry)) {
                    if (!entries.config.defersUnmapTlbi()) {
                        entries.ops.tlbiIpa(ipa, LAST_LEVEL);
                    }
                    if (flush && entries.isCacheable(entry)) {
                        entries.ops.dcacheCleanInvalPoc(
                                entries.outputAddress(entry, LAST_LEVEL), GRANULE.bytes(), Stage2Ops.Cause.UNMAP);
                    }
                }
            }
            offset += ENTRY_BYTES;
            ipa += GRANULE.bytes();
        }
        return removed;
    }
}
