package dev.ipanema.cli;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.vmm.coherence.CachesOption;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.coherence.NamedFinding;
import dev.ipanema.vmm.demo.DemoPart;
import dev.ipanema.vmm.demo.DemoReport;
import dev.ipanema.vmm.demo.DemoStep;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Locale;

/// Demonstrations for people.
final class DemoText {
    private static final String INDENT = "  ";

    private DemoText() {}

    static void write(PrintWriter out, String summary, DemoReport report) {
        out.println(report.demo() + ": " + summary);
        out.println(report.host() + " with " + report.cpu().name() + " (FWB " + bit(report.has(CpuFeature.FWB))
                + ", DIC "
                + bit(report.has(CpuFeature.DIC)) + ", IDC " + bit(report.idc()) + "), " + report.kernel()
                + ", caches "
                + (report.caches() == null ? "off" : "modelled, policy " + CachesOption.policy(report.caches())));
        for (DemoPart part : report.parts()) {
            out.println();
            part(out, part);
        }
        for (String note : report.notes()) {
            out.println();
            out.println(note);
        }
    }

    private static int bit(boolean set) {
        return set ? 1 : 0;
    }

    private static void part(PrintWriter out, DemoPart part) {
        out.println(part.title());
        int width = part.steps().stream()
                .mapToInt(step -> step.who().length())
                .max()
                .orElse(0);
        for (DemoStep step : part.steps()) {
            step(out, step, width);
        }
        for (DecisionTrail.Step reason : part.reasons()) {
            out.println(INDENT + INDENT + reason);
        }
        CoherenceReport found = part.found();
        if (found != null) {
            found.findings().forEach(finding -> finding(out, finding));
        }
        out.println(INDENT + "=> " + part.outcome());
    }

    private static void step(PrintWriter out, DemoStep step, int width) {
        out.printf(Locale.ROOT, INDENT + "%-" + width + "s  %s", step.who(), step.what());
        out.println(step.seen().isEmpty() ? "" : ": " + step.seen());
        if (!step.type().isEmpty()) {
            out.println(INDENT + " ".repeat(width) + INDENT + "as " + step.type());
        }
    }

    private static void finding(PrintWriter out, NamedFinding finding) {
        StringWriter text = new StringWriter();
        PrintWriter lines = new PrintWriter(text);
        CoherenceText.finding(lines, finding);
        lines.flush();
        text.toString().lines().forEach(line -> out.println(INDENT + line));
    }
}
