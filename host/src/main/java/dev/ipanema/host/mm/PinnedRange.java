package dev.ipanema.host.mm;

import java.util.function.LongConsumer;

/// A range of a process's memory that a device may use, as `vfio_iommu_type1` pins it: each page is pinned when it is
/// first asked for and stays where it is until [#close()], whatever the process does. Of a PFN mapping the PFN is
/// remembered, without a reference. Thread-safe.
///
/// Source: Linux 7.3 `drivers/vfio/vfio_iommu_type1.c:vaddr_get_pfns`, `follow_fault_pfn`; which pins all pages when
/// they are mapped.
public final class PinnedRange implements AutoCloseable {
    /// What [#physical(long)] answers where there is no memory.
    public static final long NOWHERE = -1;

    private static final int CHUNK_SHIFT = 9;
    private static final int MAX_FAULTS = 64;
    private static final long KNOWN = 1;
    private static final long PINNED = 1 << 1;
    private static final int PFN_SHIFT = 2;

    private final AddressSpace mm;
    private final KernelMemory kernel;
    private final long hva;
    private final long size;
    private final long[][] chunks;
    private boolean closed;

    /// @param hva first address, page-aligned
    /// @param size bytes, whole pages
    public PinnedRange(AddressSpace mm, long hva, long size) {
        this.mm = mm;
        this.kernel = mm.kernel();
        this.hva = hva;
        this.size = size;
        this.chunks = new long[Math.toIntExact(((size - 1) >>> (HostPte.PAGE_SHIFT + CHUNK_SHIFT)) + 1)][];
        kernel.register(this);
    }

    /// {@return bytes}
    public long size() {
        return size;
    }

    /// {@return the physical address of a byte, whose page is pinned from now on; [#NOWHERE] when the process
    /// has no memory there that a device may write}
    ///
    /// @param offset bytes from the start, 0 or more and below the size
    public long physical(long offset) {
        long index = offset >>> HostPte.PAGE_SHIFT;
        long entry = lookup(index);
        if (entry == 0) {
            entry = pin(index);
        }
        return entry == 0 ? NOWHERE : entry >>> PFN_SHIFT << HostPte.PAGE_SHIFT | (offset & AddressSpace.PAGE_SIZE - 1);
    }

    private synchronized long lookup(long index) {
        long[] chunk = chunks[(int) (index >>> CHUNK_SHIFT)];
        return chunk == null ? 0 : chunk[(int) index & (1 << CHUNK_SHIFT) - 1];
    }

    /// Faults without this object's lock: a fault may take long and take locks of others.
    private long pin(long index) {
        long at = hva + (index << HostPte.PAGE_SHIFT);
        long pfn = mm.gup(at, Mman.FOLL_WRITE | Mman.FOLL_LONGTERM);
        long entry = pfn >= 0 ? pfn << PFN_SHIFT | PINNED | KNOWN : followPfnmap(at);
        if (entry == 0) {
            return 0;
        }
        synchronized (this) {
            long other = lookup(index);
            if (other == 0 && !closed) {
                store(index, entry);
                return entry;
            }
            release(entry);
            return other;
        }
    }

    private long followPfnmap(long at) {
        mm.mmapLock().readLock();
        try {
            Vma vma = mm.vmaLookup(at);
            if (vma == null || !vma.has(VmFlags.VM_PFNMAP)) {
                return 0;
            }
            for (int attempt = 0; attempt < MAX_FAULTS; attempt++) {
                long leaf = mm.followPfnmap(at);
                if (leaf >= 0 && HostPte.isWritable(leaf)) {
                    return HostPte.pfnAt(leaf, at) << PFN_SHIFT | KNOWN;
                }
                if (leaf >= 0 || mm.fixupUserFault(at, true) < 0) {
                    return 0;
                }
            }
            return 0;
        } finally {
            mm.mmapLock().readUnlock();
        }
    }

    private void store(long index, long entry) {
        int at = (int) (index >>> CHUNK_SHIFT);
        long[] chunk = chunks[at];
        if (chunk == null) {
            chunk = new long[1 << CHUNK_SHIFT];
            chunks[at] = chunk;
        }
        chunk[(int) index & (1 << CHUNK_SHIFT) - 1] = entry;
    }

    private void release(long entry) {
        if ((entry & PINNED) != 0) {
            kernel.setPageDirty(entry >>> PFN_SHIFT);
            kernel.putPage(entry >>> PFN_SHIFT);
        }
    }

    synchronized void forEachPinned(LongConsumer visitor) {
        for (long[] chunk : chunks) {
            for (int i = 0; chunk != null && i < chunk.length; i++) {
                if ((chunk[i] & PINNED) != 0) {
                    visitor.accept(chunk[i] >>> PFN_SHIFT);
                }
            }
        }
    }

    /// Unpins all pages. May be called twice.
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (int c = 0; c < chunks.length; c++) {
            long[] chunk = chunks[c];
            for (int i = 0; chunk != null && i < chunk.length; i++) {
                release(chunk[i]);
            }
            chunks[c] = null;
        }
        kernel.unregister(this);
    }
}
