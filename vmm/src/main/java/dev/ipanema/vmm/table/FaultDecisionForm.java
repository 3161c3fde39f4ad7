package dev.ipanema.vmm.table;

import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.abort.FaultDecision;
import dev.ipanema.kvm.abort.FaultFacts;
import dev.ipanema.kvm.abort.FaultOutcome;
import dev.ipanema.kvm.memslot.PrepareMemoryRegion;
import dev.ipanema.kvm.memslot.PrepareMemoryRegion.Gmem;
import dev.ipanema.kvm.memslot.RegionChange;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.VmaInfo;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `fault-decision`: what a fault makes of a page, per kernel version. The PFN lookup has succeeded, for a writable
/// page.
final class FaultDecisionForm implements TableForm {
    private static final List<String> ACCESSES = List.of("read", "write", "exec");

    @Override
    public String name() {
        return "fault-decision";
    }

    @Override
    public Set<String> inputs() {
        return Set.of(
                "vma_kind",
                "cow_mapping",
                "vma_s1_attr",
                "pfn_is_map_memory",
                "fwb",
                "dic",
                "vm_allow_any_uncached",
                "access");
    }

    @Override
    public List<String> anyOf(String column) {
        return switch (column) {
            case "vma_kind" -> List.of("ordinary", "PFNMAP", "MIXEDMAP");
            case "vma_s1_attr" -> VmaColumns.ATTRIBUTES;
            case "access" -> ACCESSES;
            default -> VmaColumns.BITS;
        };
    }

    @Override
    public @Nullable Outcome outcome(String column) {
        return switch (column) {
            case "outcome_7.3" -> row -> text(decide(row, "linux-7.3"));
            case "outcome_6.17" -> row -> text(decide(row, "linux-6.17"));
            case "outcome_v7_as_posted" -> row -> text(decide(row, "series-v7/5"));
            case "outcome_pre_series" -> row -> text(decide(row, "linux-6.16"));
            case "s2_memattr_7.3" -> row -> memAttr(row, decide(row, "linux-7.3"));
            case "memslot_accepted_7.3" -> row -> slot(row, "linux-7.3");
            default -> null;
        };
    }

    private static VmaInfo vma(Row row) {
        return VmaColumns.vma(row, row.bit("cow_mapping"), row.bit("vm_allow_any_uncached"), false);
    }

    private static FaultOutcome decide(Row row, String policy) {
        int access = row.oneOf("access", ACCESSES);
        FaultFacts facts = new FaultFacts(
                vma(row),
                row.bit("pfn_is_map_memory"),
                true,
                access == ACCESSES.indexOf("write"),
                access == ACCESSES.indexOf("exec"),
                row.bit("fwb"),
                row.bit("dic"));
        return FaultDecision.decide(KernelVersion.parse(policy), facts, DecisionTrail.off());
    }

    private static String text(FaultOutcome outcome) {
        return switch (outcome) {
            case FaultOutcome.Map map -> "MAP " + type(map.prot()) + ((map.prot() & Stage2Prot.X) != 0 ? " +X" : "");
            case FaultOutcome.Refuse refuse ->
                Errno.render(refuse.errno()) + (refuse.leaksMmapLock() ? "(mmap_lock leak)" : "");
            case FaultOutcome.InjectSeaIabt abort -> "SEA-IABT(-ENOEXEC)";
            case FaultOutcome.InjectExclusiveAtomic abort -> "DABT-0x35";
        };
    }

    private static String type(int prot) {
        if ((prot & Stage2Prot.DEVICE) != 0) {
            return "DEVICE_nGnRE";
        }
        return (prot & Stage2Prot.NORMAL_NC) != 0 ? "NORMAL_NC" : "NORMAL_WB";
    }

    private static String memAttr(Row row, FaultOutcome outcome) {
        if (!(outcome instanceof FaultOutcome.Map map)) {
            return "";
        }
        long attributes = Stage2Prot.encode(map.prot(), row.bit("fwb"), false, true);
        String bits = Integer.toBinaryString(Stage2Descriptor.memAttr(attributes));
        return "0".repeat(4 - bits.length()) + bits;
    }

    private static String slot(Row row, String policy) {
        PrepareMemoryRegion.Facts facts = new PrepareMemoryRegion.Facts(
                RegionChange.CREATE, true, Gmem.NONE, false, false, row.bit("fwb") && row.bit("dic"));
        int result =
                PrepareMemoryRegion.check(KernelVersion.parse(policy), facts, List.of(vma(row)), DecisionTrail.off());
        return result == 0 ? "OK" : Errno.render(result);
    }
}
