package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.vmm.coherence.CachesOption;
import dev.ipanema.vmm.demo.Demo;
import dev.ipanema.vmm.demo.DemoReport;
import dev.ipanema.vmm.demo.DemoStage;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `ipanema demo`: what caches do to virtual machines, shown by small guests.
@CommandLine.Command(
        name = "demo",
        description = "Show by small guests what caches do to virtual machines: who did what through which memory type,"
                + " what was seen, and what the coherence monitor found. Without a name the demonstrations are listed.",
        sortOptions = false,
        footer = "Exit code 0; 1 when the defect that is demonstrated showed, or KVM refused to run the guest; 2 for a"
                + " wrong command line.%n")
final class DemoCommand extends Command {
    @Parameters(index = "0", arity = "0..1", paramLabel = "NAME", description = "Which one.")
    private @Nullable String name;

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    @Option(
            names = "--caches",
            paramLabel = "C",
            description = "off, or modelled[,policy=eager|lazy|random:SEED|adversarial][,track=all|ram|device]"
                    + " (default: modelled; for maintenance its policy is adversarial).")
    private @Nullable String caches;

    @Option(
            names = "--skip",
            paramLabel = "NAME[,NAME]",
            description =
                    "For maintenance, whose default host is altra: show only these kinds, each under a KVM that leaves it out: map, exec,"
                            + " set-way, toggle, reinit, unmap, dirty-log.")
    private @Nullable String skip;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() {
        if (name == null) {
            for (Demo demo : Demo.all()) {
                out().printf(Locale.ROOT, "%-12s%s%n", demo.name(), demo.summary());
            }
            return 0;
        }
        Demo demo = Demo.of(name);
        if (skip != null && !demo.leavesOut()) {
            throw new BadInput("demonstration '" + name + "' leaves none of KVM's maintenance out: --skip is for "
                    + Demo.all().stream()
                            .filter(Demo::leavesOut)
                            .map(Demo::name)
                            .collect(Collectors.joining(", ")));
        }
        DemoStage stage = new DemoStage(
                hostOptions.profile(demo.host().orElse(hostOptions.name())),
                CachesOption.parse(caches == null ? demo.caches().orElse("modelled") : caches)
                        .orElse(null),
                hostOptions.version(),
                hostOptions::builder,
                skip == null ? Set.of() : Maintenance.parse(skip));
        DemoReport report = demo.run(stage);
        if (json) {
            DemoJson.write(out(), report, Again.same(words()));
        } else {
            DemoText.write(out(), demo.summary(), report);
        }
        out().flush();
        return report.defect() ? BadInput.FINDING : 0;
    }
}
