package dev.ipanema.machine.memory;

import java.util.function.LongConsumer;

/// The two views of one RAM region whose caches are modelled, and room for what the model knows of each 4
/// KiB page. All of it is address space that costs nothing until it is touched; it lives as long as the
/// region.
///
/// The *coherent view* is what cacheable accesses see, the *memory view* what is in DRAM. Only module
/// `machine` can do anything with the host addresses. Offsets are in bytes from the region's start and
/// the caller's to check.
public final class RamViews implements AutoCloseable {
    private static final int PAGE_SHIFT = TouchedPages.PAGE_SHIFT;

    private final String name;
    private final long base;
    private final long size;
    private final boolean mapMemory;
    private final long coherent;
    private final TouchedPages touched;
    private final ResidentPages resident;
    private final HostMapping memoryView;
    private final HostMapping pageRecords;

    /// Bytes of a page's record: see [#record].
    public static final int RECORD_BYTES = 32;

    RamViews(
            String name,
            long base,
            long size,
            boolean mapMemory,
            long coherent,
            TouchedPages touched,
            ResidentPages resident) {
        this.name = name;
        this.base = base;
        this.size = size;
        this.mapMemory = mapMemory;
        this.coherent = coherent;
        this.touched = touched;
        this.resident = resident;
        this.memoryView = HostMapping.reserve(size);
        try {
            this.pageRecords = HostMapping.reserve((size >>> PAGE_SHIFT) * RECORD_BYTES);
        } catch (RuntimeException e) {
            memoryView.close();
            throw e;
        }
    }

    /// {@return the region's name}
    public String name() {
        return name;
    }

    /// {@return the physical address of offset 0}
    public long base() {
        return base;
    }

    /// {@return bytes of the region}
    public long size() {
        return size;
    }

    /// {@return whether the host kernel maps it cacheable for itself (`pfn_is_map_memory`), so that
    /// hardware may fill lines of it at any time}
    public boolean isMapMemory() {
        return mapMemory;
    }

    /// {@return the host address of an offset in the coherent view}
    public long coherent(long offset) {
        return coherent + offset;
    }

    /// {@return the host address of an offset in the memory view}
    public long memory(long offset) {
        return memoryView.address() + offset;
    }

    /// {@return the host address of the record of an offset's page: [#RECORD_BYTES] bytes, zero at first}
    public long record(long offset) {
        return pageRecords.address() + (offset >>> PAGE_SHIFT) * RECORD_BYTES;
    }

    /// {@return whether the page of an offset has been touched; else its coherent view is zero}
    public boolean isTouched(long offset) {
        return touched.isTouched(offset);
    }

    /// Gives the offset of every page that has been touched, in ascending order.
    public void forEachTouchedPage(LongConsumer visitor) {
        touched.forEach(size, visitor);
    }

    /// Counts the pages of a range as touched.
    ///
    /// @return whether one of them is watched: the caller stores and then calls [#report]
    public boolean touch(long offset, long bytes) {
        return touched.touch(offset, bytes);
    }

    /// {@return whether the page of an offset is watched}
    public boolean isWatched(long offset) {
        return touched.isWatched(offset);
    }

    /// Tells the watcher of a store to a range with a watched page.
    public void report(long offset, long bytes) {
        touched.report(offset, bytes);
    }

    /// Counts a page of the memory view that is used from now on.
    ///
    /// @throws MemoryLimitExceededException when that is one too many
    public void countMemoryViewPage() {
        resident.add(1);
    }

    @Override
    public void close() {
        memoryView.close();
        pageRecords.close();
    }
}
