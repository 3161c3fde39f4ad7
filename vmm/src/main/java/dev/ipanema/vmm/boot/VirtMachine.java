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
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.images.format.Segment;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.uapi.VcpuEvents;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.KvmError;
import dev.ipanema.kvm.vm.Vcpu;
import dev.ipanema.kvm.vm.Vm;
import dev.ipanema.machine.cpu.ProcessingElement;
import dev.ipanema.vmm.probe.Stage2Row;
import dev.ipanema.vmm.probe.Stage2Rows;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A virtual machine with QEMU `virt`'s map, one vCPU, RAM and a PL011, that runs a bare-metal image: entry at EL1
/// with the MMU off, x0 = device tree, PSCI by HVC. Used by one thread.
public final class VirtMachine implements AutoCloseable {
    /// After so many exceptions in a row without an instruction in between a guest is stuck.
    public static final long STUCK_EXCEPTIONS = 1000;

    private static final long HVA_ALIGNMENT = 2 * Sizes.MIB;
    private static final long DEVICE_TREE_ALIGNMENT = 64 * Sizes.KIB;
    private static final int RAM_SLOT = 0;

    private final AddressSpace mm;
    private final Vm vm;
    private final Vcpu vcpu;
    private final ProcessingElement processingElement;
    private final Pl011 uart;
    private final GuestImage image;
    private final Ticker ticker;
    private final boolean fwb;
    private final long ramHva;
    private final long ramSize;

    /// @param ramSize bytes of RAM from [VirtMap#RAM] on, a multiple of 4 KiB
    /// @param seed what the device tree gives the guest as randomness
    /// @param console takes what the guest writes to its serial port, byte by byte
    /// @throws BadInput when image and device tree do not fit the RAM
    public VirtMachine(
            Host host,
            KernelVersion version,
            GuestImage image,
            long ramSize,
            long seed,
            IntConsumer console,
            Ticker ticker) {
        this.image = image;
        this.ticker = ticker;
        this.ramSize = ramSize;
        fwb = host.fwb();
        uart = new Pl011(console);
        mm = host.newAddressSpace();
        Kvm kvm = new Kvm(host, version);
        kvm.trails(true);
        vm = kvm.createVm(mm, 0);
        vcpu = vm.createVcpu(0);
        processingElement = host.machine().processingElement(0);
        succeed("KVM_ARM_VCPU_INIT", vcpu.init());
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
        for (Segment segment : image.segments()) {
            write(ramHva + segment.address() - VirtMap.RAM, segment.file(), segment.offset(), segment.fileSize());
        }
        long deviceTree = loadDeviceTree(host, seed);
        vcpu.setOneReg(KvmReg.x(0), deviceTree);
        vcpu.setOneReg(KvmReg.CORE_PSTATE, Pstate.EL1H | Pstate.DAIF);
        vcpu.setOneReg(KvmReg.CORE_PC, image.entry());
    }

    private static void succeed(String what, int result) {
        if (result < 0) {
            throw new BadInput(what + " failed: " + Errno.render(result), BadInput.FINDING);
        }
    }

    private void write(long hva, byte[] bytes, int offset, int length) {
        UserFault fault = mm.userMemory().write(hva, bytes, offset, length);
        if (fault != UserFault.NONE) {
            throw new BadInput("Loading the guest failed: " + fault, BadInput.FINDING);
        }
    }

    /// Puts the device tree behind the image when there is room, else in front of it.
    private long loadDeviceTree(Host host, long seed) {
        byte[] blob = VirtDeviceTree.build(host.cpu(), ramSize, seed).toBlob();
        long last = image.segments().getLast().end();
        long behind = (last + DEVICE_TREE_ALIGNMENT - 1) & -DEVICE_TREE_ALIGNMENT;
        long first = image.segments().getFirst().address();
        long address;
        if (behind + blob.length <= VirtMap.RAM + ramSize) {
            address = behind;
        } else if (VirtMap.RAM + blob.length <= first) {
            address = VirtMap.RAM;
        } else {
            throw new BadInput("-m: no room for the device tree beside the image in " + Sizes.format(ramSize));
        }
        write(ramHva + address - VirtMap.RAM, blob, 0, blob.length);
        return address;
    }

    /// {@return the VM's stage-2 tables}
    public Stage2PageTable stage2() {
        return vm.stage2();
    }

    /// {@return the mapped part of the guest's RAM}
    public List<Stage2Row> stage2Rows() {
        return Stage2Rows.of(vm.stage2(), fwb, "ram", VirtMap.RAM, ramSize);
    }

    /// {@return instructions that the guest has executed}
    public long instructions() {
        return processingElement.instructions();
    }

    /// Runs the guest to its end.
    ///
    /// @param timeoutSeconds 0: no limit
    public GuestEnd run(long timeoutSeconds) {
        long deadline = timeoutSeconds == 0 ? Long.MAX_VALUE : ticker.nanos() + timeoutSeconds * 1_000_000_000L;
        try (RunMonitor monitor = new RunMonitor(processingElement, vcpu, ticker, deadline)) {
            while (true) {
                int result = vcpu.run();
                if (result == Errno.EINTR.negated()) {
                    if (monitor.isTimedOut()) {
                        return new GuestEnd(
                                GuestEnd.Reason.TIME_OUT, "The guest ran for more than " + timeoutSeconds + " s", "");
                    }
                    if (monitor.isStuck()) {
                        return stuck();
                    }
                    vcpu.kvmRun().immediateExit = false;
                    continue;
                }
                if (result < 0) {
                    return new GuestEnd(
                            GuestEnd.Reason.KVM_ERRNO,
                            "KVM_RUN returned " + Errno.render(result) + " at PC " + where(),
                            vcpu.lastTrail().toString());
                }
                GuestEnd end = serve(vcpu.kvmRun());
                if (end != null) {
                    return end;
                }
            }
        } catch (KvmError e) {
            return new GuestEnd(GuestEnd.Reason.KERNEL_DEFECT, String.valueOf(e.getMessage()), "");
        }
    }

    private GuestEnd stuck() {
        return new GuestEnd(
                GuestEnd.Reason.STUCK,
                "guest stuck: more than " + STUCK_EXCEPTIONS + " exceptions without an instruction executed at PC "
                        + where(),
                new Backtrace(vcpu.cpu(), processingElement.mmu(), mm.userMemory(), ramHva, ramSize, image.symbols())
                        .render());
    }

    private String where() {
        long pc = vcpu.getOneReg(KvmReg.CORE_PC);
        return Sizes.hex(pc)
                + image.symbols().describe(pc).map(name -> " (" + name + ")").orElse("");
    }

    private @Nullable GuestEnd serve(KvmRun run) {
        return switch (run.exitReason) {
            case KvmExit.KVM_EXIT_MMIO -> {
                mmio(run.mmio);
                yield null;
            }
            case KvmExit.KVM_EXIT_SYSTEM_EVENT -> systemEvent(run);
            default ->
                new GuestEnd(
                        GuestEnd.Reason.EXIT,
                        "KVM_RUN ended with " + run.describe() + " at PC " + where(),
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
    private void mmio(KvmRun.Mmio mmio) {
        long offset = mmio.physAddr - VirtMap.UART;
        if (offset >= 0 && offset <= VirtMap.UART_SIZE - mmio.len) {
            if (mmio.isWrite) {
                uart.write(offset, mmio.len, mmio.value());
            } else {
                mmio.setValue(uart.read(offset, mmio.len));
            }
            return;
        }
        vcpu.setVcpuEvents(VcpuEvents.extDabt());
    }

    @Override
    public void close() {
        vm.close();
        mm.close();
    }
}
