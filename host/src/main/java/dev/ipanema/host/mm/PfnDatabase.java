package dev.ipanema.host.mm;

import dev.ipanema.base.text.Sizes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the kernel knows of each PFN: whether it is memory of its own (`pfn_is_map_memory`), whether it has
/// a struct page (`pfn_valid`), and of each struct page in use the reference count, the folio and the
/// flags.
///
/// Struct pages cost nothing until their 2 MiB is first used, so that hosts of any size start at once.
/// Reference counts and flags may be changed by several threads at once.
///
/// Source: Linux `arch/arm64/mm/init.c:pfn_is_map_memory`, `include/linux/mm.h`, `page-flags.h`.
public final class PfnDatabase {
    /// The page was reported broken (`PG_hwpoison`).
    public static final int PG_HWPOISON = 1;
    /// Written through some mapping (`PG_dirty`).
    public static final int PG_DIRTY = 1 << 1;
    /// Accessed through some mapping (`PG_referenced`).
    public static final int PG_REFERENCED = 1 << 2;
    /// Its allocation tags are initialised (`PG_mte_tagged`).
    public static final int PG_MTE_TAGGED = 1 << 3;
    /// Anonymous memory (`folio_test_anon`).
    static final int PG_ANON = 1 << 4;
    /// Belongs to a file (`folio->mapping`).
    static final int PG_MAPPING = 1 << 5;
    /// Used by the kernel itself; its user holds one reference.
    static final int PG_KERNEL = 1 << 6;

    private static final int CHUNK_ORDER = 9;
    private static final int CHUNK_PAGES = 1 << CHUNK_ORDER;
    private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);

    private final List<PfnRange> ranges;
    private final @Nullable Chunk[][] chunks;

    /// A stretch of physical memory.
    ///
    /// @param base first physical address, 4 KiB aligned
    /// @param size bytes, a multiple of 4 KiB
    /// @param mapMemory whether `pfn_is_map_memory` holds: memblock memory that is not NOMAP
    /// @param structPage whether `pfn_valid` holds
    public record PfnRange(String name, long base, long size, boolean mapMemory, boolean structPage) {
        public PfnRange {
            if (((base | size) & AddressSpace.PAGE_SIZE - 1) != 0 || size <= 0 || base < 0) {
                throw new IllegalArgumentException("Range " + name + " is not made of whole pages: base="
                        + Sizes.hex(base) + " size=" + Sizes.hex(size));
            }
        }

        /// Compares PFNs, not addresses: a bogus PFN with high bits must not wrap around.
        boolean containsPfn(long pfn) {
            return pfn >= base >>> HostPte.PAGE_SHIFT && pfn < (base + size) >>> HostPte.PAGE_SHIFT;
        }
    }

    /// Struct pages of 2 MiB; of a folio of 2 MiB or more there is one for all. A gigantic folio shares one
    /// chunk.
    private static final class Chunk {
        final int[] references;
        final int[] flags;
        final int order;

        Chunk(int pages, int order) {
            this.references = new int[pages];
            this.flags = new int[pages];
            this.order = order;
        }

        int index(long pfn) {
            return references.length == 1 ? 0 : (int) pfn & CHUNK_PAGES - 1;
        }
    }

    /// @param ranges the physical memory map; ranges must not overlap
    public PfnDatabase(List<PfnRange> ranges) {
        List<PfnRange> sorted = new ArrayList<>(ranges);
        sorted.sort(Comparator.comparingLong(PfnRange::base));
        for (int i = 1; i < sorted.size(); i++) {
            if (sorted.get(i - 1).base + sorted.get(i - 1).size > sorted.get(i).base) {
                throw new IllegalArgumentException(
                        "Ranges " + sorted.get(i - 1).name + " and " + sorted.get(i).name + " overlap");
            }
        }
        this.ranges = List.copyOf(sorted);
        this.chunks = new Chunk[sorted.size()][];
        for (int i = 0; i < chunks.length; i++) {
            PfnRange range = sorted.get(i);
            long first = chunkNumber(range.base >>> HostPte.PAGE_SHIFT);
            long last = chunkNumber((range.base + range.size - 1) >>> HostPte.PAGE_SHIFT);
            chunks[i] = new Chunk[range.structPage ? Math.toIntExact(last - first + 1) : 0];
        }
    }

    /// {@return the physical memory map in ascending order}
    public List<PfnRange> ranges() {
        return ranges;
    }

    /// {@return the range of a physical address, or null}
    public @Nullable PfnRange range(long pa) {
        int i = rangeIndex(pa >>> HostPte.PAGE_SHIFT);
        return i < 0 ? null : ranges.get(i);
    }

    /// {@return whether a PFN is memblock memory that is not NOMAP, which has a linear mapping}
    public boolean pfnIsMapMemory(long pfn) {
        int i = rangeIndex(pfn);
        return i >= 0 && ranges.get(i).mapMemory;
    }

    /// {@return whether a PFN has a struct page}
    public boolean pfnValid(long pfn) {
        int i = rangeIndex(pfn);
        return i >= 0 && ranges.get(i).structPage;
    }

    private int rangeIndex(long pfn) {
        for (int i = 0; i < ranges.size(); i++) {
            if (ranges.get(i).containsPfn(pfn)) {
                return i;
            }
        }
        return -1;
    }

    private static long chunkNumber(long pfn) {
        return pfn >>> CHUNK_ORDER;
    }

    private @Nullable Chunk chunk(long pfn) {
        int i = rangeIndex(pfn);
        if (i < 0 || !ranges.get(i).structPage) {
            return null;
        }
        return chunks[i][chunkIndex(i, pfn)];
    }

    private int chunkIndex(int range, long pfn) {
        return (int) (chunkNumber(pfn) - chunkNumber(ranges.get(range).base >>> HostPte.PAGE_SHIFT));
    }

    /// Gives `1 << order` pages struct pages with one reference on their folio. Called by the allocator
    /// alone, under its lock.
    void initFolio(long pfn, int order, int flags) {
        int range = rangeIndex(pfn);
        Chunk[] ofRange = chunks[range];
        int first = chunkIndex(range, pfn);
        Chunk chunk = ofRange[first];
        if (order >= CHUNK_ORDER) {
            chunk = new Chunk(1, order);
            for (int i = 0; i < 1 << (order - CHUNK_ORDER); i++) {
                ofRange[first + i] = chunk;
            }
        } else if (chunk == null || chunk.references.length == 1) {
            chunk = new Chunk(CHUNK_PAGES, 0);
            ofRange[first] = chunk;
        }
        int pages = order >= CHUNK_ORDER ? 1 : 1 << order;
        for (int i = 0; i < pages; i++) {
            int index = chunk.index(pfn + i);
            chunk.flags[index] = flags;
            INTS.setVolatile(chunk.references, index, 1);
        }
    }

    /// Makes 512 folios of one of 2 MiB, with one reference each.
    void splitFolio(long head) {
        int flags = inUse(head).flags[0];
        int range = rangeIndex(head);
        Chunk split = new Chunk(CHUNK_PAGES, 0);
        Arrays.fill(split.references, 1);
        Arrays.fill(split.flags, flags);
        chunks[range][chunkIndex(range, head)] = split;
    }

    /// {@return the order of the folio that holds the page: 0, 9 or 18; pages allocated together below 2
    /// MiB are folios of their own, as a split allocation}
    public int folioOrder(long pfn) {
        Chunk chunk = chunk(pfn);
        return chunk == null ? 0 : chunk.order;
    }

    /// {@return the first PFN of the folio that holds the page}
    public long folioHead(long pfn) {
        return pfn & -(1L << folioOrder(pfn));
    }

    /// {@return the reference count of the page's folio; 0 for a free page and for a PFN without struct
    /// page}
    public int references(long pfn) {
        Chunk chunk = chunk(pfn);
        return chunk == null ? 0 : (int) INTS.getVolatile(chunk.references, chunk.index(pfn));
    }

    /// Takes references on the page's folio.
    ///
    /// @throws KernelBug for a free page
    void addReferences(long pfn, int count) {
        Chunk chunk = inUse(pfn);
        int before = (int) INTS.getAndAdd(chunk.references, chunk.index(pfn), count);
        if (before <= 0) {
            INTS.getAndAdd(chunk.references, chunk.index(pfn), -count);
            throw new KernelBug("A reference was taken on the free page 0x" + Long.toHexString(pfn));
        }
    }

    /// Drops a reference.
    ///
    /// @return whether it was the last
    /// @throws KernelBug for a free page
    boolean dropReference(long pfn) {
        Chunk chunk = inUse(pfn);
        int before = (int) INTS.getAndAdd(chunk.references, chunk.index(pfn), -1);
        if (before <= 0) {
            INTS.getAndAdd(chunk.references, chunk.index(pfn), 1);
            throw new KernelBug("A reference was dropped on the free page 0x" + Long.toHexString(pfn));
        }
        return before == 1;
    }

    private Chunk inUse(long pfn) {
        Chunk chunk = chunk(pfn);
        if (chunk == null) {
            throw new KernelBug("PFN 0x" + Long.toHexString(pfn) + " has no struct page in use");
        }
        return chunk;
    }

    /// {@return whether all of the given page flags are set on the page's folio}
    public boolean testPageFlags(long pfn, int flags) {
        Chunk chunk = chunk(pfn);
        return chunk != null && ((int) INTS.getVolatile(chunk.flags, chunk.index(pfn)) & flags) == flags;
    }

    /// Sets page flags.
    ///
    /// @return whether all of them were set before
    public boolean setPageFlags(long pfn, int flags) {
        Chunk chunk = chunk(pfn);
        if (chunk == null) {
            return false;
        }
        int before = (int) INTS.getAndBitwiseOr(chunk.flags, chunk.index(pfn), flags);
        return (before & flags) == flags;
    }

    /// Visits each folio in use.
    void forEachInUse(FolioVisitor visitor) {
        for (int r = 0; r < chunks.length; r++) {
            Chunk[] ofRange = chunks[r];
            long first = chunkNumber(ranges.get(r).base >>> HostPte.PAGE_SHIFT);
            for (int c = 0; c < ofRange.length; c++) {
                Chunk chunk = ofRange[c];
                boolean repeated = c > 0 && chunk == ofRange[c - 1];
                if (chunk != null && !repeated) {
                    visitChunk(chunk, (first + c) << CHUNK_ORDER, visitor);
                }
            }
        }
    }

    private static void visitChunk(Chunk chunk, long pfn, FolioVisitor visitor) {
        for (int i = 0; i < chunk.references.length; i++) {
            int references = (int) INTS.getVolatile(chunk.references, i);
            if (references != 0) {
                visitor.visit(pfn + i, references, chunk.flags[i]);
            }
        }
    }

    /// A folio in use.
    interface FolioVisitor {
        void visit(long headPfn, int references, int flags);
    }
}
