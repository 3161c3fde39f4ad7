package dev.ipanema.vmm.table;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.memslot.PrepareMemoryRegion;
import dev.ipanema.kvm.memslot.PrepareMemoryRegion.Gmem;
import dev.ipanema.kvm.memslot.RegionChange;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.VmaInfo;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `prepare-memory-region`: which slots `kvm_arch_prepare_memory_region` accepts.
final class PrepareMemoryRegionForm implements TableForm {
    private static final List<String> CHANGES = List.of("CREATE", "DELETE", "MOVE", "FLAGS_ONLY");
    private static final List<String> GMEM = List.of("none", "gmem-mappable", "gmem-not-mappable");
    private static final List<Gmem> GMEM_OF_WORD = List.of(Gmem.NONE, Gmem.MAPPABLE, Gmem.NOT_MAPPABLE);

    @Override
    public String name() {
        return "prepare-memory-region";
    }

    @Override
    public Set<String> inputs() {
        return Set.of(
                "change",
                "within_ipa",
                "gmem",
                "vm_mte",
                "vma_kind",
                "vma_mte_allowed",
                "vma_s1_attr",
                "log_dirty",
                "fwb",
                "dic");
    }

    @Override
    public List<String> anyOf(String column) {
        return switch (column) {
            case "change" -> CHANGES;
            case "gmem" -> GMEM;
            case "vma_s1_attr" -> VmaColumns.ATTRIBUTES;
            case "vma_kind" -> List.of("hole", "ordinary", "PFNMAP", "MIXEDMAP");
            default -> VmaColumns.BITS;
        };
    }

    @Override
    public @Nullable Outcome outcome(String column) {
        return switch (column) {
            case "errno_7.3" -> row -> errno(row, "linux-7.3");
            case "errno_v7_and_6.17" ->
                row -> {
                    String v7 = errno(row, "series-v7/5");
                    String merged = errno(row, "linux-6.17");
                    return v7.equals(merged) ? v7 : v7 + " and " + merged;
                };
            case "errno_pre_series" -> row -> errno(row, "linux-6.16");
            default -> null;
        };
    }

    private static String errno(Row row, String policy) {
        KernelVersion version = KernelVersion.parse(policy);
        Gmem gmem = GMEM_OF_WORD.get(row.oneOf("gmem", GMEM));
        if (gmem != Gmem.NONE && !version.guestMemfdBuiltIn()) {
            return "n/a";
        }
        PrepareMemoryRegion.Facts facts = new PrepareMemoryRegion.Facts(
                RegionChange.valueOf(CHANGES.get(row.oneOf("change", CHANGES))),
                row.bit("within_ipa"),
                gmem,
                row.bit("vm_mte"),
                row.bit("log_dirty"),
                row.bit("fwb") && row.bit("dic"));
        int result = PrepareMemoryRegion.check(version, facts, vmas(row), DecisionTrail.off());
        return result == 0 ? "OK" : Errno.render(result);
    }

    private static List<VmaInfo> vmas(Row row) {
        boolean mteAllowed = row.bit("vma_mte_allowed");
        return row.text("vma_kind").equals("hole") ? List.of() : List.of(VmaColumns.vma(row, false, false, mteAllowed));
    }
}
