package dev.ipanema.vmm.table;

import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.kvm.version.VmaInfo;
import java.util.List;

/// The columns that describe a VMA, in the tables about slots and faults.
final class VmaColumns {
    /// The attributes of a VMA, as the tables name them.
    static final List<String> ATTRIBUTES =
            List.of("NORMAL", "NORMAL_TAGGED", "NORMAL_NC", "DEVICE_nGnRnE", "DEVICE_nGnRE");

    /// The values of a column that holds a bit.
    static final List<String> BITS = List.of("0", "1");

    private static final List<String> KINDS = List.of("ordinary", "PFNMAP", "MIXEDMAP");

    private VmaColumns() {}

    /// {@return the VMA of a row with the columns `vma_kind` and `vma_s1_attr`}
    static VmaInfo vma(Row row, boolean cow, boolean allowAnyUncached, boolean mteAllowed) {
        int kind = row.oneOf("vma_kind", KINDS);
        PteAttrIndex attribute = PteAttrIndex.valueOf("MT_" + ATTRIBUTES.get(row.oneOf("vma_s1_attr", ATTRIBUTES)));
        return new VmaInfo(
                kind == KINDS.indexOf("PFNMAP"),
                kind == KINDS.indexOf("MIXEDMAP"),
                cow,
                allowAnyUncached,
                mteAllowed,
                VmaInfo.isCacheable(attribute));
    }
}
