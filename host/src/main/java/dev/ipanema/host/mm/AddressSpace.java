package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.Mman.MAP_ANONYMOUS;
import static dev.ipanema.host.mm.Mman.MAP_FIXED;
import static dev.ipanema.host.mm.Mman.MAP_FIXED_NOREPLACE;
import static dev.ipanema.host.mm.Mman.MAP_HUGETLB;
import static dev.ipanema.host.mm.Mman.MAP_LOCKED;
import static dev.ipanema.host.mm.Mman.MAP_POPULATE;

import dev.ipanema.base.errno.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The address space of one process (`mm_struct`): VMAs, page table, `mmap_lock`, MMU notifiers. Pages are
/// 4 KiB, user addresses have 48 bits.
///
/// System calls return what the kernel returns: an address or 0, or a negated errno. Addresses are `hva`,
/// unsigned 64-bit values below [#TASK_SIZE]. Thread-safe; the lookups of VMAs want `mmap_lock` held, as in
/// the kernel.
///
/// Order of locks: `mmap_lock`, then whatever notifiers take (KVM's `mmu_lock`), then the page-table lock.
/// Notifiers are never called with the page-table lock held; [#gupFast(long, boolean)] and
/// [#leafShift(long)] take nothing else and may be called under `mmu_lock`.
///
/// Source: Linux 7.3 `mm/mmap.c`, `mm/vma.c`, `mm/mprotect.c`, `mm/madvise.c`.
public final class AddressSpace implements AutoCloseable {
    /// Bytes of a page.
    public static final long PAGE_SIZE = 4096;

    /// The first address behind user space.
    public static final long TASK_SIZE = 1L << 48;

    private static final long MMAP_MIN_ADDR = 0x10000;
    private static final long MMAP_BASE = TASK_SIZE - (1L << 30);

    private final KernelMemory kernel;
    private final int pid;
    private final VmaList vmas = new VmaList();
    private final MmapLock mmapLock = new MmapLock();
    private final MmuNotifierList notifiers = new MmuNotifierList();
    private final HostPageTable pageTable = new HostPageTable();
    private final Object pageTableLock = new Object();
    private final RangeOperations ranges;
    private final FaultHandler faults;
    private final GetUserPages gup;
    private final UserMemory userMemory;
    private final Queue<MemoryErrorSignal> memoryErrors = new ConcurrentLinkedQueue<>();

    AddressSpace(KernelMemory kernel, int pid) {
        this.kernel = kernel;
        this.pid = pid;
        this.ranges = new RangeOperations(this);
        this.faults = new FaultHandler(this);
        this.gup = new GetUserPages(this);
        this.userMemory = new UserMemory(this);
    }

    /// {@return the kernel memory it belongs to}
    public KernelMemory kernel() {
        return kernel;
    }

    /// {@return a number that tells processes of one host apart}
    public int pid() {
        return pid;
    }

    /// {@return `mmap_lock`}
    public MmapLock mmapLock() {
        return mmapLock;
    }

    /// {@return the process's own view of its memory}
    public UserMemory userMemory() {
        return userMemory;
    }

    HostPageTable pageTable() {
        return pageTable;
    }

    Object pageTableLock() {
        return pageTableLock;
    }

    RangeOperations ranges() {
        return ranges;
    }

    MmuNotifierList notifiers() {
        return notifiers;
    }

    // Mapping

    /// Maps anonymous memory (`MAP_ANONYMOUS` is implied), with `MAP_HUGETLB` from the pool of huge pages.
    ///
    /// @return the address, or a negated errno
    public long mmap(long hva, long length, int prot, int flags) {
        return mmap(hva, length, prot, flags | MAP_ANONYMOUS, null, 0);
    }

    /// Maps a file, or anonymous memory when `file` is null.
    ///
    /// @param hva a wish, or with `MAP_FIXED` the address
    /// @param length bytes, rounded up to pages
    /// @param prot `PROT_*` of [Mman]
    /// @param flags `MAP_*` of [Mman], one of `MAP_SHARED` and `MAP_PRIVATE` among them
    /// @param offset bytes into the file, page-aligned
    /// @return the address, or a negated errno
    public long mmap(long hva, long length, int prot, int flags, @Nullable MappableFile file, long offset) {
        mmapLock.writeLock();
        long address;
        try {
            address = new MmapRequest(this, vmas, hva, length, prot, flags, file, offset).run();
        } finally {
            mmapLock.writeUnlock();
        }
        if (address >= 0 && (flags & (MAP_POPULATE | MAP_LOCKED)) != 0) {
            populate(address, address + length);
        }
        return address;
    }

    /// {@return the highest free stretch of address space of a length and alignment, or -ENOMEM}
    ///
    /// @param alignment bytes, a power of two
    public long unmappedArea(long length, long alignment) {
        if (length <= 0 || length > MMAP_BASE) {
            return Errno.ENOMEM.negated();
        }
        Vma[] list = vmas.snapshot();
        long ceiling = MMAP_BASE;
        for (int i = list.length - 1; i >= -1; i--) {
            long floor = i < 0 ? MMAP_MIN_ADDR : list[i].end();
            long start = ceiling - length & -alignment;
            if (start >= floor && start + length <= ceiling) {
                return start;
            }
            if (i >= 0) {
                ceiling = Math.min(ceiling, list[i].start());
            }
        }
        return Errno.ENOMEM.negated();
    }

    /// Removes whatever is mapped in `[hva, hva + length)`.
    ///
    /// @return 0; -EINVAL for an unaligned or empty range, or one that cuts a hugetlb page
    public int munmap(long hva, long length) {
        mmapLock.writeLock();
        try {
            return munmapLocked(hva, length);
        } finally {
            mmapLock.writeUnlock();
        }
    }

    int munmapLocked(long hva, long length) {
        if ((hva & PAGE_SIZE - 1) != 0 || length <= 0 || hva < 0 || hva > TASK_SIZE - length) {
            return Errno.EINVAL.negated();
        }
        long end = hva + length + PAGE_SIZE - 1 & -PAGE_SIZE;
        Vma first = vmas.intersection(hva, end);
        if (first == null) {
            return 0;
        }
        if (cutsHugetlb(hva) || cutsHugetlb(end)) {
            return Errno.EINVAL.negated();
        }
        splitVmaAt(hva);
        splitVmaAt(end);
        notifiers.start(hva, end);
        for (Vma vma = vmas.intersection(hva, end); vma != null; vma = vmas.intersection(hva, end)) {
            ranges.zapWithoutNotifier(vma, vma.start(), vma.end());
            vmas.remove(vma);
        }
        notifiers.end(hva, end);
        synchronized (pageTableLock) {
            pageTable.freeEmptyTables(hva, end);
        }
        return 0;
    }

    /// Cuts the VMA at an address in two, its huge leaf with it.
    private void splitVmaAt(long hva) {
        Vma vma = vmas.lookup(hva);
        if (vma != null && vma.start() < hva) {
            ranges.splitHugePmdAcross(vma, hva);
            vmas.splitAt(hva);
        }
    }

    private boolean cutsHugetlb(long hva) {
        Vma vma = vmas.lookup(hva);
        return vma != null && vma.isHugetlb() && (hva & (1L << vma.pageShift()) - 1) != 0;
    }

    /// Changes the permissions of `[hva, hva + length)`; VMAs are cut at the borders and joined again where
    /// they agree.
    ///
    /// @return 0; -EINVAL for an unaligned range, one that cuts a hugetlb page, or `PROT_MTE` on memory
    ///     without tags; -ENOMEM when part of it is not mapped; -EACCES for a permission the mapping may
    ///     never have
    public int mprotect(long hva, long length, int prot) {
        if ((hva & PAGE_SIZE - 1) != 0 || length < 0) {
            return Errno.EINVAL.negated();
        }
        if (length == 0) {
            return 0;
        }
        long end = hva + length + PAGE_SIZE - 1 & -PAGE_SIZE;
        mmapLock.writeLock();
        try {
            return new VmaChange(this, vmas).protect(hva, end, prot);
        } finally {
            mmapLock.writeUnlock();
        }
    }

    /// Gives advice that changes how the kernel behaves: `MADV_HUGEPAGE`, `MADV_NOHUGEPAGE`,
    /// `MADV_DONTDUMP`, `MADV_DODUMP`, `MADV_DONTNEED`, `MADV_POPULATE_READ`, `MADV_POPULATE_WRITE`,
    /// `MADV_HWPOISON`.
    ///
    /// @return 0; -EINVAL for other advice or a range it cannot apply to; -ENOMEM when part of it is not
    ///     mapped; -EHWPOISON or -EFAULT when a page could not be populated
    public int madvise(long hva, long length, int advice) {
        if ((hva & PAGE_SIZE - 1) != 0 || length < 0) {
            return Errno.EINVAL.negated();
        }
        return new Advice(this, vmas).apply(hva, hva + length + PAGE_SIZE - 1 & -PAGE_SIZE, advice);
    }

    /// Faults in the pages of a range that need neither a driver nor a permission they lack
    /// (`mm_populate`).
    private void populate(long start, long end) {
        for (long at = start; at < end; ) {
            mmapLock.readLock();
            Vma vma;
            try {
                vma = vmas.intersection(at, end);
            } finally {
                mmapLock.readUnlock();
            }
            if (vma == null) {
                return;
            }
            long stop = Math.min(vma.end(), end);
            if (!vma.has(VmFlags.VM_IO) && !vma.has(VmFlags.VM_PFNMAP)) {
                boolean write = vma.has(VmFlags.VM_WRITE) && !vma.has(VmFlags.VM_SHARED);
                populatePages(Math.max(at, vma.start()), stop, write);
            }
            at = stop;
        }
    }

    /// {@return 0, or the negated errno of the first page that could not be faulted in}
    int populatePages(long start, long end, boolean write) {
        for (long at = start; at < end; ) {
            long pfn = gup.slow(at, (write ? Mman.FOLL_WRITE : 0) | Mman.FOLL_HWPOISON);
            if (pfn < 0) {
                return (int) pfn;
            }
            kernel.putPage(pfn);
            int shift = leafShift(at);
            long step = 1L << (shift < 0 ? HostPte.PAGE_SHIFT : shift);
            at = (at & -step) + step;
        }
        return 0;
    }

    // Looking up

    /// {@return the first VMA that ends behind `hva`, or null (`find_vma`)}
    public @Nullable Vma findVma(long hva) {
        return vmas.find(hva);
    }

    /// {@return the VMA that `hva` lies in, or null (`vma_lookup`)}
    public @Nullable Vma vmaLookup(long hva) {
        return vmas.lookup(hva);
    }

    /// {@return the first VMA that overlaps `[start, end)`, or null (`find_vma_intersection`)}
    public @Nullable Vma findVmaIntersection(long start, long end) {
        return vmas.intersection(start, end);
    }

    /// {@return the VMAs in ascending order}
    public List<Vma> vmas() {
        return List.of(vmas.snapshot());
    }

    /// {@return the text of `/proc/PID/smaps`}
    public String smaps() {
        return Smaps.render(this);
    }

    /// {@return the entry that covers `hva`, see [HostPte]; 0 when there is none}
    public long lookupLeaf(long hva) {
        synchronized (pageTableLock) {
            return hva < 0 || hva >= TASK_SIZE ? 0 : pageTable.lookup(hva);
        }
    }

    /// {@return log2 of the size of the host leaf at `hva`: 12, 21 or 30; -EAGAIN when there is none now}
    ///
    /// Source: Linux `arch/arm64/kvm/mmu.c:get_user_mapping_size`.
    public int leafShift(long hva) {
        long leaf = lookupLeaf(hva);
        boolean valid = HostPte.isPresent(leaf) && (HostPte.isUser(leaf) || HostPte.isExec(leaf));
        return valid ? HostPte.shift(leaf) : Errno.EAGAIN.negated();
    }

    void forEachLeaf(HostPageTable.Visitor visitor) {
        synchronized (pageTableLock) {
            pageTable.walk(0, TASK_SIZE, visitor);
        }
    }

    // Pages for KVM and drivers

    /// `get_user_page_fast_only`: a page whose entry is there and permits the access, with a reference for
    /// the caller. Takes no `mmap_lock` and never faults.
    ///
    /// @return the PFN, or -EFAULT when the slow way must be taken
    public long gupFast(long hva, boolean write) {
        return gup.fast(hva, write);
    }

    /// `get_user_pages_unlocked` for one page: faults it in as needed, with a reference for the caller.
    /// Takes `mmap_lock` for reading.
    ///
    /// @param flags `FOLL_*` of [Mman]
    /// @return the PFN; -EFAULT; -EHWPOISON for a poisoned page with `FOLL_HWPOISON`; -ENOMEM
    public long gup(long hva, int flags) {
        return gup.slow(hva, flags);
    }

    /// `follow_pfnmap_start`: the entry at `hva` of a VMA with `VM_IO` or `VM_PFNMAP`. The caller holds
    /// `mmap_lock`.
    ///
    /// @return an entry for [HostPte], of which [HostPte#pfnAt(long, long)] gives the PFN; -EINVAL
    public long followPfnmap(long hva) {
        return gup.followPfnmap(hva);
    }

    /// `fixup_user_fault`: runs the fault handler for an access. The caller holds `mmap_lock`.
    ///
    /// @return 0; -EFAULT; -ENOMEM
    public int fixupUserFault(long hva, boolean write) {
        return gup.fixupUserFault(hva, write);
    }

    int handleFault(Vma vma, long hva, boolean write) {
        return faults.handle(vma, hva, write);
    }

    // Notifiers

    /// Registers a notifier (`mmu_notifier_register`).
    public void register(MmuNotifier notifier) {
        notifiers.add(notifier);
    }

    /// Unregisters a notifier without calling it.
    public void unregister(MmuNotifier notifier) {
        notifiers.remove(notifier);
    }

    /// Ages `[start, end)` and flushes, as reclaim does (`mmu_notifier_clear_flush_young`).
    ///
    /// @return whether a secondary MMU had accessed it
    public boolean clearFlushYoung(long start, long end) {
        return notifiers.clearFlushYoung(start, end);
    }

    /// Ages `[start, end)` without flushing, as the multi-generational LRU does.
    ///
    /// @return whether a secondary MMU had accessed it
    public boolean clearYoung(long start, long end) {
        return notifiers.clearYoung(start, end);
    }

    /// {@return whether a secondary MMU had accessed the page at `hva`}
    public boolean testYoung(long hva) {
        return notifiers.testYoung(hva);
    }

    /// Removes the entries of all VMAs that map pages `[pgoff, pgoff + pages)` of a file.
    void zapMappingsOf(MappableFile file, long pgoff, long pages, Predicate<Vma> which) {
        for (Vma vma : vmas.snapshot()) {
            if (file.equals(vma.file()) && which.test(vma)) {
                long first = Math.max(pgoff, vma.pgoff());
                long last = Math.min(pgoff + pages, vma.pgoff() + (vma.size() >>> HostPte.PAGE_SHIFT));
                if (first < last) {
                    long start = vma.start() + ((first - vma.pgoff()) << HostPte.PAGE_SHIFT);
                    ranges.zap(vma, start, start + ((last - first) << HostPte.PAGE_SHIFT));
                }
            }
        }
    }

    /// Removes the entries over one page of a file and sends the process SIGBUS for each address it had there.
    void failPage(MappableFile file, long pgoff) {
        for (Vma vma : vmas.snapshot()) {
            long hva = vma.start() + ((pgoff - vma.pgoff()) << HostPte.PAGE_SHIFT);
            if (file.equals(vma.file()) && pgoff >= vma.pgoff() && vma.contains(hva)) {
                ranges.zap(vma, hva, hva + PAGE_SIZE);
                memoryErrors.add(new MemoryErrorSignal(hva, HostPte.PAGE_SHIFT));
            }
        }
    }

    /// {@return the signals for memory errors that the process has not taken yet, which it takes hereby}
    public List<MemoryErrorSignal> takeMemoryErrors() {
        List<MemoryErrorSignal> taken = new ArrayList<>();
        for (MemoryErrorSignal next = memoryErrors.poll(); next != null; next = memoryErrors.poll()) {
            taken.add(next);
        }
        return taken;
    }

    /// Ends the process (`exit_mmap`): notifiers are released, all memory is unmapped. May be called twice.
    @Override
    public void close() {
        notifiers.release();
        for (Vma vma : vmas.snapshot()) {
            ranges.zapWithoutNotifier(vma, vma.start(), vma.end());
            vmas.remove(vma);
        }
        kernel.remove(this);
    }

    static boolean isFixed(int flags) {
        return (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
    }

    static boolean isHugetlb(int flags) {
        return (flags & MAP_HUGETLB) != 0;
    }
}
