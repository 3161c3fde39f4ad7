package dev.ipanema.cli;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.images.format.SymbolFile;
import dev.ipanema.images.format.SymbolTable;
import dev.ipanema.kvm.stage2.Stage2Dump;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.machine.memory.MemoryLimitExceededException;
import dev.ipanema.vmm.boot.Irqchip;
import dev.ipanema.vmm.boot.VirtConfig;
import dev.ipanema.vmm.boot.VirtMap;
import dev.ipanema.vmm.console.ConsoleScript;
import dev.ipanema.vmm.device.DeviceOption;
import dev.ipanema.vmm.device.GuestDevice;
import dev.ipanema.vmm.probe.ProbeReport;
import dev.ipanema.vmm.probe.ProbeRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `ipanema run`: the default guest, or an image of the user's.
@CommandLine.Command(
        name = "run",
        description = "Boot a guest under KVM on a simulated host. Without an image: the default guest, which probes"
                + " ordinary memory, coherent GPU memory, a Normal-NC region and registers, and shows how each was"
                + " mapped at stage 2 and why. With one: a bare-metal ELF or arm64 Image, entered at EL1 with x0 ="
                + " device tree; PSCI SYSTEM_OFF ends it.",
        footer = {
            "Hosts: gb200, gh200, gb300, altra, a710, max.",
            "Exit code 0 when every probe ended as predicted, or the guest switched itself off; 1 otherwise;"
                    + " 2 for a wrong command line or image; 124 when the time ran out.%n"
        })
final class RunCommand extends Command {
    private static final long PAGE = 4096;
    private static final long MAX_RAM = 512 * Sizes.GIB;

    @Parameters(index = "0", arity = "0..1", paramLabel = "IMAGE", description = "A bare-metal ELF or arm64 Image.")
    private @Nullable Path image;

    @Option(names = "-k", paramLabel = "IMAGE", description = "The same, as kvmtool spells it.")
    private @Nullable Path kernel;

    @Option(names = "-i", paramLabel = "INITRD", description = "Initial RAM disk of a kernel.")
    private @Nullable Path initrd;

    @Option(names = "-p", paramLabel = "PARAMS", description = "Command line of a kernel.")
    private String params = "";

    @Option(names = "-c", paramLabel = "N", description = "vCPUs (default: 1).")
    private String cpus = "1";

    @Option(
            names = "--irqchip",
            paramLabel = "C",
            description = "Interrupt controller: gicv2, gicv3 (default) or gicv3-its.")
    private String irqchip = Irqchip.GICV3.word();

    @Option(
            names = "-d",
            paramLabel = "DISK",
            description = "A disk with a raw file: FILE[,overlay[=SIDE]][,ro][,transport=mmio|pci]. May be repeated.")
    private List<String> disks = new ArrayList<>();

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description = "A further device: blk,path=FILE… or rng, each with transport=mmio|pci. May be repeated.")
    private List<String> devices = new ArrayList<>();

    @Option(names = "--dtb", paramLabel = "FILE", description = "A device tree of your own, checked by the machine.")
    private @Nullable Path dtb;

    @Option(names = "--dump-dtb", paramLabel = "FILE", description = "Write the guest's device tree to a file.")
    private @Nullable Path dumpDtb;

    @Option(
            names = "--map",
            paramLabel = "SYMBOLS",
            description = "Names for backtraces: System.map or vmlinux (default: those of an ELF image).")
    private @Nullable Path map;

    @Option(names = "--gdb", paramLabel = "WHERE", description = "Let a debugger come to tcp::PORT or path=SOCKET.")
    private @Nullable String gdb;

    @Option(names = "--wait-gdb", description = "Start the guest only when the debugger of --gdb continues it.")
    private boolean waitGdb;

    @Option(names = "--no-reboot", description = "End with exit code 1 when the guest resets itself.")
    private boolean noReboot;

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
                description = "Send TEXT then, with \\n \\r \\t \\e \\xHH; nothing is appended.")
        private @Nullable String send;

        ConsoleScript.Step step() {
            return new ConsoleScript.Step(expect, send);
        }
    }

    @Option(names = "--flat", description = "Take IMAGE as headerless, loaded at 0x40080000.")
    private boolean flat;

    @Option(names = "--host", paramLabel = "H", description = "Host profile (default: gb200).")
    private String host = "gb200";

    @Option(names = "--cpu", paramLabel = "M", description = "Another CPU for the host: cortex-a76+dic, max-fwb, …")
    private @Nullable String cpu;

    @Option(names = "--policy", paramLabel = "P", description = "Kernel version to follow (default: linux-7.3).")
    private @Nullable String policy;

    @Option(names = "-m", paramLabel = "SIZE", description = "Guest memory (default: 256M).")
    private String memory = "256M";

    @Option(names = "--gpu-memory", paramLabel = "SIZE", description = "Memory of the GPU (default: the host's).")
    private @Nullable String gpuMemory;

    @Option(
            names = "--max-memory",
            paramLabel = "SIZE",
            description = "Memory of this machine that the simulated one may touch (default: three quarters).")
    private @Nullable String maxMemory;

    @Option(names = "--json", description = "Print JSON, and only that, on the standard output.")
    private boolean json;

    @Option(names = "--dump-stage2", paramLabel = "FILE", description = "Write the stage-2 tables to a file.")
    private @Nullable Path dumpStage2;

    @Option(names = "--timeout", paramLabel = "S", description = "End the guest after so many seconds, exit 124.")
    private @Nullable String timeout;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the randomness the guest is given (default: 1).")
    private String seed = "1";

    @Override
    public Integer call() {
        if (image != null && kernel != null) {
            throw new BadInput("give the image once, as IMAGE or by -k");
        }
        Path guest = image != null ? image : kernel;
        if (flat && guest == null) {
            throw new BadInput("--flat says how to read an IMAGE, and none is given");
        }
        if (waitGdb && gdb == null) {
            throw new BadInput("--wait-gdb waits for the debugger of --gdb, which is not given");
        }
        KernelVersion version = policy == null ? KernelVersion.newest() : KernelVersion.parse(policy);
        HostProfile profile = profile();
        long ram = Sizes.parse("-m", memory);
        if (ram < Sizes.MIB || ram % PAGE != 0 || ram > MAX_RAM) {
            throw new BadInput("-m: guest memory is 1M to 512G in steps of 4K, not " + memory);
        }
        long seconds = timeout == null ? 0 : Sizes.parseNumber("--timeout", timeout);
        if (timeout != null && (seconds <= 0 || seconds > Integer.MAX_VALUE)) {
            throw new BadInput("--timeout: '" + timeout + "' is not a number of seconds above 0");
        }
        long seedValue = Sizes.parseNumber("--seed", seed);
        GuestImage read = guest == null ? null : read(guest, ram);
        long count = Sizes.parseNumber("-c", cpus);
        if (count < 1 || count > Machine.MAX_PROCESSING_ELEMENTS) {
            throw new BadInput("-c: 1 to " + Machine.MAX_PROCESSING_ELEMENTS + " vCPUs are possible, not " + cpus);
        }
        Host.Builder builder = Host.builder(profile).processingElements((int) count);
        if (maxMemory != null) {
            long limit = Sizes.parse("--max-memory", maxMemory);
            if (limit < Sizes.MIB) {
                throw new BadInput("--max-memory: at least 1M is needed, not " + maxMemory);
            }
            builder.maxResident(limit);
        }
        try (Host machine = builder.build()) {
            return read == null
                    ? probe(machine, version, ram, seconds)
                    : new GuestSession(streams(), session(seconds))
                            .run(machine, version, config(read, ram, (int) count, seedValue));
        } catch (MemoryLimitExceededException e) {
            throw new BadInput(String.valueOf(e.getMessage()), BadInput.FINDING);
        }
    }

    private HostProfile profile() {
        HostProfile profile = HostProfile.parse(host);
        if (cpu != null) {
            profile = profile.withCpu(CpuModel.parse(cpu));
        }
        if (gpuMemory != null) {
            profile = profile.withGpuMemory(Sizes.parse("--gpu-memory", gpuMemory));
        }
        return profile;
    }

    private GuestSession.Options session(long seconds) {
        List<ConsoleScript.Step> steps =
                expectations.stream().map(Expectation::step).toList();
        return new GuestSession.Options(seconds, json, steps, dumpStage2, dumpDtb, gdb, waitGdb, host);
    }

    private VirtConfig config(GuestImage read, long ram, int count, long seedValue) {
        return VirtConfig.builder(read, ram)
                .initrd(initrd == null ? null : InputFiles.read(initrd, "an initrd"))
                .symbols(map == null ? SymbolTable.EMPTY : symbols(map))
                .params(params)
                .cpus(count)
                .devices(devices(seedValue))
                .dtb(dtb == null ? null : InputFiles.read(dtb, "a device tree"))
                .reboot(!noReboot)
                .irqchip(Irqchip.parse(irqchip))
                .seed(seedValue)
                .build();
    }

    private List<GuestDevice> devices(long seedValue) {
        List<GuestDevice> opened = new ArrayList<>();
        disks.forEach(each -> opened.add(DeviceOption.disk(each)));
        devices.forEach(each -> opened.add(DeviceOption.parse(each, seedValue)));
        return opened;
    }

    private static SymbolTable symbols(Path path) {
        return SymbolFile.read(String.valueOf(path.getFileName()), InputFiles.read(path, "a file of symbols"));
    }

    private GuestImage read(Path path, long ram) {
        return GuestImage.read(
                String.valueOf(path.getFileName()), InputFiles.read(path, "an image"), flat, VirtMap.RAM, ram);
    }

    private int probe(Host machine, KernelVersion version, long ram, long seconds) {
        ProbeRun run = new ProbeRun(machine, version, ram, seconds, Ticker.system());
        ProbeReport report = run.run(this::dump);
        int code = report.timedOut()
                ? 124
                : report.surprises().isEmpty() && report.defect().isEmpty() ? 0 : 1;
        if (json) {
            RunJson.write(out(), report, code);
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
