package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.pgtable.Stage2Descriptor;

/// Cleans and invalidates the data of cacheable leaves (Linux `stage2_flush_walker`).
final class FlushVisitor implements Walk.Visitor {
    @Override
    public int visit(Walk walk, int kind) {
        Stage2Entries entries = walk.entries;
        if (Stage2Descriptor.isValid(walk.old) && entries.isCacheable(walk.old)) {
            entries.ops.dcacheCleanInvalPoc(
                    entries.outputAddress(walk.old, walk.level),
                    entries.granule.levelSize(walk.level),
                    Stage2Ops.Cause.FLUSH);
        }
        return 0;
    }
}
