package dev.ipanema.host.mm;

import dev.ipanema.base.errno.Errno;
import java.util.concurrent.atomic.AtomicInteger;

/// A file of memory: a memfd or the object behind shared anonymous memory (4 KiB pages), or a hugetlbfs
/// file (2 MiB or 1 GiB pages). Its pages appear when they are first touched and stay until the file is
/// closed and no longer mapped.
///
/// Source: Linux `mm/shmem.c`, `fs/hugetlbfs/inode.c:hugetlbfs_file_mmap`.
public final class MemoryFile implements MappableFile, AutoCloseable {
    private final String name;
    private final long size;
    private final int pageShift;
    private final PageCache cache;
    private final KernelMemory kernel;
    private final AtomicInteger users = new AtomicInteger(1);
    private final VmOperations ops = this::fault;

    /// @param size bytes, above 0
    /// @param pageShift 12 for a memfd, 21 or 30 for hugetlbfs
    public MemoryFile(KernelMemory kernel, String name, long size, int pageShift) {
        if (pageShift != HostPte.PAGE_SHIFT && pageShift != HostPte.PMD_SHIFT && pageShift != HostPte.PUD_SHIFT) {
            throw new IllegalArgumentException("Page shift " + pageShift + " is none of 12, 21, 30");
        }
        this.kernel = kernel;
        this.name = name;
        this.size = size;
        this.pageShift = pageShift;
        this.cache = new PageCache(kernel, size, pageShift - HostPte.PAGE_SHIFT);
    }

    /// {@return a memfd with pages of 4 KiB}
    public static MemoryFile memfd(KernelMemory kernel, String name, long size) {
        return new MemoryFile(kernel, "/memfd:" + name + " (deleted)", size, HostPte.PAGE_SHIFT);
    }

    /// The object behind a shared anonymous mapping (`shmem_zero_setup`).
    static MemoryFile sharedAnonymous(KernelMemory kernel, long size) {
        return new MemoryFile(kernel, "/dev/zero (deleted)", size, HostPte.PAGE_SHIFT);
    }

    @Override
    public String name() {
        return name;
    }

    /// {@return the size in bytes}
    public long size() {
        return size;
    }

    @Override
    public int pageShift() {
        return pageShift;
    }

    @Override
    public boolean isTagCapable() {
        return true;
    }

    @Override
    public int mmap(AddressSpace mm, Vma vma) {
        if (pageShift == HostPte.PAGE_SHIFT) {
            vma.setOps(ops);
            return 0;
        }
        long mask = (1L << pageShift) - 1;
        long offset = vma.pgoff() << HostPte.PAGE_SHIFT;
        if (((offset | vma.start() | vma.end()) & mask) != 0 || offset + vma.size() > size + mask) {
            return Errno.EINVAL.negated();
        }
        vma.setFlags(VmFlags.VM_HUGETLB | VmFlags.VM_DONTEXPAND);
        return 0;
    }

    private int fault(VmFault fault) {
        long index = fault.pgoff();
        if (index < 0 || index >= (size + AddressSpace.PAGE_SIZE - 1) >>> HostPte.PAGE_SHIFT) {
            return VmFault.VM_FAULT_SIGBUS;
        }
        long pfn = cache.getOrAdd(index);
        if (pfn < 0) {
            return VmFault.VM_FAULT_OOM;
        }
        if (kernel.pfns().testPageFlags(pfn, PfnDatabase.PG_HWPOISON)) {
            kernel.putPage(pfn);
            return VmFault.VM_FAULT_HWPOISON;
        }
        fault.setPage(pfn);
        return VmFault.VM_FAULT_LOCKED;
    }

    /// {@return the cached huge page at a 4 KiB page offset, 0 when there is none}
    long cachedHugePage(long pgoff) {
        return cache.lookup(pgoff >>> (pageShift - HostPte.PAGE_SHIFT));
    }

    /// {@return the huge page at a 4 KiB page offset with a reference, or -ENOMEM}
    long hugePage(long pgoff) {
        return cache.getOrAdd(pgoff >>> (pageShift - HostPte.PAGE_SHIFT));
    }

    @Override
    public void get() {
        users.incrementAndGet();
    }

    @Override
    public void put() {
        if (users.decrementAndGet() == 0) {
            cache.close();
        }
    }

    /// Closes the file descriptor, once. The pages go when the last mapping is gone too.
    @Override
    public void close() {
        put();
    }
}
