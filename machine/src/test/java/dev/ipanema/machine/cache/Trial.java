package dev.ipanema.machine.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A program on a machine, compared with the oracle.
///
/// @param steps what is done
record Trial(Setting setting, List<Step> steps) {
    /// What a run came to.
    ///
    /// @param failedAt the number of the step that went wrong; -1 when none did
    /// @param wrong what went wrong; empty when nothing did
    /// @param mostAllowed the most values that were allowed where something was read
    /// @param reads for each step the values that it read
    /// @param findings what the monitor found
    record Outcome(
            int failedAt, String wrong, int mostAllowed, List<int[]> reads, List<CoherenceMonitor.Counted> findings) {
        boolean isAllowed() {
            return failedAt < 0;
        }

        /// {@return how many findings there are of a kind}
        long count(FindingKind kind) {
            return findings.stream()
                    .filter(counted -> counted.finding().kind() == kind)
                    .mapToLong(CoherenceMonitor.Counted::count)
                    .sum();
        }
    }

    /// Runs the program.
    Outcome run(Oracles oracles) {
        CacheOracle oracle = new CacheOracle(oracles.of(setting.idc()), setting.mapMemory());
        List<int[]> reads = new ArrayList<>();
        try (Subject subject = new Subject(setting)) {
            for (int i = 0; i < steps.size(); i++) {
                Step step = steps.get(i);
                int[] seen = new int[step.reads() ? step.cells() : 0];
                String wrong = run(subject, step, seen);
                reads.add(seen);
                if (wrong == null) {
                    wrong = oracle.follow(step, seen, subject::hasCacheableEntry);
                }
                if (wrong != null) {
                    return new Outcome(
                            i,
                            wrong,
                            oracle.mostAllowed(),
                            reads,
                            subject.monitor().findings());
                }
            }
            return new Outcome(
                    -1, "", oracle.mostAllowed(), reads, subject.monitor().findings());
        }
    }

    private static @Nullable String run(Subject subject, Step step, int[] seen) {
        try {
            subject.run(step, seen);
            return null;
        } catch (RuntimeException | AssertionError e) {
            StackTraceElement[] trace = e.getStackTrace();
            return e + (trace.length == 0 ? "" : " at " + trace[0]);
        }
    }

    /// {@return a shorter trial that still fails; this one's run must}
    Trial shrunk(Oracles oracles) {
        Trial least = new Trial(setting, steps.subList(0, run(oracles).failedAt() + 1));
        for (int length = Math.max(1, least.steps.size() / 2); length >= 1; length /= 2) {
            for (int at = least.steps.size() - length; at >= 0; at--) {
                List<Step> fewer = new ArrayList<>(least.steps);
                fewer.subList(at, Math.min(at + length, fewer.size())).clear();
                Trial candidate = new Trial(setting, List.copyOf(fewer));
                Outcome outcome = candidate.run(oracles);
                if (!outcome.isAllowed()) {
                    least = new Trial(setting, candidate.steps.subList(0, outcome.failedAt() + 1));
                    at = Math.min(at, least.steps.size() - length + 1);
                }
            }
        }
        return least;
    }

    /// {@return a listing with what each step read}
    String listing(Outcome outcome) {
        StringBuilder text = new StringBuilder(setting.toString()).append('\n');
        for (int i = 0; i < steps.size(); i++) {
            text.append(String.format("%3d  %s", i, steps.get(i)));
            if (i < outcome.reads.size() && outcome.reads.get(i).length > 0) {
                text.append(" -> ").append(Arrays.toString(outcome.reads.get(i)));
            }
            text.append(i == outcome.failedAt ? "   <== " + outcome.wrong : "").append('\n');
        }
        outcome.findings.forEach(
                counted -> text.append("finding ").append(counted).append('\n'));
        return text.toString();
    }
}
