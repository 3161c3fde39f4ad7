package dev.ipanema.host.mm;

/// The pages of a file that lives in memory: PFN by page index, each with a reference of the cache's own.
/// Pages are all of one order. Thread-safe.
final class PageCache {
    private static final int CHUNK_SHIFT = 9;

    private final KernelMemory kernel;
    private final int order;
    private final long pages;
    private final long[][] chunks;

    /// @param size of the file in bytes
    /// @param order log2 of 4 KiB pages per entry
    PageCache(KernelMemory kernel, long size, int order) {
        this.kernel = kernel;
        this.order = order;
        this.pages = (size + (AddressSpace.PAGE_SIZE << order) - 1) >>> (HostPte.PAGE_SHIFT + order);
        this.chunks = new long[Math.toIntExact((pages >>> CHUNK_SHIFT) + 1)][];
        kernel.register(this);
    }

    /// {@return the PFN at an index counted in entries, 0 when there is none}
    synchronized long lookup(long index) {
        long[] chunk = index < pages ? chunks[(int) (index >>> CHUNK_SHIFT)] : null;
        return chunk == null ? 0 : chunk[(int) index & (1 << CHUNK_SHIFT) - 1];
    }

    /// {@return the PFN at an index below the size of the file, a new zeroed page when there was none, with
    /// a reference for the caller; or -ENOMEM}
    synchronized long getOrAdd(long index) {
        long pfn = lookup(index);
        if (pfn == 0) {
            pfn = kernel.allocFolio(order, PfnDatabase.PG_MAPPING);
            if (pfn < 0) {
                return pfn;
            }
            store(index, pfn);
        }
        kernel.getPage(pfn);
        return pfn;
    }

    private void store(long index, long pfn) {
        int at = (int) (index >>> CHUNK_SHIFT);
        long[] chunk = chunks[at];
        if (chunk == null) {
            chunk = new long[1 << CHUNK_SHIFT];
            chunks[at] = chunk;
        }
        chunk[(int) index & (1 << CHUNK_SHIFT) - 1] = pfn;
    }

    synchronized boolean contains(long pfn) {
        boolean[] found = new boolean[1];
        forEach(cached -> found[0] |= cached == pfn);
        return found[0];
    }

    /// Puts another page in the place of one, as migration does.
    ///
    /// @return whether the old page was here
    synchronized boolean replace(long oldPfn, long newPfn) {
        for (long[] chunk : chunks) {
            for (int i = 0; chunk != null && i < chunk.length; i++) {
                if (chunk[i] == oldPfn) {
                    chunk[i] = newPfn;
                    return true;
                }
            }
        }
        return false;
    }

    /// Drops the pages `[first, end)` with the cache's references.
    synchronized void truncate(long first, long end) {
        long last = Math.min(end, pages);
        for (long index = first; index < last; index++) {
            if (chunks[(int) (index >>> CHUNK_SHIFT)] == null) {
                // A sparse file of terabytes has few chunks: go to the last index of the missing one.
                index |= (1 << CHUNK_SHIFT) - 1;
                continue;
            }
            long pfn = lookup(index);
            if (pfn != 0) {
                store(index, 0);
                kernel.putPage(pfn);
            }
        }
    }

    /// Drops all pages and forgets the cache.
    void close() {
        truncate(0, pages);
        kernel.unregister(this);
    }

    synchronized void forEach(java.util.function.LongConsumer visitor) {
        for (long[] chunk : chunks) {
            for (int i = 0; chunk != null && i < chunk.length; i++) {
                if (chunk[i] != 0) {
                    visitor.accept(chunk[i]);
                }
            }
        }
    }
}
