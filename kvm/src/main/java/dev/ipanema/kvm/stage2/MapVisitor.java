package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.base.errno.Errno;
import org.jspecify.annotations.Nullable;

/// Installs leaves and the tables above them (Linux `stage2_map_walker`, spec 03 §6.1).
final class MapVisitor implements Walk.Visitor {
    private static final int EAGAIN = Errno.EAGAIN.negated();
    private static final int TOO_BIG = Errno.E2BIG.negated();
    private static final int LAST_LEVEL = 3;
    private static final long IN_PLACE = ~Stage2Descriptor.PERMISSIONS;

    private final long pa;
    private final long attributes;
    private final long annotation;
    private final @Nullable TablePageCache cache;
    private final boolean forcePte;

    private MapVisitor(long pa, long attributes, long annotation, @Nullable TablePageCache cache, boolean forcePte) {
        this.pa = pa;
        this.attributes = attributes;
        this.annotation = annotation;
        this.cache = cache;
        this.forcePte = forcePte;
    }

    /// Maps from `pa` on.
    static MapVisitor leaves(long pa, long attributes, @Nullable TablePageCache cache, boolean forcePte) {
        return new MapVisitor(pa, attributes, 0, cache, forcePte);
    }

    /// Writes an invalid entry of a software type for each page.
    static MapVisitor annotations(long annotation, @Nullable TablePageCache cache) {
        return new MapVisitor(0, 0, annotation, cache, true);
    }

    @Override
    public int visit(Walk walk, int kind) {
        return kind == WalkFlags.TABLE_PRE ? tablePre(walk) : leaf(walk);
    }

    private int tablePre(Walk walk) {
        long child = walk.entries.tableAddress(walk.old);
        int ret = tryLeaf(walk);
        if (ret == 0) {
            walk.entries.detach(child, walk.level);
        }
        return ret == TOO_BIG ? 0 : ret;
    }

    private int leaf(Walk walk) {
        int ret = tryLeaf(walk);
        if (ret != TOO_BIG) {
            return ret;
        }
        if (walk.level == LAST_LEVEL) {
            return Errno.EINVAL.negated();
        }
        long child = cache == null ? -1 : walk.entries.takePage(cache);
        if (child < 0) {
            return Errno.ENOMEM.negated();
        }
        if (!walk.entries.tryBreak(walk.entryPa, walk.old, walk.ipa, walk.level, walk.flags)) {
            walk.entries.freePage(child);
            return EAGAIN;
        }
        walk.entries.make(walk.entryPa, walk.entries.table(child));
        return 0;
    }

    /// {@return 0, -EAGAIN, or -E2BIG when the entry cannot be the leaf}
    private int tryLeaf(Walk walk) {
        long target = annotation != 0 ? 0 : pa + (walk.ipa - walk.start);
        if ((forcePte && walk.level < LAST_LEVEL) || (annotation == 0 && !walk.fitsLeaf(target))) {
            return TOO_BIG;
        }
        Stage2Entries entries = walk.entries;
        long entry = annotation != 0 ? annotation : entries.leaf(target, walk.level, attributes);
        boolean bothValid = Stage2Descriptor.isValid(walk.old) && Stage2Descriptor.isValid(entry);
        if (bothValid && ((walk.old ^ entry) & IN_PLACE) == 0) {
            return EAGAIN;
        }
        boolean shared = (walk.flags & WalkFlags.SHARED) != 0;
        if (!shared && ((walk.old ^ entry) & ~Stage2Descriptor.SOFTWARE_FIELD) == 0) {
            setSoftwareBits(walk, entry);
            return 0;
        }
        if (!entries.tryBreak(walk.entryPa, walk.old, walk.ipa, walk.level, walk.flags)) {
            return EAGAIN;
        }
        if (annotation == 0) {
            entries.maintainBeforeMake(entry, walk.level, walk.flags);
        }
        entries.make(walk.entryPa, entry);
        return 0;
    }

    private static void setSoftwareBits(Walk walk, long entry) {
        int before = Stage2Entries.isCounted(walk.old) ? 1 : 0;
        int after = Stage2Entries.isCounted(entry) ? 1 : 0;
        if (before != after) {
            walk.entries.references.add(walk.entries.pageOf(walk.entryPa), after - before);
        }
        walk.entries.set(walk.entryPa, entry);
    }
}
