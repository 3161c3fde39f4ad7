package dev.ipanema.vmm.unittest;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a test image says on its console (kvm-unit-tests lib/report.c, lib/arm/io.c): lines `PASS: …`, `FAIL: …`,
/// `XFAIL: …`, `XPASS: …` and `SKIP: …`, a line `SUMMARY: …`, and the exit status. Bytes come from the vCPUs' threads,
/// one
/// at a time; the rest may be asked beside them.
public final class ConsoleReport implements IntConsumer {
    private static final Pattern LINE = Pattern.compile("(PASS|FAIL|XFAIL|XPASS|SKIP): (.*)");
    private static final Pattern STATUS = Pattern.compile("EXIT: STATUS=(\\d{1,9})");
    private static final String SUMMARY = "SUMMARY: ";
    private static final int MAX_LINE = 4096;
    private static final int MAX_LINES = 20_000;

    /// One check of a test image.
    ///
    /// @param word `PASS`, `FAIL`, `XFAIL`, `XPASS` or `SKIP`
    /// @param text what was checked
    public record Check(String word, String text) {
        /// {@return whether it means that the test has failed}
        public boolean isUnexpected() {
            return word.equals("FAIL") || word.equals("XPASS");
        }
    }

    private final StringBuilder line = new StringBuilder();
    private final List<String> lines = new ArrayList<>();
    private final List<Check> checks = new ArrayList<>();
    private Optional<String> summary = Optional.empty();
    private OptionalInt status = OptionalInt.empty();

    @Override
    public synchronized void accept(int value) {
        char c = (char) (value & 0xff);
        if (c == '\n') {
            finishLine();
        } else if (c != '\r' && line.length() < MAX_LINE) {
            line.append(c);
        }
    }

    private void finishLine() {
        String text = line.toString();
        line.setLength(0);
        if (lines.size() < MAX_LINES) {
            lines.add(text);
            Matcher check = LINE.matcher(text);
            if (check.matches()) {
                checks.add(new Check(check.group(1), check.group(2)));
            }
        }
        if (text.startsWith(SUMMARY)) {
            summary = Optional.of(text.substring(SUMMARY.length()));
        }
        Matcher exit = STATUS.matcher(text.strip());
        if (exit.matches() && status.isEmpty()) {
            status = OptionalInt.of(Integer.parseInt(exit.group(1)));
        }
    }

    /// {@return the whole console, at most 20000 lines}
    public synchronized List<String> lines() {
        List<String> all = new ArrayList<>(lines);
        if (!line.isEmpty()) {
            all.add(line.toString());
        }
        return all;
    }

    /// {@return the checks in their order}
    public synchronized List<Check> checks() {
        return List.copyOf(checks);
    }

    /// {@return the exit status as printed, empty before it was}
    public synchronized OptionalInt status() {
        return status;
    }

    /// {@return the image's own summary, or one of its checks, or nothing when it made none}
    public synchronized Optional<String> summary() {
        if (summary.isPresent() || checks.isEmpty()) {
            return summary;
        }
        long unexpected = checks.stream().filter(Check::isUnexpected).count();
        return Optional.of(
                checks.size() + " tests" + (unexpected == 0 ? "" : ", " + unexpected + " unexpected failures"));
    }
}
