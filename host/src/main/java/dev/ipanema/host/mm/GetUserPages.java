package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.VmFlags.VM_IO;
import static dev.ipanema.host.mm.VmFlags.VM_PFNMAP;
import static dev.ipanema.host.mm.VmFlags.VM_READ;
import static dev.ipanema.host.mm.VmFlags.VM_WRITE;

import dev.ipanema.base.errno.Errno;
import org.jspecify.annotations.Nullable;

/// The two ways from a user address to a PFN: `get_user_pages`, which counts references on struct pages,
/// and following the entry of a PFN mapping, which does not.
///
/// Source: Linux 7.3 `mm/gup.c`, `mm/memory.c:follow_pfnmap_start`.
final class GetUserPages {
    /// After this many faults without a usable entry something is wrong with a handler.
    private static final int MAX_FAULTS = 64;

    private final AddressSpace mm;
    private final KernelMemory kernel;

    GetUserPages(AddressSpace mm) {
        this.mm = mm;
        this.kernel = mm.kernel();
    }

    long fast(long hva, boolean write) {
        synchronized (mm.pageTableLock()) {
            long leaf = mm.lookupLeaf(hva);
            if (!HostPte.isPresent(leaf)
                    || !HostPte.isUser(leaf)
                    || (write && !HostPte.isWritable(leaf))
                    || HostPte.isSpecial(leaf)) {
                return Errno.EFAULT.negated();
            }
            long pfn = HostPte.pfnAt(leaf, hva);
            if (!fastAllows(pfn)) {
                return Errno.EFAULT.negated();
            }
            kernel.getPage(pfn);
            return pfn;
        }
    }

    /// `gup_fast_folio_allowed`: an order-0 page that is neither anonymous nor a file's might be secret
    /// memory. A page that a driver inserted is one.
    private boolean fastAllows(long pfn) {
        PfnDatabase pfns = kernel.pfns();
        return pfns.folioOrder(pfn) > 0
                || pfns.testPageFlags(pfn, PfnDatabase.PG_ANON)
                || pfns.testPageFlags(pfn, PfnDatabase.PG_MAPPING);
    }

    long slow(long hva, int flags) {
        mm.mmapLock().readLock();
        try {
            return slowLocked(hva, flags);
        } finally {
            mm.mmapLock().readUnlock();
        }
    }

    private long slowLocked(long hva, int flags) {
        boolean write = (flags & Mman.FOLL_WRITE) != 0;
        Vma vma = mm.vmaLookup(hva);
        if (vma == null || vma.has(VM_IO) || vma.has(VM_PFNMAP) || !permits(vma, write)) {
            return Errno.EFAULT.negated();
        }
        for (int attempt = 0; attempt < MAX_FAULTS; attempt++) {
            long pfn = followPage(hva, write);
            if (pfn != 0) {
                return pfn;
            }
            int fault = mm.handleFault(vma, hva, write);
            if ((fault & VmFault.VM_FAULT_ERROR) != 0) {
                return toErrno(fault, flags);
            }
        }
        return Errno.EFAULT.negated();
    }

    private static boolean permits(Vma vma, boolean write) {
        return vma.has(write ? VM_WRITE : VM_READ);
    }

    /// {@return the PFN with a reference, -EFAULT for an entry without struct page, 0 when a fault is
    /// needed}
    private long followPage(long hva, boolean write) {
        synchronized (mm.pageTableLock()) {
            long leaf = mm.lookupLeaf(hva);
            if (!HostPte.isPresent(leaf) || (write && !HostPte.isWritable(leaf))) {
                return 0;
            }
            long pfn = HostPte.pfnAt(leaf, hva);
            if (HostPte.isSpecial(leaf) && !kernel.isZeroPfn(pfn)) {
                return Errno.EFAULT.negated();
            }
            kernel.getPage(pfn);
            return pfn;
        }
    }

    private static int toErrno(int fault, int flags) {
        if ((fault & VmFault.VM_FAULT_OOM) != 0) {
            return Errno.ENOMEM.negated();
        }
        boolean poison = (fault & VmFault.VM_FAULT_HWPOISON) != 0 && (flags & Mman.FOLL_HWPOISON) != 0;
        return poison ? Errno.EHWPOISON.negated() : Errno.EFAULT.negated();
    }

    long followPfnmap(long hva) {
        requireMmapLock();
        Vma vma = mm.vmaLookup(hva);
        if (vma == null || (!vma.has(VM_IO) && !vma.has(VM_PFNMAP))) {
            return Errno.EINVAL.negated();
        }
        long leaf = mm.lookupLeaf(hva);
        return HostPte.isPresent(leaf) ? leaf : Errno.EINVAL.negated();
    }

    int fixupUserFault(long hva, boolean write) {
        requireMmapLock();
        @Nullable Vma vma = mm.vmaLookup(hva);
        if (vma == null || !permits(vma, write)) {
            return Errno.EFAULT.negated();
        }
        int fault = mm.handleFault(vma, hva, write);
        return (fault & VmFault.VM_FAULT_ERROR) != 0 ? toErrno(fault, 0) : 0;
    }

    private void requireMmapLock() {
        if (!mm.mmapLock().isHeld()) {
            throw new KernelBug("mmap_lock is not held");
        }
    }
}
