package dev.ipanema.cli;

import dev.ipanema.vmm.unittest.ConsoleReport.Check;
import dev.ipanema.vmm.unittest.UnitTestResult;
import dev.ipanema.vmm.unittest.UnitTestResult.Verdict;
import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Results as KTAP, version 1 (Linux Documentation/dev-tools/ktap.rst): each image a test, each of its checks a
/// subtest.
final class KtapReport implements TestReport {
    private static final String HEADER = "KTAP version 1";

    private final PrintWriter out;
    private final Map<Verdict, Integer> totals = new EnumMap<>(Verdict.class);
    private int number;

    KtapReport(PrintWriter out, int count) {
        this.out = out;
        out.println(HEADER);
        out.println("1.." + count);
    }

    @Override
    public void add(UnitTestResult result) {
        totals.merge(result.verdict(), 1, Integer::sum);
        number++;
        List<Check> checks = result.checks();
        if (!checks.isEmpty()) {
            out.println("  " + HEADER);
            out.println("  1.." + checks.size());
            for (int i = 0; i < checks.size(); i++) {
                out.println("  " + line(checks.get(i), i + 1));
            }
        }
        String directive = switch (result.verdict()) {
            case PASS -> "ok %d %s";
            case FAIL -> "not ok %d %s";
            case SKIP -> "ok %d %s # SKIP";
        };
        String note = result.note().isEmpty() ? "" : (result.verdict() == Verdict.SKIP ? " " : " # ") + result.note();
        out.println(directive.formatted(number, escape(result.test().name())) + note);
        out.flush();
    }

    private static String line(Check check, int number) {
        String text = number + " " + escape(check.text());
        return switch (check.word()) {
            case "PASS" -> "ok " + text;
            case "SKIP" -> "ok " + text + " # SKIP";
            case "XFAIL" -> "not ok " + text + " # XFAIL";
            case "XPASS" -> "not ok " + text + " # a failure was expected";
            default -> "not ok " + text;
        };
    }

    /// A hash begins a directive.
    private static String escape(String text) {
        return text.replace("\\", "\\\\").replace("#", "\\#");
    }

    @Override
    public void finish() {
        out.printf(
                "# Totals: pass:%d fail:%d xfail:0 xpass:0 skip:%d error:0%n",
                totals.getOrDefault(Verdict.PASS, 0),
                totals.getOrDefault(Verdict.FAIL, 0),
                totals.getOrDefault(Verdict.SKIP, 0));
    }
}
