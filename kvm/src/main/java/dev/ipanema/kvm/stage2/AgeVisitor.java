package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.pgtable.Stage2Descriptor;

/// Tests and clears the access flag (Linux `stage2_age_walker`). Exclusive.
final class AgeVisitor implements Walk.Visitor {
    private final boolean makeOld;
    private boolean young;

    AgeVisitor(boolean makeOld) {
        this.makeOld = makeOld;
    }

    /// {@return whether any leaf had the flag}
    boolean young() {
        return young;
    }

    @Override
    public int visit(Walk walk, int kind) {
        young |= age(walk.entries, walk.entryPa, walk.old, makeOld);
        return 0;
    }

    /// {@return whether an entry is a valid leaf with the flag, which is then cleared if so wanted}
    static boolean age(Stage2Entries entries, long entryPa, long old, boolean makeOld) {
        if (!Stage2Descriptor.isValid(old) || !Stage2Descriptor.af(old)) {
            return false;
        }
        if (makeOld) {
            entries.set(entryPa, old & ~Stage2Descriptor.AF);
        }
        return true;
    }
}
