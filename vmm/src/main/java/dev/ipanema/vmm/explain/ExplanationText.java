package dev.ipanema.vmm.explain;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.vmm.scenario.HostDescription;
import java.util.ArrayList;
import java.util.List;

/// Explanations as text.
public final class ExplanationText {
    private static final int LABEL = 5;

    private ExplanationText() {}

    /// {@return one explanation with all its reasons}
    public static String of(String hostName, HostDescription host, ExplainRequest request, Explanation explanation) {
        StringBuilder text = new StringBuilder();
        text.append(explanation.policy())
                .append(" on ")
                .append(question(hostName, host, request))
                .append("\n\n");
        text.append("slot: ").append(slot(explanation)).append('\n');
        steps(text, explanation.slotTrail());
        text.append('\n');
        if (explanation.swapped()) {
            text.append("The fault below is that of the same memory put under a slot that was created before.\n");
        }
        text.append("fault: ").append(explanation.fault()).append('\n');
        text.append("leaf: ").append(explanation.leaf()).append('\n');
        steps(text, explanation.faultTrail());
        return text.toString();
    }

    /// {@return several explanations, one column each}
    public static String sideBySide(
            String hostName, HostDescription host, ExplainRequest request, List<Explanation> explanations) {
        StringBuilder text = new StringBuilder(question(hostName, host, request)).append("\n\n");
        List<List<String>> columns = new ArrayList<>();
        columns.add(List.of("", "slot", "fault", "leaf", "page"));
        for (Explanation each : explanations) {
            columns.add(List.of(
                    each.policy(),
                    slot(each),
                    each.fault() + (each.swapped() ? " *" : ""),
                    each.leaf().toString(),
                    each.pfnClass().isEmpty() ? "-" : each.pfnClass()));
        }
        table(text, columns);
        if (explanations.stream().anyMatch(Explanation::swapped)) {
            text.append("\n* put under a slot that was created before, since the slot is refused\n");
        }
        return text.toString();
    }

    private static String question(String hostName, HostDescription host, ExplainRequest request) {
        return hostName + " (FWB " + (host.fwb() ? 1 : 0) + ", DIC " + (host.dic() ? 1 : 0) + "), first access: "
                + request.access().word() + "\n" + "VMA "
                + (request.vmFlags() == 0 ? "ordinary" : VmFlags.names(request.vmFlags()))
                + ", " + request.attribute() + ", pages are " + (request.mapMemory() ? "" : "not ")
                + "pfn_is_map_memory, slot flags "
                + (request.slotFlags() == 0 ? "0" : KvmMem.flagNames(request.slotFlags()));
    }

    private static String slot(Explanation explanation) {
        return explanation.slotErrno() == 0 ? "accepted" : Errno.render(explanation.slotErrno());
    }

    private static void steps(StringBuilder text, List<DecisionTrail.Step> steps) {
        for (DecisionTrail.Step step : steps) {
            text.append("  ").append(step).append('\n');
        }
    }

    private static void table(StringBuilder text, List<List<String>> columns) {
        int rows = columns.getFirst().size();
        for (int row = 0; row < rows; row++) {
            StringBuilder line = new StringBuilder();
            for (List<String> column : columns) {
                int width = LABEL;
                for (String cell : column) {
                    width = Math.max(width, cell.length());
                }
                String cell = column.get(row);
                line.append(cell).repeat(' ', width - cell.length() + 2);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
    }
}
