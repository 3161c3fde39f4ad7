package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.scenario.Disagreement;
import dev.ipanema.vmm.scenario.Replay;
import dev.ipanema.vmm.scenario.ScenarioFile;
import dev.ipanema.vmm.scenario.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
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

    @Mixin
    private CoherenceOptions coherenceOptions = new CoherenceOptions();

    @Parameters(paramLabel = "FILE", description = "Scenarios, .jsonl or .jsonl.gz (docs/scenario-format.md).")
    private List<Path> files = List.of();

    private final Map<String, Again> again = new HashMap<>();
    private @Nullable CoherenceReport found;

    @Override
    public Integer call() {
        if (threads < 1 || threads > 1024) {
            throw new BadInput("--threads " + threads + " is not between 1 and 1024");
        }
        KernelVersion version = policy == null ? null : KernelVersion.parse(policy);
        CacheOptions caches = coherenceOptions.caches();
        found = caches == null ? null : CoherenceReport.none(caches);
        Replay replay = new Replay(version, pattern(), threads, caches);
        Replay.Totals totals = Replay.Totals.NONE;
        try (VerdictWriter writer = json == null ? VerdictWriter.none() : VerdictWriter.to(json)) {
            Progress progress = new Progress();
            if (files.isEmpty()) {
                totals = totals.plus(run(replay, ScenarioFile.packed(), null, writer, progress));
            }
            for (Path path : files) {
                totals = totals.plus(run(replay, ScenarioFile.open(path), path, writer, progress));
            }
            progress.clear();
            writer.finish(totals);
        }
        if (totals.replayed() == 0) {
            err().println("ipanema: no scenario was run");
        }
        int code = totals.replayed() > 0 && totals.agreed() == totals.replayed() ? 0 : BadInput.FINDING;
        if (found != null) {
            code = coherenceOptions.finish(err(), found, each -> command(each.subject()), code);
        }
        out().println(totals);
        return code;
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

    private Again command(String scenario) {
        return again.getOrDefault(scenario, Again.same(words()));
    }

    /// @param path the file, null for the packed one
    private Replay.Totals run(
            Replay replay, ScenarioFile file, @Nullable Path path, VerdictWriter writer, Progress progress) {
        try (file) {
            return replay.run(file, verdict -> {
                writer.add(verdict);
                collect(verdict, path);
                if (verdict.status() != Verdict.Status.AGREED) {
                    progress.clear();
                    print(verdict, path);
                }
                progress.step();
            });
        }
    }

    private void collect(Verdict verdict, @Nullable Path path) {
        CoherenceReport before = found;
        CoherenceReport more = verdict.coherence();
        if (before != null && more != null && more.total() > 0) {
            again.put(verdict.id(), again(verdict, path));
            found = before.plus(more.of(verdict.id()));
        }
    }

    /// {@return the command that repeats one scenario}
    private Again again(Verdict verdict, @Nullable Path path) {
        List<String> command = new ArrayList<>(List.of("replay", "--policy", verdict.policy()));
        if (found != null) {
            command.addAll(coherenceOptions.words());
        }
        command.addAll(List.of("--filter", "^" + Pattern.quote(verdict.id()) + "$"));
        if (path != null) {
            command.add(path.toString());
        }
        return Again.same(command);
    }

    private void print(Verdict verdict, @Nullable Path path) {
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
            out().println("    again: " + again(verdict, path));
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
