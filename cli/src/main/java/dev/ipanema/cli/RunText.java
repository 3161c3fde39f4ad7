package dev.ipanema.cli;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.Stage1;
import dev.ipanema.vmm.probe.Probe;
import dev.ipanema.vmm.probe.ProbeOutcome;
import dev.ipanema.vmm.probe.ProbeRegion;
import dev.ipanema.vmm.probe.ProbeReport;
import dev.ipanema.vmm.probe.ProbeResult;
import dev.ipanema.vmm.probe.Stage2Row;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What the default guest found, for people.
final class RunText {
    private static final int COLUMN = 13;

    private RunText() {}

    static void write(PrintWriter out, ProbeReport report) {
        out.printf("host %s, KVM as in %s%n%n", report.host(), report.policy());
        for (ProbeRegion region : ProbeRegion.values()) {
            ProbeReport.RegionReport about = report.regions().get(region);
            if (about != null) {
                region(out, report, region, about);
            }
        }
        stage2(out, report.stage2());
        List<ProbeResult> surprises = report.surprises();
        for (ProbeResult surprise : surprises) {
            out.printf(
                    "%nNOT AS PREDICTED: %s %s under stage-1 %s: predicted that it %s; it %s%n%s",
                    surprise.probe().region().word(),
                    surprise.probe().operation().word(),
                    surprise.probe().stage1().word(),
                    surprise.predicted(),
                    surprise.actual(),
                    surprise.reasons().indent(4));
        }
        if (!report.defect().isEmpty()) {
            out.printf("%nKVM: %s%n", report.defect());
        }
        if (report.timedOut()) {
            out.printf("%nThe time ran out.%n");
        }
        out.printf(
                "%n%d probes, %d as predicted%n",
                report.results().size(), report.results().size() - surprises.size());
    }

    private static void region(
            PrintWriter out, ProbeReport report, ProbeRegion region, ProbeReport.RegionReport about) {
        out.printf(
                "%s  [%s, +%s)  %s%n", region.word(), Sizes.hex(region.ipa()), Sizes.format(about.size()), about.vma());
        if (about.slotErrno() != 0) {
            out.printf(
                    "  slot refused: %s%n%s%n",
                    Errno.render(about.slotErrno()), about.slotReasons().indent(4));
            return;
        }
        out.print("  stage 1      ");
        for (Operation operation : Probe.operations()) {
            out.printf("%-" + COLUMN + "s", operation.word());
        }
        out.println();
        for (Stage1 stage1 : Probe.attributes()) {
            out.printf("  %-" + COLUMN + "s", stage1.word());
            for (ProbeResult result : report.results()) {
                Probe probe = result.probe();
                if (probe.region() == region && probe.stage1() == stage1) {
                    out.printf("%-" + COLUMN + "s", result.actual().brief() + (result.agrees() ? "" : " (!)"));
                }
            }
            out.println();
        }
        endings(out, report, region);
        out.printf("  first fault:%n%s%n", about.faultReasons().indent(4));
    }

    /// One line for each way in which a probe of the region failed: the rule behind it.
    private static void endings(PrintWriter out, ProbeReport report, ProbeRegion region) {
        Set<String> told = new HashSet<>();
        for (ProbeResult result : report.results()) {
            String brief = result.actual().brief();
            if (result.probe().region() == region
                    && result.actual().kind() != ProbeOutcome.Kind.OK
                    && told.add(brief)) {
                String reason = result.reasons().lines().reduce("", (first, last) -> last);
                out.printf(
                        "  %-11s %s under %s: %s%n",
                        brief,
                        result.probe().operation().word(),
                        result.probe().stage1().word(),
                        reason);
            }
        }
    }

    private static void stage2(PrintWriter out, List<Stage2Row> rows) {
        out.println("stage 2");
        for (Stage2Row row : rows) {
            out.printf(
                    "  %-11s %-14s +%-6s level %d  %-12s %-4s %s%n",
                    row.region(),
                    Sizes.hex(row.ipa()),
                    Sizes.format(row.size()),
                    row.leaf().level(),
                    row.leaf().type(),
                    row.leaf().s2ap(),
                    row.leaf().xn() == 0 ? "X" : "XN=" + row.leaf().xn());
        }
    }
}
