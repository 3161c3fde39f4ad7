package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.images.catalog.BusyboxInitrd;
import dev.ipanema.images.cpio.CpioWriter;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.images.format.SymbolFile;
import dev.ipanema.images.format.SymbolTable;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.machine.cpu.InstructionClock;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.vmm.boot.GuestBoot;
import dev.ipanema.vmm.boot.Irqchip;
import dev.ipanema.vmm.boot.OwnGuest;
import dev.ipanema.vmm.boot.VirtConfig;
import dev.ipanema.vmm.boot.VirtMap;
import dev.ipanema.vmm.console.GuestCommand;
import dev.ipanema.vmm.device.DeviceOption;
import dev.ipanema.vmm.device.GuestDevice;
import dev.ipanema.vmm.passthrough.HostDevice;
import dev.ipanema.vmm.passthrough.HostDevices;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options that say what a guest is: its image, what that is given, and the machine around it. The letters are
/// kvmtool's.
final class MachineOptions {
    private static final String PANIC = "panic=";
    private static final long EGM_STEP = 512 * Sizes.MIB;
    private static final long DEFAULT_SEED = 1;

    @Option(names = "-k", paramLabel = "IMAGE", description = "The image: a kernel, or a bare-metal program.")
    private @Nullable Path kernel;

    @Option(
            names = "-i",
            paramLabel = "INITRD",
            description = "Initial RAM disk of a kernel. May be repeated: archives one behind the other.")
    private List<Path> initrds = new ArrayList<>();

    @Option(names = "-p", paramLabel = "PARAMS", description = "Command line of a kernel.")
    private @Nullable String params;

    @Option(names = "-c", paramLabel = "N", description = "vCPUs (default: 1).")
    private String cpus = "1";

    @Option(
            names = "-d",
            paramLabel = "DISK",
            description = "A disk with a raw file: FILE[,overlay[=SIDE]][,ro][,serial=ID]. May be repeated.")
    private List<String> disks = new ArrayList<>();

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description = "A further device, see docs/run.md: 9p, blk, console, net, rng; of the host, see docs/gpu.md:"
                    + " vfio, coherent-gpu, coherent-memory. May be repeated.")
    private List<String> devices = new ArrayList<>();

    @Option(
            names = "--egm",
            description = "Make guest memory of the host's memory that its kernel does not know (extended GPU memory).")
    private boolean egm;

    @Option(
            names = "--guest",
            paramLabel = "NAME",
            description = "A guest of Ipanema's own in place of an image: gpu-driver, gpu-unaligned, gpu-touch,"
                    + " gpu-speed, which are given every GPU of the host unless --device says otherwise;"
                    + " cache-self-test, caches-neglected.")
    private @Nullable String ownGuest;

    @Option(
            names = "--irqchip",
            paramLabel = "C",
            description = "Interrupt controller: gicv2, gicv3 or gicv3-its (default).")
    private String irqchip = Irqchip.GICV3_ITS.word();

    @Option(
            names = "--bios",
            paramLabel = "F",
            description = "Firmware for the flash, EDK2 or U-Boot; a kernel is then the firmware's to start.")
    private @Nullable Path bios;

    @Option(names = "--dtb", paramLabel = "FILE", description = "A device tree of your own, checked by the machine.")
    private @Nullable Path dtb;

    @Option(names = "--flat", description = "Take IMAGE as headerless, loaded at 0x40080000.")
    private boolean flat;

    @Option(
            names = "--map",
            paramLabel = "SYMBOLS",
            description = "Names for backtraces: System.map or vmlinux (default: those of an ELF image).")
    private @Nullable Path map;

    @Option(names = "--no-reboot", description = "End with exit code 1 when the guest resets itself.")
    private boolean noReboot;

    @Option(
            names = "--deterministic",
            description = "Make the run repeat exactly: one vCPU at a time, time made of instructions, no input but"
                    + " what --send gives.")
    private boolean deterministic;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the randomness the guest is given (default: 1).")
    private @Nullable String seed;

    /// Looks at what was given as an argument and by `-k` and `--bios`.
    ///
    /// @return whether there is a guest of the user's
    /// @throws BadInput when there are two images, or none and options that are about one
    boolean hasGuest(@Nullable Path argument) {
        if (argument != null) {
            if (kernel != null) {
                throw new BadInput("give the image once, as IMAGE or by -k");
            }
            kernel = argument;
        }
        if (ownGuest != null && (kernel != null || bios != null)) {
            throw new BadInput("--guest takes the place of an image or firmware");
        }
        if (kernel == null && bios == null && ownGuest == null) {
            refuseWithoutImage();
        }
        return kernel != null || bios != null || ownGuest != null;
    }

    /// {@return whether the guest is one of Ipanema's own that drives the host's GPUs}
    boolean drivesGpus() {
        return ownGuest != null && OwnGuest.parse(ownGuest).drivesGpus();
    }

    /// Starts one of the guests of Ipanema's own when the user has named none.
    void defaultGuest(OwnGuest guest) {
        if (kernel == null && bios == null && ownGuest == null) {
            ownGuest = guest.word();
        }
    }

    /// {@return the devices of the host that the options ask for}
    ///
    /// @throws BadInput when one of them is malformed
    HostDevices hostDevices() {
        HostDevices wanted = new HostDevices();
        devices.stream().filter(HostDevices::isOne).forEach(wanted::add);
        return wanted;
    }

    /// {@return whether a device of the host is to be a PCI function of the guest}
    boolean hasHostFunction() {
        return hostDevices().devices().stream().anyMatch(HostDevice.Function.class::isInstance);
    }

    /// {@return bytes of memory that the host hides from its kernel for this guest, 0 for none}
    long egmSize(long ram) {
        return egm ? (ram + EGM_STEP - 1) & -EGM_STEP : 0;
    }

    private void refuseWithoutImage() {
        if (flat) {
            throw new BadInput("--flat says how to read an IMAGE, and none is given");
        }
        boolean given = !initrds.isEmpty() || params != null || dtb != null || !disks.isEmpty() || !devices.isEmpty();
        if (given || map != null || egm) {
            throw new BadInput(
                    "-i, -p, -d, --device, --dtb, --egm and --map are about an image (-k) or firmware (--bios), and none is"
                            + " given");
        }
    }

    /// {@return how many vCPUs there are}
    int cpus() {
        long count = Sizes.parseNumber("-c", cpus);
        if (count < 1 || count > Machine.MAX_PROCESSING_ELEMENTS) {
            throw new BadInput("-c: 1 to " + Machine.MAX_PROCESSING_ELEMENTS + " vCPUs are possible, not " + cpus);
        }
        return (int) count;
    }

    /// {@return whether the run shall repeat exactly}
    boolean isDeterministic() {
        return deterministic;
    }

    /// {@return options that make a run repeat exactly which does not}
    List<String> repeating() {
        return seed == null
                ? List.of("--deterministic", "--seed", Long.toString(DEFAULT_SEED))
                : List.of("--deterministic");
    }

    /// Reads and opens what the options name; there is a guest, see [#hasGuest].
    ///
    /// @param ram bytes of guest memory
    /// @param exec what an initrd of `ipanema guests` shall run in place of a shell, null for nothing
    /// @param command takes what that says, null with `exec`
    /// @param clock of a run that repeats exactly, else null
    /// @param hostDevices devices of the host that are the guest's
    /// @param leftOut cache maintenance that KVM does not do
    /// @throws BadInput when something cannot be read or does not fit
    VirtConfig config(
            long ram,
            @Nullable String exec,
            @Nullable GuestCommand command,
            @Nullable InstructionClock clock,
            List<HostDevice> hostDevices,
            Set<Maintenance> leftOut) {
        long seedValue = seed == null ? DEFAULT_SEED : Sizes.parseNumber("--seed", seed);
        VirtConfig.Builder builder = VirtConfig.builder(boot(ram), ram)
                .initrd(initrd(exec))
                .symbols(map == null ? SymbolTable.EMPTY : symbols(map))
                .params(params(exec))
                .cpus(cpus())
                .irqchip(Irqchip.parse(irqchip))
                .dtb(dtb == null ? null : InputFiles.read(dtb, "a device tree"))
                .reboot(!noReboot && exec == null)
                .seed(seedValue);
        if (clock != null) {
            builder.deterministic(clock);
        }
        List<GuestDevice> opened = new ArrayList<>();
        if (command != null) {
            opened.add(command.device());
        }
        disks.forEach(each -> opened.add(DeviceOption.disk(each)));
        devices.stream()
                .filter(each -> !HostDevices.isOne(each))
                .forEach(each -> opened.add(DeviceOption.parse(each, seedValue)));
        return builder.devices(opened)
                .hostDevices(hostDevices)
                .leaveOut(leftOut)
                .backend(egm ? VirtConfig.Backend.EGM : VirtConfig.Backend.ANONYMOUS)
                .build();
    }

    private GuestBoot boot(long ram) {
        if (ownGuest != null) {
            return new GuestBoot.Kernel(OwnGuest.parse(ownGuest).image(ram));
        }
        byte[] image = kernel == null ? new byte[0] : InputFiles.read(kernel, "an image");
        if (bios != null) {
            return new GuestBoot.Firmware(InputFiles.read(bios, "firmware"), image);
        }
        if (kernel == null) {
            throw new IllegalStateException("There is no guest");
        }
        return new GuestBoot.Kernel(
                GuestImage.read(String.valueOf(kernel.getFileName()), image, flat, VirtMap.RAM, ram));
    }

    private byte @Nullable [] initrd(@Nullable String exec) {
        if (initrds.isEmpty() && exec != null) {
            throw new BadInput("--exec needs the initrd that `ipanema guests path busybox` names (-i)");
        }
        List<byte[]> archives = new ArrayList<>();
        initrds.forEach(path -> archives.add(InputFiles.read(path, "an initrd")));
        if (exec != null) {
            archives.add(BusyboxInitrd.command(exec));
        }
        return switch (archives.size()) {
            case 0 -> null;
            case 1 -> archives.getFirst();
            default -> CpioWriter.concatenate(archives.toArray(new byte[0][]));
        };
    }

    /// A guest that is to run one command does not stay behind when it panics.
    private String params(@Nullable String exec) {
        String given = params == null ? "" : params;
        return exec == null || given.contains(PANIC) ? given : (given + " " + PANIC + "-1").strip();
    }

    private static SymbolTable symbols(Path path) {
        return SymbolFile.read(String.valueOf(path.getFileName()), InputFiles.read(path, "a file of symbols"));
    }
}
