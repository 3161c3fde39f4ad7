package dev.ipanema.host.mm;

import dev.ipanema.base.errno.Errno;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A guest_memfd: memory of a guest that the VMM may or may not map. KVM binds slots to it and takes pages
/// by index.
///
/// Source: Linux 7.3 `virt/kvm/guest_memfd.c`.
public final class GuestMemfd implements MappableFile, AutoCloseable {
    /// The VMM may map it.
    public static final long GUEST_MEMFD_FLAG_MMAP = 1L;
    /// Its memory starts out shared between guest and host.
    public static final long GUEST_MEMFD_FLAG_INIT_SHARED = 1L << 1;

    private final KernelMemory kernel;
    private final long size;
    private final long flags;
    private final PageCache cache;
    private final VmOperations ops = this::fault;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    /// Told when pages leave the file, in page indices `[start, end)`.
    public interface Listener {
        /// The pages are about to go.
        void invalidateBegin(long start, long end);

        /// They are gone.
        void invalidateEnd(long start, long end);
    }

    /// @param size bytes, page-aligned and above 0; the caller has checked
    /// @param flags `GUEST_MEMFD_FLAG_*`
    public GuestMemfd(KernelMemory kernel, long size, long flags) {
        this.kernel = kernel;
        this.size = size;
        this.flags = flags;
        this.cache = new PageCache(kernel, size, 0);
    }

    @Override
    public String name() {
        return "[kvm-gmem]";
    }

    /// {@return the size in bytes}
    public long size() {
        return size;
    }

    /// {@return whether the VMM may map it}
    public boolean isMappable() {
        return (flags & GUEST_MEMFD_FLAG_MMAP) != 0;
    }

    /// Adds a listener, for example when a slot is bound.
    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    /// Removes a listener.
    public void removeListener(Listener listener) {
        listeners.remove(listener);
    }

    /// `kvm_gmem_get_pfn`: the page at an index, zeroed at first use, with a reference for the caller.
    ///
    /// @return the PFN; -EFAULT behind the end of the file; -EHWPOISON; -ENOMEM
    public long getPfn(long index) {
        if (index < 0 || index >= size >>> HostPte.PAGE_SHIFT) {
            return Errno.EFAULT.negated();
        }
        long pfn = cache.getOrAdd(index);
        if (pfn >= 0 && kernel.pfns().testPageFlags(pfn, PfnDatabase.PG_HWPOISON)) {
            kernel.putPage(pfn);
            return Errno.EHWPOISON.negated();
        }
        return pfn;
    }

    /// `fallocate(FALLOC_FL_PUNCH_HOLE)`: drops pages, from user mappings and from guests.
    ///
    /// @return 0; -EINVAL for an unaligned or empty range
    public int punchHole(long offset, long length) {
        if (((offset | length) & AddressSpace.PAGE_SIZE - 1) != 0 || offset < 0 || length <= 0) {
            return Errno.EINVAL.negated();
        }
        long start = offset >>> HostPte.PAGE_SHIFT;
        long end = start + (length >>> HostPte.PAGE_SHIFT);
        listeners.forEach(listener -> listener.invalidateBegin(start, end));
        kernel.unmapMappingRange(this, offset, length);
        cache.truncate(start, end);
        listeners.forEach(listener -> listener.invalidateEnd(start, end));
        return 0;
    }

    @Override
    public int mmap(AddressSpace mm, Vma vma) {
        if (!isMappable()) {
            return Errno.ENODEV.negated();
        }
        if (!vma.has(VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE)) {
            return Errno.EINVAL.negated();
        }
        vma.setOps(ops);
        return 0;
    }

    private int fault(VmFault fault) {
        long index = fault.pgoff();
        boolean shared = (flags & GUEST_MEMFD_FLAG_INIT_SHARED) != 0;
        if (!shared || index < 0 || index >= size >>> HostPte.PAGE_SHIFT) {
            return VmFault.VM_FAULT_SIGBUS;
        }
        long pfn = getPfn(index);
        if (pfn < 0) {
            return pfn == Errno.EHWPOISON.negated() ? VmFault.VM_FAULT_HWPOISON : VmFault.VM_FAULT_OOM;
        }
        fault.setPage(pfn);
        return VmFault.VM_FAULT_LOCKED;
    }

    /// Closes the file: the pages go.
    @Override
    public void close() {
        long pages = size >>> HostPte.PAGE_SHIFT;
        listeners.forEach(listener -> listener.invalidateBegin(0, pages));
        listeners.forEach(listener -> listener.invalidateEnd(0, pages));
        cache.close();
    }
}
