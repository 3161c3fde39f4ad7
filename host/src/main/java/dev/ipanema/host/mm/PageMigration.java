package dev.ipanema.host.mm;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.base.errno.Errno;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `migrate_pages` for one folio: contents to a new folio, mappings and page cache follow.
///
/// Source: Linux 7.3 `mm/migrate.c`.
final class PageMigration {
    private final KernelMemory kernel;
    private final List<Target> targets = new ArrayList<>();
    private long head;
    private long copy;
    private int order;

    /// A mapping of the folio in one address space.
    private record Target(AddressSpace mm, long hva, long leaf) {
        long end() {
            return hva + (1L << HostPte.shift(leaf));
        }
    }

    PageMigration(KernelMemory kernel) {
        this.kernel = kernel;
    }

    int migrate(long pfn) {
        PfnDatabase pfns = kernel.pfns();
        boolean movable = pfns.pfnValid(pfn)
                && pfns.references(pfn) > 0
                && !pfns.testPageFlags(pfn, PfnDatabase.PG_KERNEL)
                && !pfns.testPageFlags(pfn, PfnDatabase.PG_HWPOISON);
        if (!movable) {
            return Errno.EBUSY.negated();
        }
        head = pfns.folioHead(pfn);
        order = pfns.folioOrder(pfn);
        PageCache cache = cacheOf(head);
        copy = kernel.allocFolio(order, cache == null ? PfnDatabase.PG_ANON : PfnDatabase.PG_MAPPING);
        if (copy < 0) {
            return (int) copy;
        }
        findMappings();
        for (Target target : targets) {
            target.mm.notifiers().start(target.hva, target.end());
        }
        int result = moveLocked(0, cache);
        for (Target target : targets) {
            target.mm.notifiers().end(target.hva, target.end());
        }
        if (result == 0) {
            int dropped = targets.size() + (cache == null ? 0 : 1);
            for (int i = 0; i < dropped; i++) {
                kernel.putPage(head);
            }
        }
        // The reference of the allocation: mappings and cache have their own, or there are none.
        kernel.putPage(copy);
        return result;
    }

    private @Nullable PageCache cacheOf(long pfn) {
        for (PageCache cache : kernel.caches()) {
            if (cache.contains(pfn)) {
                return cache;
            }
        }
        return null;
    }

    private void findMappings() {
        for (AddressSpace mm : kernel.addressSpaces()) {
            for (Rmap.Mapping mapping : Rmap.mappingsOf(mm, head)) {
                targets.add(new Target(mm, mapping.hva(), mapping.leaf()));
            }
        }
    }

    /// Takes the page-table locks of all mappings one inside the other, then the cache's, then moves.
    private int moveLocked(int index, @Nullable PageCache cache) {
        if (index < targets.size()) {
            synchronized (targets.get(index).mm.pageTableLock()) {
                return moveLocked(index + 1, cache);
            }
        }
        if (cache == null) {
            return move(null);
        }
        synchronized (cache) {
            return move(cache);
        }
    }

    private int move(@Nullable PageCache cache) {
        int expected = targets.size() + (cache == null ? 0 : 1);
        boolean changed = kernel.pfns().references(head) != expected || (cache != null && !cache.contains(head));
        for (Target target : targets) {
            changed |= target.mm.lookupLeaf(target.hva) != target.leaf;
        }
        if (changed) {
            return Errno.EAGAIN.negated();
        }
        kernel.copyPages(head, MemoryAttributes.NORMAL_WB, copy, order);
        for (Target target : targets) {
            kernel.getPage(copy);
            long page = copy + HostPte.pfn(target.leaf) - head;
            target.mm.pageTable().set(target.hva, HostPte.withPfn(target.leaf, page));
        }
        if (cache != null) {
            kernel.getPage(copy);
            cache.replace(head, copy);
        }
        return 0;
    }
}
