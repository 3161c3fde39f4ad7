package dev.ipanema.host.mm;

import dev.ipanema.arm.memory.MemoryAttributes;

/// Faults in hugetlbfs mappings: whole huge pages, shared ones from the file, private ones the process's
/// own.
///
/// Source: Linux 7.3 `mm/hugetlb.c:hugetlb_fault`.
final class HugetlbFaults {
    private final AddressSpace mm;
    private final KernelMemory kernel;

    HugetlbFaults(AddressSpace mm) {
        this.mm = mm;
        this.kernel = mm.kernel();
    }

    int handle(Vma vma, long hva, boolean write) {
        long start = hva & -(1L << vma.pageShift());
        long leaf = mm.lookupLeaf(start);
        if (HostPte.isHwpoison(leaf)) {
            return VmFault.VM_FAULT_HWPOISON;
        }
        if (leaf == 0) {
            return missing(vma, start, write);
        }
        if (!write || HostPte.isWritable(leaf)) {
            return 0;
        }
        boolean own = kernel.pfns().testPageFlags(HostPte.pfn(leaf), PfnDatabase.PG_ANON);
        if (own || vma.has(VmFlags.VM_SHARED)) {
            synchronized (mm.pageTableLock()) {
                if (mm.pageTable().lookup(start) == leaf) {
                    mm.pageTable().set(start, leaf | HostPte.WRITE | HostPte.DIRTY);
                }
            }
            return 0;
        }
        return copyOnWrite(vma, start, leaf);
    }

    private static MemoryFile file(Vma vma) {
        if (vma.file() instanceof MemoryFile file) {
            return file;
        }
        throw new KernelBug("A hugetlb VMA has no hugetlbfs file: " + vma);
    }

    /// `hugetlb_no_page`.
    private int missing(Vma vma, long start, boolean write) {
        MemoryFile file = file(vma);
        boolean shared = vma.has(VmFlags.VM_SHARED);
        int order = vma.pageShift() - HostPte.PAGE_SHIFT;
        long cached = file.cachedHugePage(vma.pgoffOf(start));
        boolean writable = shared ? vma.has(VmFlags.VM_WRITE) : write;
        long pfn;
        if (shared || (cached != 0 && !write)) {
            pfn = file.hugePage(vma.pgoffOf(start));
        } else {
            pfn = kernel.allocFolio(order, PfnDatabase.PG_ANON);
            if (pfn >= 0 && cached != 0) {
                kernel.copyPages(cached, MemoryAttributes.NORMAL_WB, pfn, order);
            }
        }
        if (pfn < 0) {
            return VmFault.VM_FAULT_SIGBUS;
        }
        if (kernel.pfns().testPageFlags(pfn, PfnDatabase.PG_HWPOISON)) {
            kernel.putPage(pfn);
            return VmFault.VM_FAULT_HWPOISON;
        }
        long leaf = HostPte.make(pfn, vma.pageShift(), vma.vmPageProt().withWrite(writable), 0);
        synchronized (mm.pageTableLock()) {
            if (mm.pageTable().lookup(start) == 0) {
                mm.pageTable().set(start, leaf);
                return 0;
            }
        }
        kernel.putPage(pfn);
        return 0;
    }

    /// `hugetlb_wp` for a page of the file in a private mapping.
    private int copyOnWrite(Vma vma, long start, long leaf) {
        int order = vma.pageShift() - HostPte.PAGE_SHIFT;
        long copy = kernel.allocFolio(order, PfnDatabase.PG_ANON);
        if (copy < 0) {
            return VmFault.VM_FAULT_SIGBUS;
        }
        kernel.copyPages(HostPte.pfn(leaf), MemoryAttributes.NORMAL_WB, copy, order);
        long end = start + (1L << vma.pageShift());
        long surplus = copy;
        mm.notifiers().start(start, end);
        synchronized (mm.pageTableLock()) {
            if (mm.pageTable().lookup(start) == leaf) {
                PageProt prot = vma.vmPageProt().withWrite(true);
                mm.pageTable().set(start, HostPte.make(copy, vma.pageShift(), prot, 0));
                surplus = HostPte.pfn(leaf);
            }
        }
        mm.notifiers().end(start, end);
        kernel.putPage(surplus);
        return 0;
    }
}
