package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.base.errno.Errno;

/// Sets and clears attribute bits of valid leaves in place (Linux `stage2_attr_walker`, spec 03 §6.3).
///
/// Hardware may set the access flag of an entry at the same time; that update may be lost.
final class AttributeVisitor implements Walk.Visitor {
    private static final int EAGAIN = Errno.EAGAIN.negated();

    private final long set;
    private final long clear;
    private int level = Stage2Ops.LEVEL_UNKNOWN;

    AttributeVisitor(long set, long clear) {
        this.set = set;
        this.clear = clear;
    }

    /// {@return the level of the last leaf updated, or [Stage2Ops#LEVEL_UNKNOWN]}
    int level() {
        return level;
    }

    @Override
    public int visit(Walk walk, int kind) {
        int ret = update(walk.entries, walk.entryPa, walk.old, walk.level, set, clear, walk.flags);
        if (ret == 0) {
            level = walk.level;
        }
        return ret;
    }

    /// {@return 0, or -EAGAIN when the entry is no valid leaf or another walker was faster}
    static int update(Stage2Entries entries, long entryPa, long old, int level, long set, long clear, int flags) {
        if (!Stage2Descriptor.isValid(old)) {
            return EAGAIN;
        }
        long entry = (old & ~clear) | set;
        if (entry == old) {
            return 0;
        }
        if (Stage2Entries.isExecutable(entry) && !Stage2Entries.isExecutable(old)) {
            entries.ops.icacheInvalPou(entries.outputAddress(old, level), entries.granule.levelSize(level));
        }
        return entries.trySet(entryPa, old, entry, flags) ? 0 : EAGAIN;
    }
}
