package dev.ipanema.vmm.boot;

import dev.ipanema.arm.register.Pstate;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.devices.serial.Pl011;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.UserFault;
import dev.ipanema.host.platform.Host;
import dev.ipanema.images.format.Segment;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.uapi.VcpuEvents;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.Vcpu;
import dev.ipanema.kvm.vm.Vm;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.vmm.device.MmioBus;
import dev.ipanema.vmm.probe.Stage2Row;
import dev.ipanema.vmm.probe.Stage2Rows;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A virtual machine with QEMU `virt`'s map that runs a kernel or a bare-metal image: entry at EL1 with the MMU off,
/// x0 = device tree, PSCI by HVC.
///
/// <h2>Threads</h2>
/// [#run] starts one thread for each vCPU and returns when all have ended. All devices are under one lock.
/// [#stop], [#pauseAll] and [#resumeAll] may be called by any thread while it runs.
public final class VirtMachine implements AutoCloseable {
    /// After so many exceptions in a row without an instruction in between a guest is stuck.
    public static final long STUCK_EXCEPTIONS = 1000;

    private static final long HVA_ALIGNMENT = 2 * Sizes.MIB;
    private static final long PERIOD_MILLIS = 20;
    private static final int RAM_SLOT = 0;

    private final VirtConfig config;
    private final AddressSpace mm;
    private final Vm vm;
    private final List<Vcpu> vcpus = new ArrayList<>();
    private final VcpuThreads threads;
    private final Machine hardware;
    private final GuestLayout layout;
    private final byte[] deviceTree;
    private final Ticker ticker;
    private final boolean fwb;
    private final long ramHva;

    /// The VMM's lock: it guards the devices and the bus.
    private final ReentrantLock lock = new ReentrantLock();

    private final MmioBus bus = new MmioBus();

    /// @param host with as many processing elements as the machine has vCPUs
    /// @param console takes what the guest writes to its serial port, byte by byte, on the vCPUs' threads
    /// @throws BadInput when image, initrd and device tree do not fit the RAM
    public VirtMachine(Host host, KernelVersion version, VirtConfig config, IntConsumer console, Ticker ticker) {
        this.config = config;
        this.ticker = ticker;
        this.hardware = host.machine();
        fwb = host.fwb();
        byte[] initrd = config.initrd();
        // The tree says where the initrd is; its size does not depend on that.
        int treeSize = VirtDeviceTree.build(config, host.cpu(), 0).toBlob().length;
        layout = GuestLayout.of(config.image(), config.ramSize(), initrd == null ? 0 : initrd.length, treeSize);
        deviceTree = VirtDeviceTree.build(config, host.cpu(), layout.initrd()).toBlob();
        mm = host.newAddressSpace();
        Kvm kvm = new Kvm(host, version);
        kvm.trails(true);
        vm = kvm.createVm(mm, 0);
        for (int i = 0; i < config.cpus(); i++) {
            vcpus.add(vm.createVcpu(i));
        }
        threads = new VcpuThreads(vcpus, this::serve);
        long ramSize = config.ramSize();
        ramHva = mm.mmap(
                mm.unmappedArea(ramSize, HVA_ALIGNMENT),
                ramSize,
                Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED);
        succeed("mmap of the guest's RAM", ramHva < 0 ? (int) ramHva : 0);
        mm.madvise(ramHva, ramSize, Mman.MADV_HUGEPAGE);
        succeed(
                "KVM_SET_USER_MEMORY_REGION",
                vm.setUserMemoryRegion(new UserspaceMemoryRegion(RAM_SLOT, 0, VirtMap.RAM, ramSize, ramHva)));
        bus.add("uart", VirtMap.UART, VirtMap.UART_SIZE, new Pl011(console));
        reset();
    }

    private static void succeed(String what, int result) {
        if (result < 0) {
            throw new BadInput(what + " failed: " + Errno.render(result), BadInput.FINDING);
        }
    }

    // ---- loading ---------------------------------------------------------------------------------------------------

    /// Puts image, initrd and device tree into RAM and the vCPUs into reset state, the first one ready to start.
    private void reset() {
        for (Vcpu vcpu : vcpus) {
            int power = vcpu.id() == 0 ? 0 : Vcpu.KVM_ARM_VCPU_POWER_OFF;
            succeed("KVM_ARM_VCPU_INIT", vcpu.init(Vcpu.KVM_ARM_VCPU_PSCI_0_2 | power));
        }
        for (Segment segment : config.image().segments()) {
            write(segment.address(), segment.file(), segment.offset(), segment.fileSize());
        }
        byte[] initrd = config.initrd();
        if (initrd != null) {
            write(layout.initrd(), initrd, 0, initrd.length);
        }
        write(layout.deviceTree(), deviceTree, 0, deviceTree.length);
        Vcpu boot = vcpus.getFirst();
        for (int i = 1; i <= 3; i++) {
            boot.setOneReg(KvmReg.x(i), 0);
        }
        boot.setOneReg(KvmReg.x(0), layout.deviceTree());
        boot.setOneReg(KvmReg.CORE_PSTATE, Pstate.EL1H | Pstate.DAIF);
        boot.setOneReg(KvmReg.CORE_PC, config.image().entry());
    }

    private void write(long ipa, byte[] bytes, int offset, int length) {
        UserFault fault = mm.userMemory().write(ramHva + ipa - VirtMap.RAM, bytes, offset, length);
        if (fault != UserFault.NONE) {
            throw new BadInput("Loading the guest failed: " + fault, BadInput.FINDING);
        }
    }

    // ---- looking at it ---------------------------------------------------------------------------------------------

    /// {@return the device tree that the guest is given}
    public byte[] deviceTree() {
        return deviceTree.clone();
    }

    /// {@return the VM's stage-2 tables}
    public Stage2PageTable stage2() {
        return vm.stage2();
    }

    /// {@return the mapped part of the guest's RAM}
    public List<Stage2Row> stage2Rows() {
        return Stage2Rows.of(vm.stage2(), fwb, "ram", VirtMap.RAM, config.ramSize());
    }

    /// {@return instructions that the guest has executed}
    public long instructions() {
        long sum = 0;
        for (int i = 0; i < hardware.processingElements(); i++) {
            sum += hardware.processingElement(i).instructions();
        }
        return sum;
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
    /// @param periodic called by this thread about 50 times a second
    public GuestEnd run(long timeoutSeconds, Runnable periodic) {
        long deadline = timeoutSeconds == 0 ? Long.MAX_VALUE : ticker.nanos() + timeoutSeconds * 1_000_000_000L;
        while (true) {
            threads.start();
            GuestEnd end = watch(timeoutSeconds, deadline, periodic);
            if (end.reason() != GuestEnd.Reason.SYSTEM_RESET) {
                return end;
            }
            reset();
        }
    }

    private GuestEnd watch(long timeoutSeconds, long deadline, Runnable periodic) {
        while (true) {
            GuestEnd end = threads.await(PERIOD_MILLIS);
            periodic.run();
            if (end != null) {
                return end;
            }
            int stuck = stuckElement();
            if (stuck >= 0) {
                threads.end(new GuestEnd(GuestEnd.Reason.STUCK, "", ""));
                // The state may be read only when the vCPU has left its processing element.
                while (end == null) {
                    end = threads.await(PERIOD_MILLIS);
                }
                periodic.run();
                return end.reason() == GuestEnd.Reason.STUCK ? stuck(vcpus.get(stuck)) : end;
            }
            if (ticker.nanos() - deadline > 0) {
                stop(new GuestEnd(
                        GuestEnd.Reason.TIME_OUT, "The guest ran for more than " + timeoutSeconds + " s", ""));
            }
        }
    }

    /// {@return a processing element whose vCPU takes exceptions without executing anything, negative for none}
    private int stuckElement() {
        for (int i = 0; i < config.cpus(); i++) {
            // RACE: the count is the vCPU thread's; a value that is read late is noticed one period later.
            if (hardware.processingElement(i).exceptionsWithoutProgress() >= STUCK_EXCEPTIONS) {
                return i;
            }
        }
        return -1;
    }

    /// Ends the guest. Any thread may call it.
    public void stop(GuestEnd reason) {
        threads.end(reason);
    }

    /// Holds every vCPU outside `KVM_RUN`. Any thread but a vCPU's own may call it.
    public void pauseAll() {
        threads.pauseAll();
    }

    /// Lets the vCPUs run on after [#pauseAll()].
    public void resumeAll() {
        threads.resumeAll();
    }

    private GuestEnd stuck(Vcpu vcpu) {
        return new GuestEnd(
                GuestEnd.Reason.STUCK,
                "guest stuck: more than " + STUCK_EXCEPTIONS + " exceptions without an instruction executed at PC "
                        + where(vcpu),
                backtrace(vcpu));
    }

    private String backtrace(Vcpu vcpu) {
        return new Backtrace(
                        vcpu.cpu(),
                        hardware.processingElement(vcpu.id()).mmu(),
                        mm.userMemory(),
                        ramHva,
                        config.ramSize(),
                        config.image().symbols())
                .render();
    }

    private String where(Vcpu vcpu) {
        long pc = vcpu.getOneReg(KvmReg.CORE_PC);
        return Sizes.hex(pc)
                + config.image()
                        .symbols()
                        .describe(pc)
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
                mmio(vcpu, run.mmio);
                yield null;
            }
            case KvmExit.KVM_EXIT_SYSTEM_EVENT -> systemEvent(run);
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

    /// A device's register, or an external abort where nothing is, as a bus without an answer gives one.
    private void mmio(Vcpu vcpu, KvmRun.Mmio mmio) {
        boolean answered;
        lock.lock();
        try {
            answered = bus.answers(mmio.physAddr, mmio.len);
            if (answered && mmio.isWrite) {
                bus.write(mmio.physAddr, mmio.len, mmio.value());
            } else if (answered) {
                mmio.setValue(bus.read(mmio.physAddr, mmio.len));
            }
        } finally {
            lock.unlock();
        }
        if (!answered) {
            vcpu.setVcpuEvents(VcpuEvents.extDabt());
        }
    }

    @Override
    public void close() {
        vm.close();
        mm.close();
    }
}
