package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.stage2.Stage2Dump;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cpu.InstructionClock;
import dev.ipanema.machine.memory.MemoryLimitExceededException;
import dev.ipanema.vmm.boot.OwnGuest;
import dev.ipanema.vmm.boot.VirtConfig;
import dev.ipanema.vmm.coherence.CoherenceLog;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.console.ConsoleScript;
import dev.ipanema.vmm.console.GuestCommand;
import dev.ipanema.vmm.passthrough.HostDevices;
import dev.ipanema.vmm.probe.ProbeReport;
import dev.ipanema.vmm.probe.ProbeRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `ipanema run`: the default guest, or an image of the user's.
@CommandLine.Command(
        name = "run",
        description = "Boot a guest under KVM on a simulated host. Without an image: the default guest, which probes"
                + " ordinary memory, coherent GPU memory, a Normal-NC region and registers, and shows how each was"
                + " mapped at stage 2 and why. With one: a Linux kernel, or a bare-metal ELF or arm64 Image, entered at"
                + " EL1 with x0 = device tree; PSCI SYSTEM_OFF ends it.",
        sortOptions = false,
        footer = {
            "Hosts: gb200, gh200, gb300, cxl, altra, a710, max.",
            "Exit code 0 when every probe ended as predicted, the guest switched itself off, or every expected text was"
                    + " seen; 1 otherwise; 2 for a wrong command line or image; 124 when the time ran out; with --exec"
                    + " the command's own.%n"
        })
class RunCommand extends Command {
    private static final long PAGE = 4096;
    private static final long MAX_RAM = 512 * Sizes.GIB;
    private static final int TIMED_OUT = 124;

    @Parameters(index = "0", arity = "0..1", paramLabel = "IMAGE", description = "The image, as with -k.")
    private @Nullable Path image;

    @Mixin
    private MachineOptions machineOptions = new MachineOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    @Mixin
    private CoherenceOptions coherenceOptions = new CoherenceOptions();

    @Mixin
    private SkipMaintenanceOption skipMaintenance = new SkipMaintenanceOption();

    @Option(names = "-m", paramLabel = "SIZE", description = "Guest memory (default: 256M).")
    private String memory = "256M";

    @ArgGroup(exclusive = false, multiplicity = "0..*")
    private List<Expectation> expectations = new ArrayList<>();

    /// One text that is waited for, with its answer.
    static final class Expectation {
        @Option(
                names = "--expect",
                required = true,
                paramLabel = "TEXT",
                description = "Wait for TEXT on the console; exit 0 when all such texts were seen. May be repeated.")
        private String expect = "";

        @Option(
                names = "--send",
                paramLabel = "TEXT",
                description = "Send TEXT then, with \\n \\r \\t \\e \\xHH \\\\; nothing is appended.")
        private @Nullable String send;

        ConsoleScript.Step step() {
            return new ConsoleScript.Step(expect, send);
        }
    }

    @Option(
            names = "--exec",
            paramLabel = "COMMAND",
            description = "Let the initrd of `ipanema guests path busybox` run COMMAND: its output is that of this"
                    + " process, its exit status too, and the console goes to the standard error stream.")
    private @Nullable String exec;

    @Option(names = "--timeout", paramLabel = "S", description = "End the guest after so many seconds, exit 124.")
    private @Nullable String timeout;

    @Option(names = "--gdb", paramLabel = "WHERE", description = "Let a debugger come to tcp::PORT or path=SOCKET.")
    private @Nullable String gdb;

    @Option(names = "--wait-gdb", description = "Start the guest only when the debugger of --gdb continues it.")
    private boolean waitGdb;

    @Option(names = "--dump-dtb", paramLabel = "FILE", description = "Write the guest's device tree to a file.")
    private @Nullable Path dumpDtb;

    @Option(names = "--dump-stage2", paramLabel = "FILE", description = "Write the stage-2 tables to a file.")
    private @Nullable Path dumpStage2;

    @Option(names = "--json", description = "Print JSON, and only that, on the standard output.")
    private boolean json;

    /// {@return whether the run ends with a table of the guest's devices, on the standard output}
    boolean showsDevices() {
        return false;
    }

    /// {@return where the guest might move to, when the user asks}
    ///
    /// @param version the kernel version of this host
    Optional<DeviceReport.Target> target(KernelVersion version) {
        return Optional.empty();
    }

    @Override
    public final Integer call() {
        if (dumpStage2 != null) {
            OutputFiles.require(dumpStage2);
        }
        if (dumpDtb != null) {
            OutputFiles.require(dumpDtb);
        }
        if (image == null && (showsDevices() || machineOptions.hasHostFunction())) {
            machineOptions.defaultGuest(OwnGuest.GPU_DRIVER);
        }
        boolean guest = machineOptions.hasGuest(image);
        if (waitGdb && gdb == null) {
            throw new BadInput("--wait-gdb waits for the debugger of --gdb, which is not given");
        }
        if (!guest && (exec != null || gdb != null || !expectations.isEmpty())) {
            throw new BadInput("--expect, --exec and --gdb are about an image (-k), and none is given");
        }
        if (exec != null && (json || !expectations.isEmpty())) {
            throw new BadInput("--exec gives the command's own output, which excludes --json and --expect");
        }
        long seconds = timeout == null ? 0 : Sizes.parseNumber("--timeout", timeout);
        if (timeout != null && (seconds <= 0 || seconds > Integer.MAX_VALUE)) {
            throw new BadInput("--timeout: '" + timeout + "' is not a number of seconds above 0");
        }
        long ram = Sizes.parse("-m", memory);
        if (ram < Sizes.MIB || ram % PAGE != 0 || ram > MAX_RAM) {
            throw new BadInput("-m: guest memory is 1M to 512G in steps of 4K, not " + memory);
        }
        KernelVersion version = hostOptions.version();
        if (!guest) {
            Host.Builder builder = hostOptions
                    .builder()
                    .processingElements(machineOptions.cpus())
                    .caches(coherenceOptions.caches());
            return simulate(builder, host -> probe(host, version, ram, seconds));
        }
        HostDevices wanted = machineOptions.hostDevices();
        if (wanted.describeGpus() && hostOptions.describesGpus()) {
            throw new BadInput("--gpus and --gpu-memory say what GPUs the host has, and so does --device coherent-gpu:"
                    + " give one of them");
        }
        HostProfile profile = wanted.equip(hostOptions.profile());
        if (showsDevices() || machineOptions.drivesGpus()) {
            wanted.addAllOf(profile);
        }
        long egm = machineOptions.egmSize(ram);
        Host.Builder builder = hostOptions
                .builder(egm == 0 ? profile : profile.withEgm(egm))
                .processingElements(machineOptions.cpus())
                .caches(coherenceOptions.caches())
                .devicesOnCallersThread(machineOptions.isDeterministic());
        GuestCommand command = exec == null
                ? null
                : new GuestCommand(streams().console(), streams().errorBytes());
        GuestSession session = new GuestSession(streams(), options(seconds, command, version));
        InstructionClock clock = machineOptions.isDeterministic() ? new InstructionClock() : null;
        if (clock != null) {
            builder.ticker(clock);
        }
        VirtConfig config =
                machineOptions.config(ram, exec, command, clock, wanted.devices(), skipMaintenance.leftOut());
        return simulate(builder, host -> {
            if (clock != null) {
                clock.attach(host.machine());
            }
            return session.run(host, version, config);
        });
    }

    private GuestSession.Options options(long seconds, @Nullable GuestCommand command, KernelVersion version) {
        List<ConsoleScript.Step> steps =
                expectations.stream().map(Expectation::step).toList();
        return new GuestSession.Options(
                seconds,
                json,
                showsDevices(),
                target(version).orElse(null),
                machineOptions.isDeterministic(),
                steps,
                dumpStage2,
                dumpDtb,
                gdb,
                waitGdb,
                command,
                hostOptions.name(),
                coherenceOptions,
                again(true));
    }

    /// {@return the command that repeats this run}
    ///
    /// @param guest whether a guest of the user's ran, on threads whose turns are this computer's
    private Again again(boolean guest) {
        return !guest || machineOptions.isDeterministic()
                ? Again.same(words())
                : Again.made(words(), machineOptions.repeating());
    }

    /// What is done with a host.
    private interface Simulation {
        int on(Host host);
    }

    private static int simulate(Host.Builder builder, Simulation simulation) {
        try (Host host = builder.build()) {
            return simulation.on(host);
        } catch (MemoryLimitExceededException e) {
            throw new BadInput(String.valueOf(e.getMessage()), BadInput.FINDING);
        }
    }

    private int probe(Host host, KernelVersion version, long ram, long seconds) {
        ProbeRun run = new ProbeRun(host, version, ram, seconds, Ticker.system(), skipMaintenance.leftOut());
        ProbeReport report = run.run(this::dump);
        int code = report.timedOut()
                ? TIMED_OUT
                : report.surprises().isEmpty() && report.defect().isEmpty() ? 0 : 1;
        CacheModel caches = host.caches();
        CoherenceReport found = caches == null ? null : new CoherenceLog(caches, CoherenceLog.Symbols.NONE).report();
        Again again = again(false);
        if (found != null) {
            code = coherenceOptions.finish(err(), found, each -> again, code);
        }
        if (json) {
            RunJson.write(out(), report, code, found == null ? null : new CoherenceJson(found, each -> again));
        } else {
            RunText.write(out(), report);
        }
        return code;
    }

    private void dump(Stage2PageTable tables) {
        if (dumpStage2 != null) {
            OutputFiles.write(dumpStage2, Stage2Dump.of(tables));
        }
    }
}
