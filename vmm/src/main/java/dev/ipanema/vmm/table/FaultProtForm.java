package dev.ipanema.vmm.table;

import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.abort.FaultProt;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `fault-prot`: the permissions of a fault's mapping.
final class FaultProtForm implements TableForm {
    @Override
    public String name() {
        return "fault-prot";
    }

    @Override
    public Set<String> inputs() {
        return Set.of("map_writable", "device", "logging", "write_fault", "exec_fault", "map_non_cacheable", "dic");
    }

    @Override
    public List<String> anyOf(String column) {
        return VmaColumns.BITS;
    }

    @Override
    public @Nullable Outcome outcome(String column) {
        return switch (column) {
            case "W" -> row -> bit(prot(row), Stage2Prot.W);
            case "X" -> row -> bit(prot(row), Stage2Prot.X);
            case "result_7.3" -> row -> result(prot(row));
            default -> null;
        };
    }

    private static int prot(Row row) {
        return FaultProt.compute(
                row.bit("map_writable"),
                row.bit("device"),
                row.bit("logging"),
                row.bit("write_fault"),
                row.bit("exec_fault"),
                row.bit("map_non_cacheable"),
                false,
                row.bit("dic"),
                DecisionTrail.off());
    }

    private static String bit(int prot, int flag) {
        if (prot < 0) {
            return "";
        }
        return (prot & flag) != 0 ? "1" : "0";
    }

    private static String result(int prot) {
        if (prot == Errno.ENOEXEC.negated()) {
            return "-ENOEXEC -> SEA iabt";
        }
        return "map " + ((prot & Stage2Prot.R) != 0 ? "R" : "") + ((prot & Stage2Prot.W) != 0 ? "W" : "")
                + ((prot & Stage2Prot.X) != 0 ? "X" : "");
    }
}
