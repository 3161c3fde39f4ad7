package dev.ipanema.host.mm;

import dev.ipanema.base.errno.Errno;
import java.util.ArrayList;
import java.util.List;

/// `memory_failure` for one page: marked, unmapped everywhere, never used again. A transparent huge page is
/// split first, so that only the broken page is lost; a hugetlb page is lost as a whole.
///
/// Source: Linux 7.3 `mm/memory-failure.c`.
final class MemoryFailure {
    private final KernelMemory kernel;
    private final PfnDatabase pfns;

    /// A mapping of the folio in one address space.
    private record Target(AddressSpace mm, Vma vma, long hva, long leaf) {}

    MemoryFailure(KernelMemory kernel) {
        this.kernel = kernel;
        this.pfns = kernel.pfns();
    }

    int handle(long pfn) {
        if (!pfns.pfnValid(pfn)) {
            return handlePfn(pfn);
        }
        if (pfns.references(pfn) == 0 || pfns.testPageFlags(pfn, PfnDatabase.PG_KERNEL)) {
            return Errno.EBUSY.negated();
        }
        if (pfns.testPageFlags(pfn, PfnDatabase.PG_HWPOISON)) {
            return Errno.EHWPOISON.negated();
        }
        List<Target> targets = mappings(pfn);
        boolean thp = pfns.folioOrder(pfn) > 0
                && pfns.testPageFlags(pfn, PfnDatabase.PG_ANON)
                && targets.stream().noneMatch(target -> target.vma.isHugetlb());
        if (thp) {
            if (!splitFolio(targets)) {
                return Errno.EBUSY.negated();
            }
            targets = mappings(pfn);
        }
        pfns.setPageFlags(pfn, PfnDatabase.PG_HWPOISON);
        // The page is kept for ever: this reference is never dropped.
        kernel.getPage(pfn);
        targets.forEach(this::unmap);
        return 0;
    }

    /// `memory_failure_pfn`: whoever maps the page of a registered range loses the mapping and gets SIGBUS. The
    /// driver decides what a later fault finds.
    private int handlePfn(long pfn) {
        boolean registered = false;
        for (PfnSpace space : kernel.pfnSpaces()) {
            if (space.contains(pfn)) {
                registered = true;
                kernel.addressSpaces().forEach(mm -> mm.failPage(space.file(), space.pgoff(pfn)));
            }
        }
        return registered ? 0 : Errno.ENXIO.negated();
    }

    private List<Target> mappings(long pfn) {
        List<Target> targets = new ArrayList<>();
        for (AddressSpace mm : kernel.addressSpaces()) {
            for (Rmap.Mapping mapping : Rmap.mappingsOf(mm, pfns.folioHead(pfn))) {
                Vma vma = mm.vmaLookup(mapping.hva());
                if (vma != null) {
                    targets.add(new Target(mm, vma, mapping.hva(), mapping.leaf()));
                }
            }
        }
        return targets;
    }

    /// Splits a huge page that one leaf maps and nobody else holds (`try_to_split_thp_page`).
    private boolean splitFolio(List<Target> targets) {
        if (targets.size() != 1) {
            return false;
        }
        Target target = targets.getFirst();
        long head = HostPte.pfn(target.leaf);
        if (HostPte.shift(target.leaf) != HostPte.PMD_SHIFT || pfns.references(head) != 1) {
            return false;
        }
        target.mm.ranges().splitHugePmd(target.vma, target.hva);
        synchronized (target.mm.pageTableLock()) {
            return kernel.splitFolio(head);
        }
    }

    private void unmap(Target target) {
        AddressSpace mm = target.mm;
        int shift = HostPte.shift(target.leaf);
        long end = target.hva + (1L << shift);
        boolean unmapped = false;
        mm.notifiers().start(target.hva, end);
        synchronized (mm.pageTableLock()) {
            if (mm.pageTable().lookup(target.hva) == target.leaf) {
                mm.pageTable().set(target.hva, HostPte.hwpoison(HostPte.pfn(target.leaf), shift));
                unmapped = true;
            }
        }
        mm.notifiers().end(target.hva, end);
        if (unmapped) {
            kernel.putPage(HostPte.pfn(target.leaf));
        }
    }
}
