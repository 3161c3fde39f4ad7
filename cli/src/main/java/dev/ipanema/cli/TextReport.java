package dev.ipanema.cli;

import dev.ipanema.vmm.unittest.UnitTestResult;
import dev.ipanema.vmm.unittest.UnitTestResult.Verdict;
import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.Map;

/// Results as kvm-unit-tests' run_tests.sh prints them: `PASS name (2 tests)`.
final class TextReport implements TestReport {
    private final PrintWriter out;
    private final boolean coloured;
    private final Map<Verdict, Integer> totals = new EnumMap<>(Verdict.class);

    TextReport(PrintWriter out, boolean coloured) {
        this.out = out;
        this.coloured = coloured;
    }

    @Override
    public void add(UnitTestResult result) {
        totals.merge(result.verdict(), 1, Integer::sum);
        String note = result.note().isEmpty() ? "" : " (" + result.note() + ")";
        out.println(word(result.verdict()) + " " + result.test().name() + note);
        out.flush();
    }

    private String word(Verdict verdict) {
        if (!coloured) {
            return verdict.name();
        }
        int colour = switch (verdict) {
            case PASS -> 32;
            case FAIL -> 31;
            case SKIP -> 33;
        };
        return "\033[" + colour + "m" + verdict.name() + "\033[0m";
    }

    @Override
    public void finish() {
        out.printf(
                "%d passed, %d failed, %d skipped%n",
                totals.getOrDefault(Verdict.PASS, 0),
                totals.getOrDefault(Verdict.FAIL, 0),
                totals.getOrDefault(Verdict.SKIP, 0));
    }
}
