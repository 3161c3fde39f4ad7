package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.VmFault.VM_FAULT_NOPAGE;
import static dev.ipanema.host.mm.VmFault.VM_FAULT_SIGBUS;
import static dev.ipanema.host.mm.VmFlags.VM_MIXEDMAP;
import static dev.ipanema.host.mm.VmFlags.VM_PFNMAP;

import dev.ipanema.base.errno.Errno;

/// How drivers put PFNs and pages into a VMA. What a kernel would answer with `BUG_ON` throws [KernelBug].
///
/// Source: Linux 7.3 `mm/memory.c`, `mm/huge_memory.c:vmf_insert_pfn_pmd`.
public final class PfnInsertion {
    private PfnInsertion() {}

    /// `remap_pfn_range`: maps `size` bytes at `hva` to the PFNs from `pfn` on, with 4 KiB leaves, and
    /// marks the VMA. Only for the first population, inside the driver's mmap.
    ///
    /// @param prot what the entries get; may differ from `vm_page_prot`
    /// @return 0; -EINVAL for a part of a COW mapping, whose `vm_pgoff` must say where all of it is
    public static int remapPfnRange(AddressSpace mm, Vma vma, long hva, long pfn, long size, PageProt prot) {
        long end = hva + (size + AddressSpace.PAGE_SIZE - 1 & -AddressSpace.PAGE_SIZE);
        if (vma.isCowMapping()) {
            if (hva != vma.start() || end != vma.end()) {
                return Errno.EINVAL.negated();
            }
            vma.setPgoff(pfn);
        }
        if (hva < vma.start() || end > vma.end() || end <= hva) {
            return Errno.EINVAL.negated();
        }
        vma.setFlags(VmFlags.REMAP_FLAGS);
        synchronized (mm.pageTableLock()) {
            mm.pageTable().setRange(hva, pfn, end - hva, prot);
        }
        return 0;
    }

    /// `vmf_insert_pfn`: a 4 KiB leaf with `vm_page_prot`.
    ///
    /// @return `VM_FAULT_*` bits
    public static int vmfInsertPfn(AddressSpace mm, Vma vma, long hva, long pfn) {
        return vmfInsertPfnProt(mm, vma, hva, pfn, vma.vmPageProt());
    }

    /// `vmf_insert_pfn_prot`: a 4 KiB leaf with a protection of the caller's choice.
    ///
    /// @return `VM_FAULT_*` bits
    /// @throws KernelBug for a VMA that is not exactly one of `VM_PFNMAP` and `VM_MIXEDMAP`, for a COW
    ///     mapping with `VM_PFNMAP`, and for a PFN with struct page in a `VM_MIXEDMAP`
    public static int vmfInsertPfnProt(AddressSpace mm, Vma vma, long hva, long pfn, PageProt prot) {
        boolean pfnmap = vma.has(VM_PFNMAP);
        boolean mixedmap = vma.has(VM_MIXEDMAP);
        bugOn(pfnmap == mixedmap, "vmf_insert_pfn wants exactly one of VM_PFNMAP and VM_MIXEDMAP", vma);
        bugOn(pfnmap && vma.isCowMapping(), "vmf_insert_pfn into a COW mapping", vma);
        bugOn(mixedmap && mm.kernel().pfns().pfnValid(pfn), "vmf_insert_pfn of a PFN with struct page", vma);
        return insertPfn(mm, vma, hva, pfn, prot, false);
    }

    /// `vmf_insert_mixed`: a 4 KiB leaf with `vm_page_prot` in a `VM_MIXEDMAP`. arm64 marks it special
    /// whether the PFN has a struct page or not.
    ///
    /// @return `VM_FAULT_*` bits
    /// @throws KernelBug for a VMA without `VM_MIXEDMAP`
    public static int vmfInsertMixed(AddressSpace mm, Vma vma, long hva, long pfn) {
        bugOn(!vma.has(VM_MIXEDMAP), "vmf_insert_mixed wants VM_MIXEDMAP", vma);
        return insertPfn(mm, vma, hva, pfn, vma.vmPageProt(), false);
    }

    private static int insertPfn(AddressSpace mm, Vma vma, long hva, long pfn, PageProt prot, boolean write) {
        if (!vma.contains(hva)) {
            return VM_FAULT_SIGBUS;
        }
        long page = hva & -AddressSpace.PAGE_SIZE;
        long leaf = HostPte.make(pfn, HostPte.PAGE_SHIFT, prot.withWrite(prot.write() || write), HostPte.SPECIAL);
        synchronized (mm.pageTableLock()) {
            // An entry that is there already is left alone, whatever it maps.
            if (mm.pageTable().lookup(page) == 0) {
                mm.pageTable().set(page, leaf);
            }
        }
        return VM_FAULT_NOPAGE;
    }

    /// `vmf_insert_pfn_pmd`: one 2 MiB leaf with `vm_page_prot`, over the 2 MiB around the fault.
    ///
    /// @param pfn first PFN of the 2 MiB, aligned
    /// @return `VM_FAULT_*` bits
    /// @throws KernelBug as [#vmfInsertPfnProt]
    public static int vmfInsertPfnPmd(VmFault fault, long pfn) {
        Vma vma = fault.vma();
        boolean pfnmap = vma.has(VM_PFNMAP);
        bugOn(pfnmap == vma.has(VM_MIXEDMAP), "vmf_insert_pfn_pmd wants one of VM_PFNMAP and VM_MIXEDMAP", vma);
        bugOn(pfnmap && vma.isCowMapping(), "vmf_insert_pfn_pmd into a COW mapping", vma);
        long start = fault.hva() & -(1L << HostPte.PMD_SHIFT);
        bugOn((pfn & (1L << (HostPte.PMD_SHIFT - HostPte.PAGE_SHIFT)) - 1) != 0, "unaligned huge PFN", vma);
        if (!vma.contains(start)) {
            return VM_FAULT_SIGBUS;
        }
        AddressSpace mm = fault.mm();
        PageProt prot = vma.vmPageProt();
        boolean write = prot.write() || fault.isWrite();
        long leaf = HostPte.make(pfn, HostPte.PMD_SHIFT, prot.withWrite(write), HostPte.SPECIAL);
        synchronized (mm.pageTableLock()) {
            if (mm.pageTable().isPmdNone(start)) {
                mm.pageTable().set(start, leaf);
            } else if (HostPte.pfn(mm.pageTable().lookup(start)) == pfn && fault.isWrite()) {
                mm.pageTable().set(start, leaf);
            }
        }
        return VM_FAULT_NOPAGE;
    }

    /// {@return whether 2 MiB may be mapped around a fault: the block lies inside the VMA and address and
    /// PFN agree on its alignment}
    ///
    /// @param pfn PFN of the faulting page
    public static boolean pmdFits(Vma vma, long hva, long pfn) {
        long mask = (1L << HostPte.PMD_SHIFT) - 1;
        long start = hva & ~mask;
        return start >= vma.start()
                && start + mask < vma.end()
                && (hva & mask) >>> HostPte.PAGE_SHIFT == (pfn & mask >>> HostPte.PAGE_SHIFT);
    }

    /// `vm_insert_page`: a 4 KiB leaf over a page with struct page, which gets a reference; the VMA becomes
    /// a `VM_MIXEDMAP`.
    ///
    /// @return 0; -EFAULT outside the VMA; -EINVAL for a free page or an anonymous one; -EBUSY when
    ///     something is mapped there
    /// @throws KernelBug when the VMA is a `VM_PFNMAP`
    public static int vmInsertPage(AddressSpace mm, Vma vma, long hva, long pfn) {
        PfnDatabase pfns = mm.kernel().pfns();
        if (!vma.contains(hva)) {
            return Errno.EFAULT.negated();
        }
        if (pfns.references(pfn) == 0 || pfns.testPageFlags(pfn, PfnDatabase.PG_ANON)) {
            return Errno.EINVAL.negated();
        }
        bugOn(vma.has(VM_PFNMAP), "vm_insert_page into a VM_PFNMAP", vma);
        vma.setFlags(VM_MIXEDMAP);
        synchronized (mm.pageTableLock()) {
            if (mm.pageTable().lookup(hva) != 0) {
                return Errno.EBUSY.negated();
            }
            mm.kernel().getPage(pfn);
            mm.pageTable().set(hva, HostPte.make(pfn, HostPte.PAGE_SHIFT, vma.vmPageProt(), 0));
        }
        return 0;
    }

    private static void bugOn(boolean condition, String what, Vma vma) {
        if (condition) {
            throw new KernelBug(what + ": " + vma);
        }
    }
}
