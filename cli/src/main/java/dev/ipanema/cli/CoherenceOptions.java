package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.vmm.coherence.CachesOption;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.coherence.NamedFinding;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options about modelled caches, and what they make of what was found.
final class CoherenceOptions {
    private static final String PRECISE = "precise";
    private static final String FINDING = "finding";

    @Option(
            names = "--caches",
            paramLabel = "MODE",
            description = "off (default), or modelled[,policy=eager|lazy|random:SEED|adversarial]"
                    + "[,track=all|ram|device]: memory has the two values that silicon shows, and what lacks cache"
                    + " maintenance is found; see docs/caches.md.")
    private String caches = "off";

    @Option(
            names = "--coherence",
            paramLabel = "FILE|precise",
            description = "Write what was found to FILE as JSON; with precise follow each line, so that the last writer"
                    + " is exact (slow). Each may be given once.")
    private List<String> coherence = new ArrayList<>();

    @Option(names = "--fail-on", paramLabel = "finding", description = "Exit with 1 when anything was found.")
    private @Nullable String failOn;

    /// {@return how caches are modelled, null: not at all}
    ///
    /// @throws BadInput when an option has a value that is not possible
    @Nullable
    CacheOptions caches() {
        if (failOn != null && !failOn.equals(FINDING)) {
            throw new BadInput("--fail-on: '" + failOn + "' is unknown; there is finding");
        }
        long precise = coherence.stream().filter(PRECISE::equals).count();
        if (precise > 1 || coherence.size() - precise > 1) {
            throw new BadInput("--coherence: give one file and precise at most once");
        }
        CacheOptions options = CachesOption.parse(caches).orElse(null);
        if (options == null) {
            if (failOn != null || !coherence.isEmpty()) {
                throw new BadInput("--coherence and --fail-on are about modelled caches: add --caches modelled");
            }
            return null;
        }
        coherence.stream().filter(each -> !each.equals(PRECISE)).map(Path::of).forEach(OutputFiles::require);
        return options.withPrecise(precise > 0);
    }

    /// {@return the options that model caches in the same way}
    List<String> words() {
        List<String> words = new ArrayList<>(List.of("--caches", caches));
        if (coherence.contains(PRECISE)) {
            words.addAll(List.of("--coherence", PRECISE));
        }
        return words;
    }

    /// {@return whether a finding makes a run fail}
    boolean failsOnFinding() {
        return failOn != null;
    }

    /// Says what was found, and writes the file that the user has asked for.
    ///
    /// @param again gives the command that repeats a finding
    /// @param code the exit code so far
    /// @return the exit code: 1 in place of 0 when something was found that makes the run fail
    int finish(PrintWriter err, CoherenceReport report, Function<NamedFinding, Again> again, int code) {
        CoherenceText.write(err, report, again);
        err.flush();
        for (String file : coherence) {
            if (!file.equals(PRECISE)) {
                OutputFiles.write(Path.of(file), new CoherenceJson(report, again).text());
            }
        }
        return code == 0 && failsOnFinding() && report.total() > 0 ? BadInput.FINDING : code;
    }
}
