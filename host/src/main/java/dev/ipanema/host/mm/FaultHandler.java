package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.VmFault.VM_FAULT_ERROR;
import static dev.ipanema.host.mm.VmFault.VM_FAULT_FALLBACK;
import static dev.ipanema.host.mm.VmFault.VM_FAULT_HWPOISON;
import static dev.ipanema.host.mm.VmFault.VM_FAULT_LOCKED;
import static dev.ipanema.host.mm.VmFault.VM_FAULT_NOPAGE;
import static dev.ipanema.host.mm.VmFault.VM_FAULT_OOM;
import static dev.ipanema.host.mm.VmFault.VM_FAULT_SIGBUS;

import dev.ipanema.arm.memory.MemoryAttributes;

/// `handle_mm_fault`: puts into the page table what an access to an address needs. The caller holds
/// `mmap_lock` and has checked that the VMA permits the access. Notifiers are called without the page-table
/// lock; an entry that changed meanwhile is left alone and the access simply faults again.
///
/// Source: Linux 7.3 `mm/memory.c`, `mm/huge_memory.c`.
final class FaultHandler {
    private final AddressSpace mm;
    private final KernelMemory kernel;
    private final HostPageTable table;
    private final HugetlbFaults hugetlb;

    FaultHandler(AddressSpace mm) {
        this.mm = mm;
        this.kernel = mm.kernel();
        this.table = mm.pageTable();
        this.hugetlb = new HugetlbFaults(mm);
    }

    /// {@return `VM_FAULT_*` bits; 0 when the entry is there}
    int handle(Vma vma, long hva, boolean write) {
        if (vma.isHugetlb()) {
            return hugetlb.handle(vma, hva, write);
        }
        if (isPmdNone(hva) && allowsHuge(vma)) {
            int result = createHugePmd(vma, hva, write);
            if ((result & VM_FAULT_FALLBACK) == 0) {
                return result;
            }
        }
        long leaf = mm.lookupLeaf(hva);
        if (HostPte.isHwpoison(leaf)) {
            return VM_FAULT_HWPOISON;
        }
        if (HostPte.isPresent(leaf) && HostPte.shift(leaf) == HostPte.PMD_SHIFT) {
            int result = huge(vma, hva, leaf, write);
            if ((result & VM_FAULT_FALLBACK) == 0) {
                return result;
            }
            leaf = mm.lookupLeaf(hva);
        }
        if (leaf == 0) {
            return vma.isAnonymous() ? anonymousPage(vma, hva, write) : filePage(vma, hva, write);
        }
        if (write && !HostPte.isWritable(leaf)) {
            return writeProtected(vma, hva, leaf);
        }
        return 0;
    }

    private boolean isPmdNone(long hva) {
        synchronized (mm.pageTableLock()) {
            return table.isPmdNone(hva);
        }
    }

    /// `thp_vma_allowable_order` in a fault: madvise or always for anonymous memory, the word of the
    /// handler for files.
    private boolean allowsHuge(Vma vma) {
        if (vma.has(VmFlags.VM_NOHUGEPAGE)) {
            return false;
        }
        VmOperations ops = vma.ops();
        return ops == null ? kernel.thpAlways() || vma.has(VmFlags.VM_HUGEPAGE) : ops.hasHugeFault();
    }

    private int createHugePmd(Vma vma, long hva, boolean write) {
        VmOperations ops = vma.ops();
        if (ops != null) {
            return ops.hugeFault(new VmFault(mm, vma, hva, write));
        }
        long start = hva & -(1L << HostPte.PMD_SHIFT);
        if (start < vma.start() || start + (1L << HostPte.PMD_SHIFT) > vma.end()) {
            return VM_FAULT_FALLBACK;
        }
        long pfn = write ? kernel.allocFolio(PageAllocator.BLOCK_ORDER, PfnDatabase.PG_ANON) : kernel.hugeZeroPfn();
        if (pfn < 0) {
            return VM_FAULT_FALLBACK;
        }
        PageProt prot = vma.vmPageProt().withWrite(write);
        long leaf = HostPte.make(pfn, HostPte.PMD_SHIFT, prot, write ? 0 : HostPte.SPECIAL);
        synchronized (mm.pageTableLock()) {
            if (table.isPmdNone(start)) {
                table.set(start, leaf);
                return 0;
            }
        }
        if (write) {
            kernel.putPage(pfn);
        }
        return 0;
    }

    /// A present 2 MiB leaf: only a write to a read-only one needs anything.
    private int huge(Vma vma, long hva, long leaf, boolean write) {
        if (!write || HostPte.isWritable(leaf)) {
            return 0;
        }
        long start = hva & -(1L << HostPte.PMD_SHIFT);
        if (vma.isAnonymous()) {
            return kernel.isHugeZeroPfn(HostPte.pfn(leaf))
                    ? replaceHugeZero(vma, start, leaf)
                    : makeWritable(start, leaf);
        }
        VmOperations ops = vma.ops();
        if (vma.has(VmFlags.VM_SHARED) && ops != null && ops.hasHugeFault()) {
            int result = ops.hugeFault(new VmFault(mm, vma, hva, true));
            if ((result & VM_FAULT_FALLBACK) == 0) {
                return result;
            }
        }
        mm.ranges().splitHugePmd(vma, hva);
        return VM_FAULT_FALLBACK;
    }

    private int replaceHugeZero(Vma vma, long start, long leaf) {
        long pfn = kernel.allocFolio(PageAllocator.BLOCK_ORDER, PfnDatabase.PG_ANON);
        if (pfn < 0) {
            mm.ranges().splitHugePmd(vma, start);
            return VM_FAULT_FALLBACK;
        }
        PageProt prot = vma.vmPageProt().withWrite(true);
        replace(start, leaf, HostPte.make(pfn, HostPte.PMD_SHIFT, prot, 0));
        return 0;
    }

    private int anonymousPage(Vma vma, long hva, boolean write) {
        if (vma.has(VmFlags.VM_SHARED)) {
            return VM_FAULT_SIGBUS;
        }
        if (!write) {
            install(hva, HostPte.make(kernel.zeroPfn(), HostPte.PAGE_SHIFT, vma.vmPageProt(), HostPte.SPECIAL));
            return 0;
        }
        long pfn = kernel.allocFolio(0, PfnDatabase.PG_ANON);
        if (pfn < 0) {
            return VM_FAULT_OOM;
        }
        PageProt prot = vma.vmPageProt().withWrite(true);
        if (!install(hva, HostPte.make(pfn, HostPte.PAGE_SHIFT, prot, 0))) {
            kernel.putPage(pfn);
        }
        return 0;
    }

    /// `do_read_fault`, `do_cow_fault`, `do_shared_fault`.
    private int filePage(Vma vma, long hva, boolean write) {
        VmOperations ops = vma.ops();
        if (ops == null) {
            return VM_FAULT_SIGBUS;
        }
        VmFault fault = new VmFault(mm, vma, hva, write);
        int result = ops.fault(fault);
        if ((result & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)) != 0) {
            return result;
        }
        if ((result & VM_FAULT_LOCKED) == 0) {
            throw new KernelBug("A fault handler of " + vma + " answered 0x" + Integer.toHexString(result));
        }
        long pfn = fault.page();
        PageProt prot = vma.vmPageProt();
        if (write && !vma.has(VmFlags.VM_SHARED)) {
            long copy = kernel.allocFolio(0, PfnDatabase.PG_ANON);
            if (copy >= 0) {
                kernel.copyPages(pfn, MemoryAttributes.NORMAL_WB, copy, 0);
            }
            kernel.putPage(pfn);
            if (copy < 0) {
                return VM_FAULT_OOM;
            }
            pfn = copy;
            prot = prot.withWrite(true);
        }
        if (!install(hva, HostPte.make(pfn, HostPte.PAGE_SHIFT, prot, 0))) {
            kernel.putPage(pfn);
        }
        return 0;
    }

    /// `do_wp_page`: a write through a present, read-only 4 KiB leaf.
    private int writeProtected(Vma vma, long hva, long leaf) {
        long page = hva & -AddressSpace.PAGE_SIZE;
        boolean anon =
                !HostPte.isSpecial(leaf) && kernel.pfns().testPageFlags(HostPte.pfnAt(leaf, page), PfnDatabase.PG_ANON);
        if (vma.has(VmFlags.VM_SHARED) || anon) {
            return makeWritable(page, leaf);
        }
        return copyOnWrite(vma, page, leaf);
    }

    /// `wp_page_reuse`: in place, without notifier.
    private int makeWritable(long hva, long leaf) {
        synchronized (mm.pageTableLock()) {
            if (table.lookup(hva) == leaf) {
                mm.ranges().updateLeaf(hva, leaf, leaf | HostPte.WRITE | HostPte.DIRTY);
            }
        }
        return 0;
    }

    /// `wp_page_copy`.
    private int copyOnWrite(Vma vma, long hva, long leaf) {
        long old = HostPte.pfnAt(leaf, hva);
        long copy = kernel.allocFolio(0, PfnDatabase.PG_ANON);
        if (copy < 0) {
            return VM_FAULT_OOM;
        }
        if (!kernel.isZeroPfn(old)) {
            MemoryAttributes type =
                    HostPte.isSpecial(leaf) ? HostPte.attr(leaf).memoryAttributes() : MemoryAttributes.NORMAL_WB;
            kernel.copyPages(old, type, copy, 0);
        }
        replace(
                hva,
                leaf,
                HostPte.make(copy, HostPte.PAGE_SHIFT, vma.vmPageProt().withWrite(true), 0));
        return 0;
    }

    /// Replaces a leaf by one over a new page of the same size, between notifier calls.
    private void replace(long hva, long leaf, long replacement) {
        long end = hva + (1L << HostPte.shift(replacement));
        boolean done = false;
        mm.notifiers().start(hva, end);
        synchronized (mm.pageTableLock()) {
            if (table.lookup(hva) == leaf) {
                mm.ranges().updateLeaf(hva, leaf, replacement);
                done = true;
            }
        }
        mm.notifiers().end(hva, end);
        if (!done) {
            kernel.putPage(HostPte.pfn(replacement));
        } else if (!HostPte.isSpecial(leaf)) {
            kernel.putPage(HostPte.pfnAt(leaf, hva));
        }
    }

    private boolean install(long hva, long leaf) {
        long page = hva & -AddressSpace.PAGE_SIZE;
        synchronized (mm.pageTableLock()) {
            if (table.lookup(page) != 0) {
                return false;
            }
            table.set(page, leaf);
            return true;
        }
    }
}
