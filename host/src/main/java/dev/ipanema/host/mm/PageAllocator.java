package dev.ipanema.host.mm;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Hands out physical pages of the kernel's own memory, in blocks of `1 << order` pages aligned to their
/// size.
///
/// Memory is taken in blocks of 2 MiB from the bottom of each range; smaller orders are cut out of such a
/// block, which becomes whole again when its last page is freed. Nothing is stored for memory that was
/// never handed out. Thread-safe.
final class PageAllocator {
    static final int BLOCK_ORDER = 9;
    static final int MAX_ORDER = 18;
    private static final int BLOCK_PAGES = 1 << BLOCK_ORDER;

    private final PfnDatabase pfns;
    private final List<Zone> zones = new ArrayList<>();
    private final ArrayDeque<Long> freeBlocks = new ArrayDeque<>();
    private final ArrayDeque<Long> freeGigantic = new ArrayDeque<>();
    private final Map<Long, Block> carved = new HashMap<>();
    private final TreeMap<Long, Block> partial = new TreeMap<>();
    private long allocatedPages;

    /// A stretch of 2 MiB blocks not yet handed out, from `next` up to `end`.
    private static final class Zone {
        long next;
        final long end;

        Zone(long next, long end) {
            this.next = next;
            this.end = end;
        }
    }

    /// A 2 MiB block cut into pages; a set bit is a free page.
    private static final class Block {
        final long pfn;
        final long[] free = new long[BLOCK_PAGES / Long.SIZE];
        int freePages = BLOCK_PAGES;

        Block(long pfn) {
            this.pfn = pfn;
            Arrays.fill(free, -1L);
        }

        boolean isFree(int from, int pages) {
            for (int i = from; i < from + pages; i++) {
                if ((free[i >>> 6] & 1L << i) == 0) {
                    return false;
                }
            }
            return true;
        }

        void mark(int from, int pages, boolean isFree) {
            for (int i = from; i < from + pages; i++) {
                if (isFree) {
                    free[i >>> 6] |= 1L << i;
                } else {
                    free[i >>> 6] &= ~(1L << i);
                }
            }
            freePages += isFree ? pages : -pages;
        }

        /// {@return the first aligned free stretch, or -1}
        int find(int pages) {
            if (pages == 1) {
                for (int w = 0; w < free.length; w++) {
                    if (free[w] != 0) {
                        return w * Long.SIZE + Long.numberOfTrailingZeros(free[w]);
                    }
                }
                return -1;
            }
            for (int i = 0; i < BLOCK_PAGES; i += pages) {
                if (isFree(i, pages)) {
                    return i;
                }
            }
            return -1;
        }
    }

    /// @param reserved stretches of the kernel's memory that are not handed out: firmware, carve-outs of
    ///     drivers
    PageAllocator(PfnDatabase pfns, List<PfnDatabase.PfnRange> reserved) {
        this.pfns = pfns;
        for (PfnDatabase.PfnRange range : pfns.ranges()) {
            if (range.mapMemory() && range.structPage()) {
                addZones(range, reserved);
            }
        }
    }

    private void addZones(PfnDatabase.PfnRange range, List<PfnDatabase.PfnRange> reserved) {
        long blockSize = (long) BLOCK_PAGES << HostPte.PAGE_SHIFT;
        long at = range.base() + blockSize - 1 & -blockSize;
        long end = range.base() + range.size() & -blockSize;
        List<PfnDatabase.PfnRange> holes = new ArrayList<>(reserved);
        holes.sort(Comparator.comparingLong(PfnDatabase.PfnRange::base));
        for (PfnDatabase.PfnRange hole : holes) {
            if (hole.base() < end && hole.base() + hole.size() > at) {
                addZone(at, Math.min(end, hole.base() & -blockSize));
                at = Math.max(at, hole.base() + hole.size() + blockSize - 1 & -blockSize);
            }
        }
        addZone(at, end);
    }

    private void addZone(long from, long to) {
        if (from < to) {
            zones.add(new Zone(from >>> HostPte.PAGE_SHIFT, to >>> HostPte.PAGE_SHIFT));
        }
    }

    /// {@return the first PFN of `1 << order` pages, each folio with one reference, or -ENOMEM}
    ///
    /// @param order 0 to 9, or 18
    synchronized long alloc(int order, int flags) {
        if (order < 0 || (order > BLOCK_ORDER && order != MAX_ORDER)) {
            throw new IllegalArgumentException("Order " + order + " is none of 0..9, 18");
        }
        long pfn = switch (order) {
            case MAX_ORDER -> takeGigantic();
            case BLOCK_ORDER -> takeBlock();
            default -> takePages(1 << order);
        };
        if (pfn >= 0) {
            pfns.initFolio(pfn, order, flags);
            allocatedPages += 1L << order;
        }
        return pfn;
    }

    private long takeBlock() {
        Long free = freeBlocks.pollLast();
        if (free != null) {
            return free;
        }
        for (Zone zone : zones) {
            if (zone.next < zone.end) {
                long pfn = zone.next;
                zone.next += BLOCK_PAGES;
                return pfn;
            }
        }
        Long gigantic = freeGigantic.pollLast();
        if (gigantic != null) {
            for (int i = (1 << (MAX_ORDER - BLOCK_ORDER)) - 1; i > 0; i--) {
                freeBlocks.addLast(gigantic + (long) i * BLOCK_PAGES);
            }
            return gigantic;
        }
        return Errno.ENOMEM.negated();
    }

    private long takeGigantic() {
        Long free = freeGigantic.pollLast();
        if (free != null) {
            return free;
        }
        long pages = 1L << MAX_ORDER;
        for (Zone zone : zones) {
            long aligned = zone.next + pages - 1 & -pages;
            if (aligned + pages <= zone.end) {
                for (long skipped = zone.next; skipped < aligned; skipped += BLOCK_PAGES) {
                    freeBlocks.addFirst(skipped);
                }
                zone.next = aligned + pages;
                return aligned;
            }
        }
        return Errno.ENOMEM.negated();
    }

    private long takePages(int pages) {
        @Nullable Block fit = null;
        int index = -1;
        for (Block block : partial.values()) {
            index = block.freePages >= pages ? block.find(pages) : -1;
            if (index >= 0) {
                fit = block;
                break;
            }
        }
        if (fit == null) {
            long pfn = takeBlock();
            if (pfn < 0) {
                return pfn;
            }
            fit = new Block(pfn);
            index = 0;
            carved.put(pfn, fit);
            partial.put(pfn, fit);
        }
        fit.mark(index, pages, false);
        if (fit.freePages == 0) {
            partial.remove(fit.pfn);
        }
        return fit.pfn + index;
    }

    /// Takes back what [#alloc(int, int)] gave; the reference count is zero already.
    synchronized void free(long pfn, int order) {
        allocatedPages -= 1L << order;
        switch (order) {
            case MAX_ORDER -> freeGigantic.addLast(pfn);
            case BLOCK_ORDER -> freeBlocks.addLast(pfn);
            default -> freePages(pfn, 1 << order);
        }
    }

    private void freePages(long pfn, int pages) {
        long blockPfn = pfn & -(long) BLOCK_PAGES;
        Block block = carved.get(blockPfn);
        if (block == null) {
            throw new KernelBug("Page " + Sizes.hex(pfn) + " was freed and never allocated");
        }
        block.mark((int) (pfn - blockPfn), pages, true);
        if (block.freePages == BLOCK_PAGES) {
            carved.remove(blockPfn);
            partial.remove(blockPfn);
            freeBlocks.addLast(blockPfn);
        } else {
            partial.put(blockPfn, block);
        }
    }

    /// A block that is handed out as a whole is from now on freed page by page.
    synchronized void splitBlock(long pfn) {
        Block block = new Block(pfn);
        block.mark(0, BLOCK_PAGES, false);
        carved.put(pfn, block);
    }

    /// {@return how many pages are handed out}
    synchronized long allocatedPages() {
        return allocatedPages;
    }

    /// {@return how many pages could be handed out altogether}
    synchronized long managedPages() {
        long pages =
                allocatedPages + (long) freeBlocks.size() * BLOCK_PAGES + ((long) freeGigantic.size() << MAX_ORDER);
        for (Zone zone : zones) {
            pages += zone.end - zone.next;
        }
        for (Block block : carved.values()) {
            pages += block.freePages;
        }
        return pages;
    }
}
