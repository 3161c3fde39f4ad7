package dev.ipanema.host.mm;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/// The memory of one host kernel: the physical memory it runs on, its PFN database, its page allocator, the
/// shared zero pages and the address spaces of its processes. Thread-safe.
///
/// Pages are counted: who allocates holds one reference, each mapping and each cache holds one, and a page
/// is free when the last is dropped. [#audit()] finds references that nobody accounts for.
public final class KernelMemory {
    private static final MemoryAttributes LINEAR_MAP = MemoryAttributes.NORMAL_WB;

    private final PhysicalMemory memory;
    private final PfnDatabase pfns;
    private final PageAllocator allocator;
    private final boolean mte;
    private final boolean thpAlways;
    private final long zeroPfn;
    private final List<AddressSpace> addressSpaces = new CopyOnWriteArrayList<>();
    private final List<PageCache> caches = new CopyOnWriteArrayList<>();
    private final Set<PfnSpace> pfnSpaces = ConcurrentHashMap.newKeySet();
    private final Set<PinnedRange> pinned = ConcurrentHashMap.newKeySet();
    private final AtomicInteger nextPid = new AtomicInteger(1);
    private final Object hugeZeroLock = new Object();
    private volatile long hugeZeroPfn = -1;

    /// @param reserved stretches of the kernel's memory that the allocator must leave alone
    /// @param mte whether the system supports memory tagging (`system_supports_mte`)
    /// @param thpAlways whether transparent huge pages come without `MADV_HUGEPAGE` (`enabled` = `always`,
    ///     not `madvise`)
    public KernelMemory(
            PhysicalMemory memory,
            PfnDatabase pfns,
            List<PfnDatabase.PfnRange> reserved,
            boolean mte,
            boolean thpAlways) {
        this.memory = memory;
        this.pfns = pfns;
        this.allocator = new PageAllocator(pfns, reserved);
        this.mte = mte;
        this.thpAlways = thpAlways;
        this.zeroPfn = allocFolio(0, PfnDatabase.PG_KERNEL);
        if (zeroPfn < 0) {
            throw new IllegalArgumentException("The host has no memory of its own: " + pfns.ranges());
        }
    }

    /// {@return the physical memory under the kernel}
    public PhysicalMemory memory() {
        return memory;
    }

    /// {@return what the kernel knows of each PFN}
    public PfnDatabase pfns() {
        return pfns;
    }

    /// {@return whether the system supports memory tagging}
    public boolean mte() {
        return mte;
    }

    boolean thpAlways() {
        return thpAlways;
    }

    /// {@return a new, empty address space}
    public AddressSpace newAddressSpace() {
        AddressSpace mm = new AddressSpace(this, nextPid.getAndIncrement());
        addressSpaces.add(mm);
        return mm;
    }

    /// {@return the living address spaces}
    public List<AddressSpace> addressSpaces() {
        return List.copyOf(addressSpaces);
    }

    void remove(AddressSpace mm) {
        addressSpaces.remove(mm);
    }

    void register(PageCache cache) {
        caches.add(cache);
    }

    void unregister(PageCache cache) {
        caches.remove(cache);
    }

    List<PageCache> caches() {
        return caches;
    }

    void register(PinnedRange range) {
        pinned.add(range);
    }

    void unregister(PinnedRange range) {
        pinned.remove(range);
    }

    Set<PinnedRange> pinnedRanges() {
        return pinned;
    }

    // Pages

    /// Allocates zeroed pages for the kernel itself, such as tables: contiguous and aligned to their size,
    /// one reference on each, held by the caller.
    ///
    /// @param order log2 of the number of pages, 0 to 9
    /// @return the physical address, or -ENOMEM
    public long allocKernelPages(int order) {
        long pfn = allocFolio(order, PfnDatabase.PG_KERNEL);
        return pfn < 0 ? pfn : pfn << HostPte.PAGE_SHIFT;
    }

    /// Frees what [#allocKernelPages(int)] gave.
    ///
    /// @throws KernelBug when somebody else holds a reference
    public void freeKernelPages(long pa, int order) {
        long pfn = pa >>> HostPte.PAGE_SHIFT;
        long folios = order >= PageAllocator.BLOCK_ORDER ? 1 : 1L << order;
        for (long i = 0; i < folios; i++) {
            if (!pfns.dropReference(pfn + i)) {
                throw new KernelBug("Kernel page 0x" + Long.toHexString(pfn + i) + " is freed while referenced");
            }
        }
        allocator.free(pfn, order);
    }

    /// {@return whether every page of a range has a struct page (`pfn_valid`)}
    public boolean hasStructPages(long pa, long size) {
        for (long at = pa; at < pa + size; at += AddressSpace.PAGE_SIZE) {
            if (!pfns.pfnValid(at >>> HostPte.PAGE_SHIFT)) {
                return false;
            }
        }
        return true;
    }

    /// Gives struct pages with one reference to reserved memory that a driver manages itself, the kernel's own or
    /// a device's (`ZONE_DEVICE`).
    ///
    /// @throws IllegalArgumentException when the range has no struct pages
    public void claimReserved(long pa, long size) {
        for (long at = pa; at < pa + size; at += AddressSpace.PAGE_SIZE) {
            long pfn = at >>> HostPte.PAGE_SHIFT;
            if (!pfns.pfnValid(pfn)) {
                throw new IllegalArgumentException("0x" + Long.toHexString(at) + " has no struct page");
            }
            if (pfns.references(pfn) == 0) {
                pfns.initFolio(pfn, 0, PfnDatabase.PG_KERNEL);
            }
        }
    }

    /// {@return the first PFN of a zeroed folio with one reference, or -ENOMEM}
    long allocFolio(int order, int flags) {
        long pfn = allocator.alloc(order, flags);
        if (pfn >= 0) {
            memory.zero(Agent.HOST_KERNEL, LINEAR_MAP, pfn << HostPte.PAGE_SHIFT, AddressSpace.PAGE_SIZE << order);
        }
        return pfn;
    }

    /// Takes a reference on a page (`get_page`).
    public void getPage(long pfn) {
        pfns.addReferences(pfn, 1);
    }

    /// Drops a reference (`put_page`); the page is freed with the last.
    public void putPage(long pfn) {
        if (pfns.dropReference(pfn)) {
            if (pfns.testPageFlags(pfn, PfnDatabase.PG_KERNEL)) {
                throw new KernelBug("The last reference on kernel page 0x" + Long.toHexString(pfn) + " was dropped");
            }
            int order = pfns.folioOrder(pfn);
            allocator.free(pfn & -(1L << order), order);
        }
    }

    /// Marks a page dirty (`set_page_dirty`).
    public void setPageDirty(long pfn) {
        pfns.setPageFlags(pfn, PfnDatabase.PG_DIRTY);
    }

    /// Marks a page accessed (`mark_page_accessed`).
    public void setPageAccessed(long pfn) {
        pfns.setPageFlags(pfn, PfnDatabase.PG_REFERENCED);
    }

    /// {@return how many 4 KiB pages are handed out}
    public long allocatedPages() {
        return allocator.allocatedPages();
    }

    /// {@return how many 4 KiB pages the allocator has, free or not}
    public long managedPages() {
        return allocator.managedPages();
    }

    /// {@return whether a PFN is the shared zero page or part of the huge one}
    public boolean isZeroPfn(long pfn) {
        return pfn == zeroPfn || isHugeZeroPfn(pfn);
    }

    boolean isHugeZeroPfn(long pfn) {
        long huge = hugeZeroPfn;
        return huge >= 0 && pfn >= huge && pfn < huge + (1L << PageAllocator.BLOCK_ORDER);
    }

    long zeroPfn() {
        return zeroPfn;
    }

    /// {@return the huge zero page, allocated at its first use; or -ENOMEM}
    long hugeZeroPfn() {
        synchronized (hugeZeroLock) {
            if (hugeZeroPfn < 0) {
                hugeZeroPfn = allocFolio(PageAllocator.BLOCK_ORDER, PfnDatabase.PG_KERNEL);
            }
            return hugeZeroPfn;
        }
    }

    /// Makes 512 pages of a huge one, each with the reference its mapping holds.
    ///
    /// @return false when somebody else holds a reference
    boolean splitFolio(long head) {
        int pages = 1 << PageAllocator.BLOCK_ORDER;
        if (pfns.references(head) != pages) {
            return false;
        }
        pfns.splitFolio(head);
        allocator.splitBlock(head);
        return true;
    }

    /// Copies a page for a COW break or a migration.
    ///
    /// @param fromType how the source is read: the attribute of the mapping it is reached through
    void copyPages(long fromPfn, MemoryAttributes fromType, long toPfn, int order) {
        byte[] page = new byte[(int) AddressSpace.PAGE_SIZE];
        for (long i = 0; i < 1L << order; i++) {
            long from = (fromPfn + i) << HostPte.PAGE_SHIFT;
            long to = (toPfn + i) << HostPte.PAGE_SHIFT;
            if (fromType == LINEAR_MAP) {
                memory.copy(Agent.HOST_KERNEL, LINEAR_MAP, from, to, AddressSpace.PAGE_SIZE);
            } else {
                memory.read(Agent.HOST_KERNEL, fromType, from, page, 0, page.length);
                memory.write(Agent.HOST_KERNEL, LINEAR_MAP, to, page, 0, page.length);
            }
        }
    }

    // Events that concern all processes

    /// Removes every mapping of `[offset, offset + length)` of a file from all address spaces, with MMU
    /// notifiers (`unmap_mapping_range`). The next access faults again.
    public void unmapMappingRange(MappableFile file, long offset, long length) {
        unmapMappingRange(file, offset, length, vma -> true);
    }

    /// [#unmapMappingRange(MappableFile, long, long)] of some VMAs only.
    public void unmapMappingRange(MappableFile file, long offset, long length, Predicate<Vma> which) {
        long first = offset >>> HostPte.PAGE_SHIFT;
        long pages = (length + AddressSpace.PAGE_SIZE - 1) >>> HostPte.PAGE_SHIFT;
        for (AddressSpace mm : addressSpaces) {
            mm.zapMappingsOf(file, first, pages, which);
        }
    }

    /// Lets errors in memory without struct pages reach its users (`register_pfn_address_space`).
    public void register(PfnSpace space) {
        pfnSpaces.add(space);
    }

    /// Ends [#register(PfnSpace)] (`unregister_pfn_address_space`).
    public void unregister(PfnSpace space) {
        pfnSpaces.remove(space);
    }

    Set<PfnSpace> pfnSpaces() {
        return pfnSpaces;
    }

    /// Reports an uncorrectable error in a page (`memory_failure`): it is unmapped everywhere, its user
    /// finds out at the next access. The users of memory without struct page that a driver has registered get
    /// a signal at once.
    ///
    /// @return 0; -ENXIO for memory without struct page that nobody registered; -EBUSY for free pages, pages
    ///     of the kernel and huge pages that cannot be split; -EHWPOISON when it was reported before
    public int memoryFailure(long pfn) {
        return new MemoryFailure(this).handle(pfn);
    }

    /// Moves the contents of a page to another one and lets all mappings follow, with MMU notifiers
    /// (`migrate_pages`).
    ///
    /// @return 0; -EAGAIN when somebody holds a reference that is not a mapping; -EBUSY for pages that
    ///     cannot move; -ENOMEM
    public int migratePage(long pfn) {
        return new PageMigration(this).migrate(pfn);
    }

    /// {@return the folios whose reference count is not what mappings, caches and owners account for; empty
    /// when all is well and no fault is under way}
    public List<ReferenceLeak> audit() {
        return new ReferenceAudit(this).run();
    }
}
