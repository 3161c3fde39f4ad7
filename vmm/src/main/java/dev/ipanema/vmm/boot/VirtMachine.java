package dev.ipanema.vmm.boot;

import dev.ipanema.arm.register.Pstate;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.UserMemory;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.images.format.Segment;
import dev.ipanema.kvm.stage2.Stage2Leaf;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.Vcpu;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.machine.mmu.Mmu;
import dev.ipanema.vmm.device.GuestDevice;
import dev.ipanema.vmm.gdb.DebugTarget;
import dev.ipanema.vmm.passthrough.AddressPlan;
import dev.ipanema.vmm.passthrough.DeviceStatus;
import dev.ipanema.vmm.passthrough.Migration;
import dev.ipanema.vmm.passthrough.Passthrough;
import dev.ipanema.vmm.probe.Stage2Row;
import dev.ipanema.vmm.probe.Stage2Rows;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A virtual machine with QEMU `virt`'s map that runs a kernel or a bare-metal image: entry at EL1 with the MMU off,
/// x0 = device tree, PSCI by HVC. PSCI SYSTEM_RESET starts it anew with the RAM as it is.
///
/// <h2>Threads</h2>
/// [#run] starts one thread for each vCPU and returns when all have ended; what looks at the machine is called by the
/// thread that runs it, before, after or from `periodic`. All devices are under one lock. [#stop] and [#send] may be
/// called by any thread.
public final class VirtMachine implements AutoCloseable {
    /// After so many exceptions in a row without an instruction in between a guest is stuck.
    public static final long STUCK_EXCEPTIONS = 1000;

    /// How often the running machine is looked at, at most and at least.
    private static final long PERIOD_MILLIS = 20;

    private static final long IDLE_MILLIS = 200;
    private static final long NANOS = 1_000_000_000L;
    private static final long MILLION = 1_000_000;

    private final VirtConfig config;
    private final VirtMemory memory;
    private final Passthrough passthrough;
    private final Kvm kvm;
    private final Host host;
    private final Machine machine;
    private final GuestLayout layout;
    private final byte[] deviceTree;
    private final GuestSymbols symbols;
    private final Ticker ticker;
    private final IntConsumer console;
    private final boolean fwb;

    /// The VMM's lock: it guards the devices and the bus.
    private final ReentrantLock lock = new ReentrantLock();

    private final VcpuThreads threads = new VcpuThreads(this::serve);
    private volatile VirtHardware hardware;
    private final VirtDebug debug;
    private long nextTick;
    private long resets;
    private long earlierExits;
    private long earlierFaults;

    /// @param host with as many processing elements as the machine has vCPUs
    /// @param console takes what the guest writes to its serial port, byte by byte, on the vCPUs' threads, one at a
    ///     time
    /// @throws BadInput when image, initrd and device tree do not fit the RAM
    public VirtMachine(Host host, KernelVersion version, VirtConfig config, IntConsumer console, Ticker ticker) {
        this.config = config;
        this.ticker = ticker;
        this.nextTick = ticker.nanos() + NANOS;
        this.symbols = new GuestSymbols(config.boot(), config.symbols());
        this.console = console;
        this.host = host;
        this.machine = host.machine();
        fwb = host.fwb();
        memory = new VirtMemory(host, config);
        passthrough = new Passthrough(
                host,
                version,
                config.hostDevices(),
                memory.mm(),
                ticker,
                VirtMap.PCIE_HIGH_MMIO,
                VirtMap.PCIE_HIGH_MMIO + VirtMap.PCIE_HIGH_MMIO_SIZE);
        memory.add(passthrough.memory());
        AddressPlan plan = passthrough.plan();
        // The tree says where the initrd is; its size does not depend on that.
        int treeSize = VirtDeviceTree.build(config, plan, host.cpu(), 0).toBlob().length;
        layout = GuestLayout.of(config, treeSize);
        deviceTree =
                VirtDeviceTree.build(config, plan, host.cpu(), layout.initrd()).toBlob();
        kvm = new Kvm(host, version, config.leftOut());
        kvm.trails(true);
        kvm.trace(passthrough.trace());
        machine.seedRandom(config.seed());
        try {
            hardware = newHardware();
        } catch (RuntimeException e) {
            passthrough.close();
            memory.close();
            throw e;
        }
        debug = new VirtDebug(this, threads);
        load();
    }

    private VirtHardware newHardware() {
        return new VirtHardware(kvm, memory, passthrough, config, lock, console);
    }

    // ---- loading ---------------------------------------------------------------------------------------------------

    /// Puts what the machine starts with into its memory, and the first vCPU at the entry.
    private void load() {
        long entry = switch (config.boot()) {
            case GuestBoot.Kernel(GuestImage image) -> {
                for (Segment segment : image.segments()) {
                    memory.write(segment.address(), segment.file(), segment.offset(), segment.fileSize());
                }
                byte[] initrd = config.initrd();
                if (initrd != null) {
                    memory.write(layout.initrd(), initrd, 0, initrd.length);
                }
                yield image.entry();
            }
            case GuestBoot.Firmware firmware -> {
                memory.writeHva(memory.flashHva(0), firmware.code(), 0, firmware.code().length);
                yield VirtMap.FLASH;
            }
        };
        memory.write(layout.deviceTree(), deviceTree, 0, deviceTree.length);
        Vcpu boot = hardware.vcpus().getFirst();
        for (int i = 1; i <= 3; i++) {
            boot.setOneReg(KvmReg.x(i), 0);
        }
        boot.setOneReg(KvmReg.x(0), layout.deviceTree());
        boot.setOneReg(KvmReg.CORE_PSTATE, Pstate.EL1H | Pstate.DAIF);
        boot.setOneReg(KvmReg.CORE_PC, entry);
    }

    private void restart() {
        resets++;
        earlierExits += hardware.exits();
        earlierFaults += hardware.faults();
        lock.lock();
        try {
            hardware.close();
            hardware = newHardware();
        } finally {
            lock.unlock();
        }
        debug.restarted();
        load();
    }

    // ---- for the debugger ------------------------------------------------------------------------------------------

    /// {@return the machine as a debugger sees it}
    public DebugTarget debugTarget() {
        return debug;
    }

    List<Vcpu> vcpus() {
        return hardware.vcpus();
    }

    Mmu mmu(int vcpu) {
        return machine.processingElement(vcpu).mmu();
    }

    UserMemory userMemory() {
        return memory.userMemory();
    }

    /// {@return where the VMM has mapped a part of the guest's memory, negative when it is not all memory}
    long hva(long ipa, int length) {
        return memory.hva(ipa, length);
    }

    int ipaBits() {
        return hardware.vm().ipaBits();
    }

    /// {@return a leaf in one line}
    String describe(Stage2Leaf leaf) {
        return "level " + leaf.level() + " " + Sizes.format(leaf.size()) + " -> " + Sizes.hex(leaf.pa()) + " "
                + leaf.type(fwb) + " descriptor " + Sizes.hex(leaf.descriptor());
    }

    // ---- looking at it ---------------------------------------------------------------------------------------------

    /// {@return the device tree that the guest is given}
    public byte[] deviceTree() {
        return deviceTree.clone();
    }

    /// {@return the VM's stage-2 tables}
    public Stage2PageTable stage2() {
        return hardware.vm().stage2();
    }

    /// {@return the mapped part of the guest's RAM}
    public List<Stage2Row> stage2Rows() {
        return Stage2Rows.of(stage2(), fwb, "ram", VirtMap.RAM, config.ramSize());
    }

    /// {@return what each device of the host looks like from the guest and from KVM}
    public List<DeviceStatus> deviceStatus() {
        lock.lock();
        try {
            return passthrough.status(stage2(), fwb);
        } finally {
            lock.unlock();
        }
    }

    /// {@return what keeps the guest from moving to another host while it runs}
    public List<DeviceStatus.Refusal> migrationObstacles(HostProfile target, KernelVersion version) {
        lock.lock();
        try {
            Migration migration = new Migration(hardware.vm(), target, version);
            passthrough.migrate(migration);
            memory.migrate(migration);
            return migration.obstacles();
        } finally {
            lock.unlock();
        }
    }

    /// {@return an address as `name+0x1c` by the guest's symbols, empty when it has no name}
    ///
    /// @param vcpu whose address it is; of another thread than its own where the guest's kernel lies is read late
    public Optional<String> symbol(int vcpu, long address) {
        return symbols.describe(hardware.vcpus().get(vcpu).cpu(), address);
    }

    /// {@return instructions that the guest has executed}
    public long instructions() {
        long sum = 0;
        for (int i = 0; i < machine.processingElements(); i++) {
            sum += machine.processingElement(i).instructions();
        }
        return sum;
    }

    /// {@return how often the guest was left for KVM or the VMM, since the machine was made}
    public long exits() {
        return earlierExits + hardware.exits();
    }

    /// {@return how many faults on guest memory KVM has handled, since the machine was made}
    public long faults() {
        return earlierFaults + hardware.faults();
    }

    /// {@return how often the machine was reset}
    public long resets() {
        return resets;
    }

    // ---- running ---------------------------------------------------------------------------------------------------

    /// Runs the guest to its end.
    ///
    /// @param timeoutSeconds 0: no limit
    public GuestEnd run(long timeoutSeconds) {
        return run(timeoutSeconds, () -> {});
    }

    /// Runs the guest to its end.
    ///
    /// @param timeoutSeconds 0: no limit
    /// @param periodic called by this thread at most 50 times a second, at least five times, and soon after a
    ///     [#wake()]
    public GuestEnd run(long timeoutSeconds, Runnable periodic) {
        long deadline = timeoutSeconds == 0 ? Long.MAX_VALUE : ticker.nanos() + timeoutSeconds * NANOS;
        while (true) {
            threads.start(hardware.vcpus());
            GuestEnd end = watch(timeoutSeconds, deadline, periodic);
            if (end.reason() != GuestEnd.Reason.SYSTEM_RESET || !config.reboot()) {
                debug.guestEnded(end.message());
                return end;
            }
            restart();
        }
    }

    private GuestEnd watch(long timeoutSeconds, long deadline, Runnable periodic) {
        while (true) {
            long before = ticker.nanos();
            GuestEnd end = threads.await(hardware.isPolled() ? PERIOD_MILLIS : IDLE_MILLIS);
            periodic.run();
            if (config.clock() == null) {
                serveDevices();
            }
            if (end != null) {
                return withDetails(end);
            }
            Optional<Throwable> failed = host.deviceFailure();
            int stuck = stuckElement();
            if (failed.isPresent()) {
                stop(new GuestEnd(
                        GuestEnd.Reason.EXIT,
                        "a device of the host cannot go on: " + failed.get().getMessage(),
                        ""));
            } else if (stuck >= 0) {
                stop(new GuestEnd(
                        GuestEnd.Reason.STUCK,
                        "guest stuck: vCPU " + stuck + " took more than " + STUCK_EXCEPTIONS
                                + " exceptions without an instruction executed",
                        ""));
            } else if (ticker.nanos() - deadline > 0) {
                stop(new GuestEnd(
                        GuestEnd.Reason.TIME_OUT, "The guest ran for more than " + timeoutSeconds + " s", ""));
            }
            rest(before);
        }
    }

    /// Gives devices what has come for them since.
    private void serveDevices() {
        hardware.poll();
        if (ticker.nanos() - nextTick > 0) {
            nextTick = ticker.nanos() + NANOS;
            hardware.tick();
        }
    }

    /// Lets the rest of a period pass, so that a guest that writes much is not looked at after each byte.
    private void rest(long since) {
        long left = PERIOD_MILLIS * MILLION - (ticker.nanos() - since);
        if (left > 0) {
            LockSupport.parkNanos(this, left);
        }
    }

    /// {@return a processing element whose vCPU takes exceptions without executing anything, negative for none}
    private int stuckElement() {
        for (int i = 0; i < config.cpus(); i++) {
            // RACE: the count is the vCPU thread's; a value that is read late is noticed one period later.
            if (machine.processingElement(i).exceptionsWithoutProgress() >= STUCK_EXCEPTIONS) {
                return i;
            }
        }
        return -1;
    }

    /// Ends the guest; the first reason counts. Any thread may call it.
    public void stop(GuestEnd reason) {
        threads.end(reason);
    }

    /// Makes the thread that runs the machine call what it calls periodically, soon. Any thread may call it.
    public void wake() {
        threads.wake();
    }

    /// Holds every vCPU outside `KVM_RUN`.
    public void pauseAll() {
        threads.pauseAll();
    }

    /// Lets the vCPUs run on after [#pauseAll()].
    public void resumeAll() {
        threads.resumeAll();
    }

    /// Gives the guest input from its console. Any thread may call it.
    public void send(byte[] bytes) {
        lock.lock();
        try {
            hardware.serial().send(bytes);
        } finally {
            lock.unlock();
        }
    }

    /// {@return bytes of console input that the guest has not taken yet}
    public long waitingInput() {
        lock.lock();
        try {
            return hardware.serial().waitingBytes();
        } finally {
            lock.unlock();
        }
    }

    // ---- ends ------------------------------------------------------------------------------------------------------

    /// Adds to an end that needs explanation where each vCPU was. No vCPU runs any more.
    private GuestEnd withDetails(GuestEnd end) {
        if (!end.reason().isFailure()) {
            return end;
        }
        StringBuilder details = new StringBuilder(end.details());
        for (Vcpu vcpu : hardware.vcpus()) {
            if (!vcpu.isStopped() || config.cpus() == 1) {
                details.append("vCPU ").append(vcpu.id()).append(": ").append(backtrace(vcpu));
                if (end.details().isEmpty()) {
                    details.append(lastAbort(vcpu));
                }
            } else {
                details.append("vCPU ").append(vcpu.id()).append(": powered off\n");
            }
        }
        return new GuestEnd(end.reason(), end.message(), details.toString());
    }

    /// {@return KVM's reasons at the last abort of the guest, which begin with its PC}
    private static String lastAbort(Vcpu vcpu) {
        List<DecisionTrail.Step> steps = vcpu.lastTrail().steps();
        for (int i = steps.size() - 1; i >= 0; i--) {
            if (steps.get(i).subject().equals("PC")) {
                StringBuilder text = new StringBuilder("last abort that KVM handled:\n");
                steps.subList(i, steps.size())
                        .forEach(step -> text.append("  ").append(step).append('\n'));
                return text.toString();
            }
        }
        return "";
    }

    private String backtrace(Vcpu vcpu) {
        return new Backtrace(vcpu.cpu(), machine.processingElement(vcpu.id()).mmu(), memory, symbols).render();
    }

    private String where(Vcpu vcpu) {
        long pc = vcpu.getOneReg(KvmReg.CORE_PC);
        return Sizes.hex(pc)
                + symbols.describe(vcpu.cpu(), pc)
                        .map(name -> " (" + name + ")")
                        .orElse("");
    }

    // ---- exits -----------------------------------------------------------------------------------------------------

    private @Nullable GuestEnd serve(Vcpu vcpu, int result) {
        if (result < 0) {
            return new GuestEnd(
                    GuestEnd.Reason.KVM_ERRNO,
                    "KVM_RUN returned " + Errno.render(result) + " at PC " + where(vcpu),
                    vcpu.lastTrail().toString());
        }
        KvmRun run = vcpu.kvmRun();
        return switch (run.exitReason) {
            case KvmExit.KVM_EXIT_MMIO -> {
                hardware.mmio(vcpu, run.mmio);
                if (config.clock() != null) {
                    // A run that repeats exactly has no other moment for it.
                    hardware.poll();
                    hardware.tick();
                }
                yield hardware.failure();
            }
            case KvmExit.KVM_EXIT_SYSTEM_EVENT -> systemEvent(run);
            case KvmExit.KVM_EXIT_DEBUG -> {
                debug.debugExit(vcpu, run.debug);
                yield null;
            }
            default ->
                new GuestEnd(
                        GuestEnd.Reason.EXIT,
                        "KVM_RUN ended with " + run.describe() + " at PC " + where(vcpu),
                        vcpu.lastTrail().toString());
        };
    }

    private static GuestEnd systemEvent(KvmRun run) {
        return switch (run.systemEvent.type) {
            case KvmExit.KVM_SYSTEM_EVENT_SHUTDOWN ->
                new GuestEnd(GuestEnd.Reason.SYSTEM_OFF, "The guest switched itself off", "");
            case KvmExit.KVM_SYSTEM_EVENT_RESET ->
                new GuestEnd(GuestEnd.Reason.SYSTEM_RESET, "The guest asked for a reset", "");
            default -> new GuestEnd(GuestEnd.Reason.EXIT, "The guest ended with " + run.describe(), "");
        };
    }

    @Override
    public void close() {
        hardware.close();
        passthrough.close();
        memory.close();
        for (GuestDevice device : config.devices()) {
            try {
                device.close();
            } catch (IOException e) {
                throw new BadInput(device.name() + ": cannot be closed (" + e.getMessage() + ")", BadInput.FINDING);
            }
        }
    }
}
