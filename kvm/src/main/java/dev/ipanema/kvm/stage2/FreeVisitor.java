package dev.ipanema.kvm.stage2;

/// Takes tables apart that no hardware walks any longer: no TLB invalidation, no cache maintenance (Linux
/// `stage2_free_walker`).
///
/// Linux leaves the leaves of a table that is about to be freed as they are; here they are cleared, so that
/// a range taken apart twice is not counted twice.
final class FreeVisitor implements Walk.Visitor {
    @Override
    public int visit(Walk walk, int kind) {
        Stage2Entries entries = walk.entries;
        if (kind == WalkFlags.LEAF) {
            if (Stage2Entries.isCounted(walk.old)) {
                entries.set(walk.entryPa, 0);
                entries.references.add(entries.pageOf(walk.entryPa), -1);
            }
            return 0;
        }
        long child = entries.tableAddress(walk.old);
        if (entries.references.count(child) == 1) {
            entries.set(walk.entryPa, 0);
            entries.references.add(entries.pageOf(walk.entryPa), -1);
            entries.freePage(child);
        }
        return 0;
    }

    /// Frees a table that is not linked, and all below it.
    ///
    /// @param level level of the entry that pointed at it
    static void freeUnlinked(Stage2Entries entries, long tablePa, int level) {
        Walk walk = new Walk(entries, WalkFlags.LEAF | WalkFlags.TABLE_POST, new FreeVisitor());
        walk.runUnlinked(tablePa, level);
        if (entries.references.count(tablePa) != 1) {
            throw new IllegalStateException("Detached stage-2 table is still in use: " + tablePa);
        }
        entries.freePage(tablePa);
    }
}
