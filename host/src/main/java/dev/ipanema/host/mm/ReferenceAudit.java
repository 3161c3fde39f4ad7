package dev.ipanema.host.mm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Compares reference counts with what holds them: mappings of all address spaces, page caches, pages
/// pinned for devices, the kernel's own use, poisoned pages that are kept for ever.
final class ReferenceAudit {
    private final KernelMemory kernel;
    private final Map<Long, Integer> expected = new HashMap<>();

    ReferenceAudit(KernelMemory kernel) {
        this.kernel = kernel;
    }

    List<ReferenceLeak> run() {
        for (AddressSpace mm : kernel.addressSpaces()) {
            mm.forEachLeaf((hva, leaf) -> {
                if (HostPte.isPresent(leaf) && !HostPte.isSpecial(leaf)) {
                    expect(HostPte.pfn(leaf));
                }
                return leaf;
            });
        }
        for (PageCache cache : kernel.caches()) {
            cache.forEach(this::expect);
        }
        for (PinnedRange range : kernel.pinnedRanges()) {
            range.forEachPinned(this::expect);
        }
        List<ReferenceLeak> leaks = new ArrayList<>();
        kernel.pfns().forEachInUse((pfn, references, flags) -> {
            int held = expected.getOrDefault(pfn, 0)
                    + ((flags & PfnDatabase.PG_KERNEL) != 0 ? 1 : 0)
                    + ((flags & PfnDatabase.PG_HWPOISON) != 0 ? 1 : 0);
            if (held != references) {
                leaks.add(new ReferenceLeak(pfn, references, held));
            }
        });
        return leaks;
    }

    private void expect(long pfn) {
        expected.merge(kernel.pfns().folioHead(pfn), 1, Integer::sum);
    }
}
