package dev.ipanema.host.mm;

import java.util.ArrayList;
import java.util.List;

/// Finds who maps a folio, by looking at every entry: for rare events only.
final class Rmap {
    private Rmap() {}

    /// An entry that maps a folio or a page of it.
    record Mapping(long hva, long leaf) {}

    /// {@return the entries of `mm` that map the folio whose first page is `head`}
    static List<Mapping> mappingsOf(AddressSpace mm, long head) {
        PfnDatabase pfns = mm.kernel().pfns();
        List<Mapping> mappings = new ArrayList<>();
        mm.forEachLeaf((hva, leaf) -> {
            boolean counted = HostPte.isPresent(leaf) && !HostPte.isSpecial(leaf);
            if (counted && pfns.folioHead(HostPte.pfn(leaf)) == head) {
                mappings.add(new Mapping(hva, leaf));
            }
            return leaf;
        });
        return mappings;
    }
}
