package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.scenario.Inspection;
import dev.ipanema.vmm.scenario.Scenario;
import dev.ipanema.vmm.scenario.ScenarioFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What `ipanema stage2` and `ipanema vma` share: they run scenarios and print the state that they end in.
abstract class InspectCommand extends Command {
    @Option(
            names = {"--case", "--filter"},
            paramLabel = "REGEX",
            description = "Only scenarios in whose id the pattern is found; needed without FILE.")
    private @Nullable String filter;

    @Option(
            names = "--policy",
            paramLabel = "P",
            description = "Follow this kernel version instead of each scenario's own.")
    private @Nullable String policy;

    @Parameters(
            paramLabel = "FILE",
            description = "Scenarios, .jsonl or .jsonl.gz (docs/scenario-format.md); without: the recordings.")
    private List<Path> files = List.of();

    private final Inspection inspection;

    InspectCommand(Inspection inspection) {
        this.inspection = inspection;
    }

    @Override
    public Integer call() {
        if (files.isEmpty() && filter == null) {
            throw new BadInput("name a FILE, or choose among the recordings by --case REGEX");
        }
        KernelVersion version = policy == null ? null : KernelVersion.parse(policy);
        Pattern pattern = pattern();
        List<ScenarioFile> sources = new ArrayList<>();
        if (files.isEmpty()) {
            sources.add(ScenarioFile.packed());
        }
        for (Path path : files) {
            sources.add(ScenarioFile.open(path));
        }
        int shown = 0;
        for (ScenarioFile source : sources) {
            try (source) {
                shown += show(source, pattern, version);
            }
        }
        if (shown == 0) {
            throw new BadInput("no scenario matches", BadInput.FINDING);
        }
        return 0;
    }

    private int show(ScenarioFile source, @Nullable Pattern pattern, @Nullable KernelVersion version) {
        int shown = 0;
        Scenario scenario = source.next();
        while (scenario != null) {
            if (pattern == null || pattern.matcher(scenario.id()).find()) {
                out().println("# " + scenario.id());
                out().print(inspection.of(scenario, version));
                shown++;
            }
            scenario = source.next();
        }
        return shown;
    }

    private @Nullable Pattern pattern() {
        if (filter == null) {
            return null;
        }
        try {
            return Pattern.compile(filter);
        } catch (PatternSyntaxException e) {
            throw new BadInput("--case: '" + filter + "' is not a regular expression (" + e.getDescription()
                    + " near index " + e.getIndex() + ")");
        }
    }
}
