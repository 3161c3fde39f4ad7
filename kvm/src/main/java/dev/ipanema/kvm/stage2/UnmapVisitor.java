package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.pgtable.Stage2Descriptor;

/// Removes leaves and the tables that become empty (Linux `stage2_unmap_walker`, spec 03 §6.2). Exclusive.
///
/// A block that lies only partly in the range goes as a whole: what is left of it faults back in.
final class UnmapVisitor implements Walk.Visitor {
    @Override
    public int visit(Walk walk, int kind) {
        if (kind == WalkFlags.TABLE_POST) {
            freeIfEmpty(walk.entries, walk.entryPa, walk.old, walk.ipa);
        } else {
            clearLeaf(walk.entries, walk.entryPa, walk.old, walk.ipa, walk.level);
        }
        return 0;
    }

    /// Clears an entry that is no table.
    static void clearLeaf(Stage2Entries entries, long entryPa, long old, long ipa, int level) {
        if (!Stage2Entries.isCounted(old)) {
            return;
        }
        entries.set(entryPa, 0);
        if (Stage2Descriptor.isValid(old)) {
            if (!entries.config.defersUnmapTlbi()) {
                entries.ops.tlbiIpa(ipa, level);
            }
            entries.references.add(entries.pageOf(entryPa), -1);
            if (!entries.config.fwb() && entries.isCacheable(old)) {
                entries.ops.dcacheCleanInvalPoc(
                        entries.outputAddress(old, level), entries.granule.levelSize(level), Stage2Ops.Cause.UNMAP);
            }
        } else {
            entries.references.add(entries.pageOf(entryPa), -1);
        }
    }

    /// Unlinks and frees a table without entries.
    static void freeIfEmpty(Stage2Entries entries, long entryPa, long tableEntry, long ipa) {
        long child = entries.tableAddress(tableEntry);
        if (entries.references.count(child) != 1) {
            return;
        }
        entries.set(entryPa, 0);
        entries.ops.tlbiIpa(ipa, Stage2Ops.LEVEL_UNKNOWN);
        entries.references.add(entries.pageOf(entryPa), -1);
        entries.freePage(child);
    }
}
