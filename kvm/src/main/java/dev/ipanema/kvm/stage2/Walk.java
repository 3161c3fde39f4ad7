package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.base.errno.Errno;

/// One walk over a range of IPAs with a visitor: the generic walker, for every granule, IPA size and
/// operation (Linux `kvm_pgtable_walk`, spec 03 §5). While a visitor runs, the fields describe the entry it
/// is called for.
///
/// Depth first. An entry is read again after its visitor, so that a table installed by it is descended
/// into.
final class Walk {
    /// What a visitor does with an entry.
    interface Visitor {
        /// @param kind [WalkFlags#LEAF], [WalkFlags#TABLE_PRE] or [WalkFlags#TABLE_POST]
        /// @return 0 or a negated errno, which ends the walk
        int visit(Walk walk, int kind);

        /// {@return the last level at which an entry is anything to it: tables of the levels below are passed over}
        default int lastLevel() {
            return LAST_LEVEL;
        }
    }

    private static final int LAST_LEVEL = 3;

    final Stage2Entries entries;
    final int flags;
    private final Visitor visitor;
    private final int lastLevel;

    /// First IPA of the whole walk, a multiple of the page size.
    long start;
    /// First IPA behind the whole walk.
    long end;
    /// The IPA at which the entry is visited: its own start, or the start of the walk when that lies inside.
    long ipa;
    /// Physical address of the entry.
    long entryPa;
    /// What the entry held when it was read.
    long old;
    /// Its level.
    int level;

    private long position;

    Walk(Stage2Entries entries, int flags, Visitor visitor) {
        this.entries = entries;
        this.flags = flags;
        this.visitor = visitor;
        this.lastLevel = visitor.lastLevel();
    }

    /// Walks linked tables over `size` bytes from the page of an IPA on, rounded up to pages. The range has
    /// been checked.
    int run(long rootPa, long firstIpa, long size) {
        start = firstIpa & -entries.pageBytes;
        end = (start + size + entries.pageBytes - 1) & -entries.pageBytes;
        position = start;
        int top = entries.config.geometry().startLevel();
        int ret = 0;
        while (position < end && ret == 0) {
            long index = entries.config.geometry().startIndex(position);
            ret = visitEntry(rootPa + index * Stage2Entries.ENTRY_BYTES, top);
        }
        return ret;
    }

    /// Walks a table that is not linked, as if it stood for IPAs from 0 on.
    ///
    /// @param parent level of the entry that would point at it
    int runUnlinked(long tablePa, int parent) {
        start = 0;
        end = entries.granule.levelSize(parent);
        position = 0;
        return walkTable(tablePa, parent + 1);
    }

    private int walkTable(long tablePa, int tableLevel) {
        int index = entries.granule.index(position, tableLevel);
        for (; index < entries.granule.entries() && position < end; index++) {
            int ret = visitEntry(tablePa + (long) index * Stage2Entries.ENTRY_BYTES, tableLevel);
            if (ret != 0) {
                return ret;
            }
        }
        return 0;
    }

    private int visitEntry(long pa, int entryLevel) {
        long visited = position;
        long entry = entries.get(pa);
        boolean table = Stage2Descriptor.isTable(entry, entryLevel);
        int kind = table ? WalkFlags.TABLE_PRE : WalkFlags.LEAF;
        if ((flags & kind) != 0) {
            int ret = call(kind, visited, pa, entry, entryLevel);
            if (ret != 0) {
                return ret;
            }
            entry = entries.get(pa);
            table = Stage2Descriptor.isTable(entry, entryLevel);
        }
        if (!table || entryLevel >= lastLevel) {
            long size = entries.granule.levelSize(entryLevel);
            position = (position & -size) + size;
            return 0;
        }
        int ret = walkTable(entries.tableAddress(entry), entryLevel + 1);
        if (ret == 0 && (flags & WalkFlags.TABLE_POST) != 0) {
            ret = call(WalkFlags.TABLE_POST, visited, pa, entry, entryLevel);
        }
        return ret;
    }

    private int call(int kind, long visited, long pa, long entry, int entryLevel) {
        ipa = visited;
        entryPa = pa;
        old = entry;
        level = entryLevel;
        int ret = visitor.visit(this, kind);
        boolean ignored = ret == Errno.EAGAIN.negated() && (flags & WalkFlags.IGNORE_EAGAIN) != 0;
        return ignored ? 0 : ret;
    }

    /// {@return whether the entry may be a block or page that maps from its IPA to `pa` without going
    /// beyond the end (Linux `kvm_block_mapping_supported`)}
    boolean fitsLeaf(long pa) {
        if (level != LAST_LEVEL && level < entries.granule.kvmMinBlockLevel()) {
            return false;
        }
        long size = entries.granule.levelSize(level);
        return size <= end - ipa && ((pa | ipa) & (size - 1)) == 0;
    }
}
