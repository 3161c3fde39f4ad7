package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;

/// Replaces blocks by tables of pages without a moment in which the memory is unmapped for longer than one
/// entry (Linux `stage2_split_walker`, spec 03 §6.5). Exclusive.
final class SplitVisitor implements Walk.Visitor {
    private static final int LAST_LEVEL = 3;
    private static final int PMD_LEVEL = 2;

    private final TablePageCache cache;
    private final boolean specialised;

    /// @param specialised whether the tables have the shape of [Fast4K]
    SplitVisitor(TablePageCache cache, boolean specialised) {
        this.cache = cache;
        this.specialised = specialised;
    }

    /// Pages cannot be split.
    @Override
    public int lastLevel() {
        return LAST_LEVEL - 1;
    }

    @Override
    public int visit(Walk walk, int kind) {
        Stage2Entries entries = walk.entries;
        if (walk.level == LAST_LEVEL || !Stage2Descriptor.isValid(walk.old)) {
            return 0;
        }
        int pages = walk.level == PMD_LEVEL ? 1 : 1 + entries.granule.entries();
        boolean whole = cache.available() >= pages;
        if (!whole && cache.available() < 1) {
            return Errno.ENOMEM.negated();
        }
        long attributes = attributes(entries, walk.old);
        if (attributes < 0) {
            return (int) attributes;
        }
        long child = entries.takePage(cache);
        long pa = entries.outputAddress(walk.old, walk.level);
        int ret = build(entries, child, pa, walk.level, attributes, whole);
        if (ret != 0) {
            FreeVisitor.freeUnlinked(entries, child, walk.level);
            return ret;
        }
        if (!entries.tryBreak(walk.entryPa, walk.old, walk.ipa, walk.level, walk.flags)) {
            FreeVisitor.freeUnlinked(entries, child, walk.level);
            return Errno.EAGAIN.negated();
        }
        entries.make(walk.entryPa, entries.table(child));
        return 0;
    }

    /// Fills a table that is not linked yet with what a block maps (Linux
    /// `kvm_pgtable_stage2_create_unlinked`).
    ///
    /// @param level level of the block
    /// @param whole down to pages; else one level only
    private int build(Stage2Entries entries, long child, long pa, int level, long attributes, boolean whole) {
        if (specialised && level == PMD_LEVEL) {
            Fast4K.fillUnlinked(entries, child, pa, attributes);
            return 0;
        }
        int flags = WalkFlags.LEAF | WalkFlags.SKIP_BBM_TLBI | WalkFlags.SKIP_CMO;
        Walk walk = new Walk(entries, flags, MapVisitor.leaves(pa, attributes, cache, whole));
        return walk.runUnlinked(child, level);
    }

    /// {@return the attributes of the pages, or a negated errno; see [Stage2Config#splitKeepsMemAttr()]}
    private static long attributes(Stage2Entries entries, long block) {
        Stage2Config config = entries.config;
        int prot = Stage2Prot.decode(block, config.fwb(), config.xnx());
        if (!config.splitKeepsMemAttr()) {
            prot &= ~(Stage2Prot.DEVICE | Stage2Prot.NORMAL_NC);
        }
        return Stage2Prot.encode(prot, config.fwb(), config.lpa2(), config.xnx());
    }
}
