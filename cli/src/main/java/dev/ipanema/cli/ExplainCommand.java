package dev.ipanema.cli;

import dev.ipanema.arm.a64.Decoder;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.explain.ExplainRequest;
import dev.ipanema.vmm.explain.Explainer;
import dev.ipanema.vmm.explain.Explanation;
import dev.ipanema.vmm.explain.ExplanationText;
import dev.ipanema.vmm.scenario.HostDescription;
import dev.ipanema.vmm.scenario.RecordingHost;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/// `ipanema explain`: what KVM does with one kind of memory, and why.
@CommandLine.Command(
        name = "explain",
        description = "Tell what KVM does with a guest's first access to one kind of memory, and why: when the slot is"
                + " created and when the access faults. The memory is really mapped and really accessed.",
        footer = "Exit code 0, or 2 when a word is not known.%n")
final class ExplainCommand extends Command {
    private static final Set<String> REQUIRED = Set.of("--vma", "--attr", "--backing", "--access");
    private static final Set<String> SIMPLE = Set.of(
            "--policy",
            "--host",
            "--cpu",
            "--vma",
            "--attr",
            "--backing",
            "--slot-flags",
            "--access",
            "--json",
            "--compare");

    @Option(names = "--policy", paramLabel = "P", description = "Kernel version to follow (default: linux-7.3).")
    private @Nullable String policy;

    @Option(names = "--host", paramLabel = "H", description = "Host whose CPU has the features (default: gb200).")
    private @Nullable String host;

    @Option(names = "--cpu", paramLabel = "M", description = "CPU model instead, with features: cortex-a76+dic.")
    private @Nullable String cpu;

    @Option(
            names = "--vma",
            paramLabel = "FLAGS",
            required = true,
            description = "Comma list of ordinary, PFNMAP, MIXEDMAP, IO, ALLOW_ANY_UNCACHED, MTE_ALLOWED, SHARED,"
                    + " or the letters of smaps.")
    private String vma = "";

    @Option(names = "--attr", paramLabel = "A", required = true, description = "WB, TAGGED, NC, nGnRnE or nGnRE.")
    private String attr = "";

    @Option(
            names = "--backing",
            paramLabel = "B",
            required = true,
            description = "ram: pfn_is_map_memory holds; nomap: it does not.")
    private String backing = "";

    @Option(names = "--slot-flags", paramLabel = "F", description = "LOG_DIRTY_PAGES, READONLY or a number.")
    private String slotFlags = "";

    @Option(names = "--access", paramLabel = "A", required = true, description = "read, write or exec.")
    private String access = "";

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(names = "--compare", paramLabel = "P,P,…", split = ",", description = "These kernel versions side by side.")
    private List<String> compare = List.of();

    @Override
    boolean takeSimple(String[] arguments) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            int equals = argument.indexOf('=');
            String option = equals < 0 ? argument : argument.substring(0, equals);
            @Nullable String value;
            if (option.equals("--json")) {
                value = equals < 0 ? "" : null;
            } else if (equals >= 0) {
                value = argument.substring(equals + 1);
            } else {
                i++;
                value = i < arguments.length ? arguments[i] : null;
            }
            if (!SIMPLE.contains(option)
                    || value == null
                    || value.startsWith("-")
                    || values.put(option, value) != null) {
                return false;
            }
        }
        if (!values.keySet().containsAll(REQUIRED)) {
            return false;
        }
        policy = values.get("--policy");
        host = values.get("--host");
        cpu = values.get("--cpu");
        vma = values.getOrDefault("--vma", vma);
        attr = values.getOrDefault("--attr", attr);
        backing = values.getOrDefault("--backing", backing);
        slotFlags = values.getOrDefault("--slot-flags", slotFlags);
        access = values.getOrDefault("--access", access);
        json = values.containsKey("--json");
        String compared = values.get("--compare");
        compare = compared == null ? List.of() : List.of(compared.split(","));
        return true;
    }

    @Override
    public Integer call() {
        if (host != null && cpu != null) {
            throw new BadInput("--host and --cpu exclude each other");
        }
        if (policy != null && !compare.isEmpty()) {
            throw new BadInput("--policy and --compare exclude each other");
        }
        ExplainRequest request = ExplainRequest.parse(vma, attr, backing, slotFlags, access);
        // The table of instructions is read while this thread has the JVM link mmap: a tenth of the whole answer.
        Thread.ofPlatform().name("a64-table").daemon(true).start(Decoder::all);
        HostDescription description =
                cpu != null ? RecordingHost.ofCpu(cpu) : RecordingHost.ofProfile(host == null ? "gb200" : host);
        Explainer explainer = new Explainer(description);
        List<Explanation> explanations = new ArrayList<>();
        for (KernelVersion version : versions()) {
            explanations.add(explainer.explain(request, version));
        }
        String name = cpu != null ? cpu : host == null ? "gb200" : host;
        if (json) {
            ExplanationJson.write(out(), name, description, request, explanations);
        } else if (compare.isEmpty()) {
            out().print(ExplanationText.of(name, description, request, explanations.getFirst()));
        } else {
            out().print(ExplanationText.sideBySide(name, description, request, explanations));
        }
        return 0;
    }

    private List<KernelVersion> versions() {
        if (compare.isEmpty()) {
            return List.of(policy == null ? KernelVersion.newest() : KernelVersion.parse(policy));
        }
        return compare.stream().map(KernelVersion::parse).toList();
    }
}
