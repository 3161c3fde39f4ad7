package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.scenario.Disagreement;
import dev.ipanema.vmm.scenario.Replay;
import dev.ipanema.vmm.scenario.ScenarioFile;
import dev.ipanema.vmm.scenario.Verdict;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `ipanema replay`: runs recorded or own scenarios and compares every field.
@CommandLine.Command(
        name = "replay",
        description = "Run recorded scenarios on this machine, host and KVM, and compare every field.%n"
                + "Without FILE: the 11,881 recordings of real KVM that are part of the program.",
        footer = "Exit code 0 only if all agreed, 1 otherwise, 2 when a file is malformed.%n")
final class ReplayCommand extends Command {
    private static final int PROGRESS_EVERY = 100;

    @Option(
            names = "--policy",
            paramLabel = "P",
            description = "Follow this kernel version instead of each scenario's own.")
    private @Nullable String policy;

    @Option(names = "--filter", paramLabel = "REGEX", description = "Only scenarios in whose id the pattern is found.")
    private @Nullable String filter;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all verdicts to FILE.")
    private @Nullable Path json;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Run on N threads (default: one a processor). The output does not depend on it.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Parameters(paramLabel = "FILE", description = "Scenarios, .jsonl or .jsonl.gz (docs/scenario-format.md).")
    private List<Path> files = List.of();

    @Override
    public Integer call() {
        if (threads < 1 || threads > 1024) {
            throw new BadInput("--threads " + threads + " is not between 1 and 1024");
        }
        KernelVersion version = policy == null ? null : KernelVersion.parse(policy);
        Replay replay = new Replay(version, pattern(), threads);
        Replay.Totals totals = Replay.Totals.NONE;
        try (VerdictWriter writer = json == null ? VerdictWriter.none() : VerdictWriter.to(json)) {
            Progress progress = new Progress();
            if (files.isEmpty()) {
                totals = totals.plus(run(replay, ScenarioFile.packed(), "", writer, progress));
            }
            for (Path path : files) {
                totals = totals.plus(run(replay, ScenarioFile.open(path), " " + path, writer, progress));
            }
            progress.clear();
            writer.finish(totals);
        }
        if (totals.replayed() == 0) {
            err().println("ipanema: no scenario was run");
        }
        out().println(totals);
        return totals.replayed() > 0 && totals.agreed() == totals.replayed() ? 0 : BadInput.FINDING;
    }

    private @Nullable Pattern pattern() {
        if (filter == null) {
            return null;
        }
        try {
            return Pattern.compile(filter);
        } catch (PatternSyntaxException e) {
            throw new BadInput("--filter: '" + filter + "' is not a regular expression (" + e.getDescription()
                    + " near index " + e.getIndex() + ")");
        }
    }

    /// @param named the file as an argument that repeats the run, a blank in front; empty for the packed one
    private Replay.Totals run(Replay replay, ScenarioFile file, String named, VerdictWriter writer, Progress progress) {
        try (file) {
            return replay.run(file, verdict -> {
                writer.add(verdict);
                if (verdict.status() != Verdict.Status.AGREED) {
                    progress.clear();
                    print(verdict, named);
                }
                progress.step();
            });
        }
    }

    private void print(Verdict verdict, String named) {
        for (String item : verdict.unsupported()) {
            out().println("unsupported " + verdict.id() + ": " + item);
        }
        int told = -1;
        for (Disagreement each : verdict.disagreements()) {
            out().println("disagreed " + verdict.id() + " (" + verdict.policy() + "): step " + each.step() + " "
                    + each.word() + ": " + each.field() + ": expected " + each.expected() + ", got " + each.got());
            if (told != each.step()) {
                told = each.step();
                each.trail().lines().forEach(line -> out().println("    " + line));
            }
        }
        if (!verdict.disagreements().isEmpty()) {
            out().println("    again: ipanema replay --policy " + verdict.policy() + " --filter '^"
                    + Pattern.quote(verdict.id()) + "$'" + named);
        }
    }

    /// A counter on the terminal's last line; nothing when the streams are no terminal.
    private final class Progress {
        private final boolean shown = interactive();
        private int count;

        void step() {
            count++;
            if (shown && count % PROGRESS_EVERY == 0) {
                err().print("\r" + count + " replayed");
                err().flush();
            }
        }

        void clear() {
            if (shown) {
                err().print("\r\u001b[K");
                err().flush();
            }
        }
    }
}
