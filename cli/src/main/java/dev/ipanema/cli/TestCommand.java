package dev.ipanema.cli;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.unittest.UnitTest;
import dev.ipanema.vmm.unittest.UnitTestConfig;
import dev.ipanema.vmm.unittest.UnitTestResult;
import dev.ipanema.vmm.unittest.UnitTestResult.Verdict;
import dev.ipanema.vmm.unittest.UnitTestRunner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `ipanema test`: runs bare-metal test images in the form of kvm-unit-tests.
@CommandLine.Command(
        name = "test",
        description = "Run bare-metal test images in the form of kvm-unit-tests: headerless images that report on the"
                + " serial port, print EXIT: STATUS=n and switch themselves off. A folder's unittests.cfg says which"
                + " and how.",
        footer = "Exit code 0 when no test failed, 1 otherwise; 2 for a wrong command line or configuration.%n")
final class TestCommand extends Command {
    private static final String CONFIG = "unittests.cfg";
    private static final String FLAT = ".flat";

    @Parameters(arity = "1..*", paramLabel = "DIR|FILE.flat", description = "A folder of images, or images.")
    private List<Path> paths = new ArrayList<>();

    @Option(names = "--ktap", description = "Print KTAP, each check a subtest.")
    private boolean ktap;

    @Option(names = "-g", paramLabel = "GROUP", description = "Only tests of this group. May be repeated.")
    private List<String> groups = new ArrayList<>();

    @Option(names = "-t", paramLabel = "NAME", description = "Only the test of this name. May be repeated.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--all", description = "Also tests of the group nodefault.")
    private boolean all;

    @Option(names = "--max-smp", paramLabel = "N", description = "What $MAX_SMP is (default: 4).")
    private String maxSmp = "4";

    @Option(names = "--timeout", paramLabel = "S", description = "Seconds for a test that names none (default: 90).")
    private String timeout = "90";

    @Option(names = "--logs", paramLabel = "FOLDER", description = "Write each test's console to FOLDER/NAME.log.")
    private @Nullable Path logs;

    @Option(names = "-v", description = "Show the consoles on the standard error stream.")
    private boolean verbose;

    @Option(names = "--host", paramLabel = "H", description = "Host profile (default: gb200).")
    private String host = "gb200";

    @Option(names = "--cpu", paramLabel = "M", description = "Another CPU for the host: cortex-a76+dic, max-fwb, …")
    private @Nullable String cpu;

    @Option(names = "--policy", paramLabel = "P", description = "Kernel version to follow (default: linux-7.3).")
    private @Nullable String policy;

    @Mixin
    private CoherenceOptions coherenceOptions = new CoherenceOptions();

    @Mixin
    private SkipMaintenanceOption skipMaintenance = new SkipMaintenanceOption();

    @Override
    public Integer call() {
        List<UnitTest> tests = selected();
        if (tests.isEmpty()) {
            throw new BadInput("there is no test to run in " + paths);
        }
        HostProfile profile = HostProfile.parse(host);
        if (cpu != null) {
            profile = profile.withCpu(CpuModel.parse(cpu));
        }
        KernelVersion version = policy == null ? KernelVersion.newest() : KernelVersion.parse(policy);
        CacheOptions caches = coherenceOptions.caches();
        CoherenceReport found = caches == null ? null : CoherenceReport.none(caches);
        UnitTestRunner runner =
                new UnitTestRunner(profile, version, Ticker.system(), caches, skipMaintenance.leftOut());
        TestReport report = ktap ? new KtapReport(out(), tests.size()) : new TextReport(out(), interactive());
        IntConsumer console = verbose ? this::show : value -> {};
        int failed = 0;
        for (UnitTest test : tests) {
            UnitTestResult result = judged(runner.run(test, console));
            if (found != null && result.coherence() != null) {
                found = found.plus(result.coherence().of(test.name()));
            }
            report.add(result);
            writeLog(result);
            if (result.verdict() == Verdict.FAIL) {
                failed++;
                result.details().lines().forEach(line -> err().println("  " + line));
                err().flush();
            }
        }
        report.finish();
        int code = failed == 0 ? 0 : BadInput.FINDING;
        return found == null ? code : coherenceOptions.finish(err(), found, each -> again(tests, each.subject()), code);
    }

    /// With `--fail-on finding` a test that met one has failed.
    private UnitTestResult judged(UnitTestResult result) {
        CoherenceReport coherence = result.coherence();
        if (!coherenceOptions.failsOnFinding()
                || coherence == null
                || coherence.total() == 0
                || result.verdict() != Verdict.PASS) {
            return result;
        }
        return result.failed(coherence.total() + " findings in its caches");
    }

    /// {@return the command that runs a test as a guest, which can repeat exactly}
    private Again again(List<UnitTest> tests, String name) {
        UnitTest test = tests.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
        List<String> words = new ArrayList<>(List.of("run", test.file().toString(), "--flat", "--host", host));
        if (cpu != null) {
            words.addAll(List.of("--cpu", cpu));
        }
        if (policy != null) {
            words.addAll(List.of("--policy", policy));
        }
        words.addAll(List.of("-c", Integer.toString(test.cpus()), "-m", Sizes.format(test.memory())));
        words.addAll(List.of("--irqchip", test.irqchip().word(), "--no-reboot"));
        if (!test.arguments().isEmpty()) {
            words.addAll(List.of("-p", test.arguments()));
        }
        words.addAll(coherenceOptions.words());
        words.addAll(skipMaintenance.words());
        return Again.made(words, new MachineOptions().repeating());
    }

    private void show(int value) {
        err().write(value);
        if (value == '\n') {
            err().flush();
        }
    }

    // ---- what to run -----------------------------------------------------------------------------------------------

    private List<UnitTest> selected() {
        long cpus = Sizes.parseNumber("--max-smp", maxSmp);
        if (cpus < 1 || cpus > Machine.MAX_PROCESSING_ELEMENTS) {
            throw new BadInput(
                    "--max-smp: 1 to " + Machine.MAX_PROCESSING_ELEMENTS + " vCPUs are possible, not " + maxSmp);
        }
        long seconds = Sizes.parseNumber("--timeout", timeout);
        if (seconds <= 0 || seconds > Integer.MAX_VALUE) {
            throw new BadInput("--timeout: '" + timeout + "' is not a number of seconds above 0");
        }
        UnitTestConfig.Defaults defaults = new UnitTestConfig.Defaults((int) cpus, seconds);
        List<UnitTest> tests = new ArrayList<>();
        for (Path path : paths) {
            tests.addAll(Files.isDirectory(path) ? folder(path, defaults) : file(path, defaults));
        }
        return tests.stream().filter(this::isWanted).toList();
    }

    private boolean isWanted(UnitTest test) {
        if (!names.isEmpty() && !names.contains(test.name())) {
            return false;
        }
        if (!groups.isEmpty() && groups.stream().noneMatch(test.groups()::contains)) {
            return false;
        }
        boolean asked = all || !names.isEmpty() || groups.contains(UnitTest.NODEFAULT);
        return asked || !test.groups().contains(UnitTest.NODEFAULT);
    }

    private static List<UnitTest> folder(Path folder, UnitTestConfig.Defaults defaults) {
        Path config = folder.resolve(CONFIG);
        if (Files.exists(config)) {
            return configured(config, folder, defaults);
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(FLAT))
                    .sorted()
                    .map(file -> UnitTest.of(file, defaults))
                    .toList();
        } catch (IOException e) {
            throw new BadInput(folder + ": cannot be read (" + e.getMessage() + ")");
        }
    }

    /// An image runs as the configuration beside it says, where there is one that names it.
    private static List<UnitTest> file(Path file, UnitTestConfig.Defaults defaults) {
        if (!Files.isRegularFile(file)) {
            throw new BadInput(file + ": no such file");
        }
        Path folder = file.resolveSibling("");
        Path config = file.resolveSibling(CONFIG);
        List<UnitTest> tests = Files.exists(config)
                ? configured(config, folder, defaults).stream()
                        .filter(test -> test.file().normalize().equals(file.normalize()))
                        .toList()
                : List.of();
        return tests.isEmpty() ? List.of(UnitTest.of(file, defaults)) : tests;
    }

    private static List<UnitTest> configured(Path config, Path folder, UnitTestConfig.Defaults defaults) {
        String text = new String(InputFiles.read(config, "a configuration"), StandardCharsets.UTF_8);
        try {
            return UnitTestConfig.parse(text, folder, defaults);
        } catch (BadInput e) {
            throw new BadInput(config + ": " + e.getMessage());
        }
    }

    private void writeLog(UnitTestResult result) {
        if (logs == null) {
            return;
        }
        String name = result.test().name().replaceAll("[^A-Za-z0-9._-]", "_");
        try {
            Files.createDirectories(logs);
        } catch (IOException e) {
            throw new BadInput(logs + ": cannot be made (" + e.getMessage() + ")");
        }
        String text = String.join("\n", result.console()) + "\n";
        OutputFiles.write(logs.resolve(name + ".log"), text.getBytes(StandardCharsets.UTF_8));
    }
}
