package dev.ipanema.host.mm;

/// Changes to stretches of a page table: unmapping, changing permissions, splitting huge leaves, with the
/// MMU notifier calls that belong to each.
///
/// Source: Linux 7.3 `mm/memory.c:zap_page_range_single`, `mm/mprotect.c:change_protection`,
/// `mm/huge_memory.c:__split_huge_pmd`.
final class RangeOperations {
    private final AddressSpace mm;
    private final KernelMemory kernel;
    private final HostPageTable table;

    RangeOperations(AddressSpace mm) {
        this.mm = mm;
        this.kernel = mm.kernel();
        this.table = mm.pageTable();
    }

    /// Removes all entries of `[start, end)` inside one VMA, between notifier calls.
    void zap(Vma vma, long start, long end) {
        mm.notifiers().start(start, end);
        zapWithoutNotifier(vma, start, end);
        mm.notifiers().end(start, end);
    }

    void zapWithoutNotifier(Vma vma, long start, long end) {
        splitAtBorders(vma, start, end);
        synchronized (mm.pageTableLock()) {
            table.walk(start, end, (hva, leaf) -> {
                release(leaf);
                return 0;
            });
        }
    }

    private void release(long leaf) {
        if (HostPte.isPresent(leaf) && !HostPte.isSpecial(leaf)) {
            long pfn = HostPte.pfn(leaf);
            if (HostPte.isDirty(leaf)) {
                kernel.setPageDirty(pfn);
            }
            kernel.putPage(pfn);
        }
    }

    /// Gives present entries of `[start, end)` the protection of the VMA; private pages of the process's
    /// own become writable at once when the VMA is.
    void changeProtection(Vma vma, long start, long end) {
        if (isEmpty(start, end)) {
            return;
        }
        mm.notifiers().start(start, end);
        splitAtBorders(vma, start, end);
        PageProt prot = vma.vmPageProt();
        boolean upgradesOwnPages = vma.has(VmFlags.VM_WRITE) && !vma.has(VmFlags.VM_SHARED) && !vma.isHugetlb();
        synchronized (mm.pageTableLock()) {
            table.walk(start, end, (hva, leaf) -> {
                if (!HostPte.isPresent(leaf)) {
                    return leaf;
                }
                boolean own = upgradesOwnPages
                        && !HostPte.isSpecial(leaf)
                        && kernel.pfns().testPageFlags(HostPte.pfn(leaf), PfnDatabase.PG_ANON);
                return HostPte.modify(leaf, own ? prot.withWrite(true) : prot);
            });
        }
        mm.notifiers().end(start, end);
    }

    private boolean isEmpty(long start, long end) {
        boolean[] found = new boolean[1];
        synchronized (mm.pageTableLock()) {
            table.walk(start, end, (hva, leaf) -> {
                found[0] = true;
                return leaf;
            });
        }
        return !found[0];
    }

    private void splitAtBorders(Vma vma, long start, long end) {
        splitHugePmdAcross(vma, start);
        splitHugePmdAcross(vma, end);
    }

    /// Splits the 2 MiB leaf that reaches over a border, as a change of VMA bounds needs it too.
    void splitHugePmdAcross(Vma vma, long border) {
        if ((border & (1L << HostPte.PMD_SHIFT) - 1) != 0 && !vma.isHugetlb()) {
            splitHugePmd(vma, border);
        }
    }

    /// Splits the 2 MiB leaf at an address, between notifier calls. Anonymous memory gets 512 entries over
    /// the same pages; a leaf without struct pages is simply removed and faults again.
    void splitHugePmd(Vma vma, long hva) {
        long leaf = mm.lookupLeaf(hva);
        if (!HostPte.isPresent(leaf) || HostPte.shift(leaf) != HostPte.PMD_SHIFT) {
            return;
        }
        long start = hva & -(1L << HostPte.PMD_SHIFT);
        long end = start + (1L << HostPte.PMD_SHIFT);
        mm.notifiers().start(start, end);
        synchronized (mm.pageTableLock()) {
            long current = table.lookup(start);
            if (HostPte.isPresent(current) && HostPte.shift(current) == HostPte.PMD_SHIFT) {
                if (vma.isAnonymous()) {
                    splitAnonymous(start, current);
                } else {
                    release(current);
                    table.clear(start);
                }
            }
        }
        mm.notifiers().end(start, end);
    }

    private void splitAnonymous(long start, long leaf) {
        int pages = 1 << PageAllocator.BLOCK_ORDER;
        if (!kernel.isHugeZeroPfn(HostPte.pfn(leaf))) {
            kernel.pfns().addReferences(HostPte.pfn(leaf), pages - 1);
            table.splitPmd(start);
            return;
        }
        table.splitPmd(start);
        table.walk(start, start + (1L << HostPte.PMD_SHIFT), (hva, part) -> HostPte.withPfn(part, kernel.zeroPfn()));
    }

    /// Stores `replacement` for the page or huge page at `hva` that `leaf`, perhaps a run, maps now. The
    /// caller holds the page-table lock.
    void updateLeaf(long hva, long leaf, long replacement) {
        if (!HostPte.isRun(leaf)) {
            table.set(hva, replacement);
            return;
        }
        table.clear(hva);
        long ofPage = HostPte.isRun(replacement) ? HostPte.ofPage(replacement, HostPte.pfnAt(leaf, hva)) : replacement;
        table.set(hva, ofPage);
    }
}
