package dev.ipanema.vmm.boot;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.devices.bus.IrqLine;
import dev.ipanema.devices.clock.Pl031;
import dev.ipanema.devices.firmware.FwCfg;
import dev.ipanema.devices.pci.BarAssignment;
import dev.ipanema.devices.pci.PciHostBridge;
import dev.ipanema.devices.pci.VirtioPci;
import dev.ipanema.devices.serial.Pl011;
import dev.ipanema.devices.virtio.VirtioDevice;
import dev.ipanema.devices.virtio.VirtioMmio;
import dev.ipanema.devices.virtio.VirtioRegisters;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.kvm.uapi.VcpuEvents;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.Vcpu;
import dev.ipanema.kvm.vm.VcpuFeatures;
import dev.ipanema.kvm.vm.Vm;
import dev.ipanema.machine.cpu.InstructionClock;
import dev.ipanema.machine.memory.DmaPort;
import dev.ipanema.vmm.device.GuestDevice;
import dev.ipanema.vmm.device.MmioBus;
import dev.ipanema.vmm.device.SerialPort;
import dev.ipanema.vmm.passthrough.AddressPlan;
import dev.ipanema.vmm.passthrough.Passthrough;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// What a reset of a [VirtMachine] replaces: its VM with vCPUs, interrupt controller and devices, all as after power
/// on. RAM, disks and the connections to the outside belong to the machine and outlive it.
///
/// Devices and bus are used under the VMM's lock.
final class VirtHardware implements AutoCloseable {
    /// Bytes between the structures of two vCPUs (Arm DEN0057, 5.2: each is 64-byte aligned).
    private static final long PVTIME_STRUCTURE = 64;

    private final Vm vm;
    private final List<Vcpu> vcpus = new ArrayList<>();
    private final MmioBus bus = new MmioBus();
    private final VirtInterrupts interrupts;
    private final SerialPort serial;
    private final List<VirtioRegisters> virtio = new ArrayList<>();
    private final Pl031 rtc;
    private final ReentrantLock lock;

    private final Passthrough passthrough;

    /// @param passthrough the host's devices, closed with the machine
    /// @param lock the VMM's lock
    /// @param console takes what the guest writes to its serial port
    VirtHardware(
            Kvm kvm,
            VirtMemory memory,
            Passthrough passthrough,
            VirtConfig config,
            ReentrantLock lock,
            IntConsumer console) {
        this.lock = lock;
        this.passthrough = passthrough;
        vm = memory.createVm(kvm, passthrough.plan().ipaBits());
        passthrough.attach(vm, VirtMemory.FIRST_FREE_SLOT);
        memory.mapForDevices(passthrough.container());
        for (int i = 0; i < config.cpus(); i++) {
            vcpus.add(vm.createVcpu(i));
        }
        InstructionClock clock = config.clock();
        if (clock != null) {
            vm.runInLockstep(clock);
        }
        for (int i = 0; i < config.cpus(); i++) {
            int power = i == 0 ? 0 : Vcpu.KVM_ARM_VCPU_POWER_OFF;
            succeed("KVM_ARM_VCPU_INIT", vcpus.get(i).init(features(vm) | power));
        }
        for (Vcpu vcpu : vcpus) {
            succeed(
                    "KVM_ARM_VCPU_PVTIME_IPA",
                    vcpu.setDeviceAttr(
                            KvmDeviceUapi.KVM_ARM_VCPU_PVTIME_CTRL,
                            KvmDeviceUapi.KVM_ARM_VCPU_PVTIME_IPA,
                            VirtMap.PVTIME + vcpu.id() * PVTIME_STRUCTURE));
        }
        interrupts = new VirtInterrupts(vm, config.irqchip());
        if (hasPmu(vm)) {
            vcpus.forEach(VirtHardware::initialisePmu);
        }
        serial = new SerialPort(new Pl011(console, interrupts.spi(VirtMap.UART_SPI)));
        bus.add("uart", VirtMap.UART, VirtMap.UART_SIZE, serial);
        rtc = new Pl031(config.epochSeconds(), interrupts.spi(VirtMap.RTC_SPI));
        bus.add("rtc", VirtMap.RTC, VirtMap.RTC_SIZE, rtc);
        if (config.boot() instanceof GuestBoot.Firmware firmware) {
            VirtFlash.add(vm, memory, bus);
            bus.add("fw-cfg", VirtMap.FW_CFG, VirtMap.FW_CFG_SIZE, fwCfg(config, firmware, memory.dma()));
        }
        PciHostBridge bridge = pci(passthrough.plan());
        int slot = addVirtio(config, bridge, memory.dma());
        passthrough.plug(bridge, slot, this::isPciMemory);
        if (passthrough.plan().presetBars()) {
            assignBars(bridge, passthrough.plan());
        }
    }

    /// The guest keeps the BARs that have an address, if its kernel finds that all of them have one.
    private static void assignBars(PciHostBridge bridge, AddressPlan plan) {
        new BarAssignment(
                        new BarAssignment.Window(VirtMap.PCIE_MMIO, VirtMap.PCIE_MMIO_SIZE),
                        new BarAssignment.Window(plan.highMmio(), plan.highMmioSize()),
                        new BarAssignment.Window(0, VirtMap.PCIE_PIO_SIZE))
                .assign(bridge.functions());
    }

    private boolean isPciMemory(long address, long size) {
        AddressPlan plan = passthrough.plan();
        return isInside(address, size, VirtMap.PCIE_MMIO, VirtMap.PCIE_MMIO_SIZE)
                || isInside(address, size, plan.highMmio(), plan.highMmioSize());
    }

    private static boolean isInside(long address, long size, long base, long length) {
        long offset = address - base;
        return address >= base && offset <= length && size <= length - offset;
    }

    private static boolean hasPmu(Vm vm) {
        return vm.checkExtension(KvmCap.KVM_CAP_ARM_PMU_V3) > 0;
    }

    private static void initialisePmu(Vcpu vcpu) {
        int group = KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_CTRL;
        succeed(
                "KVM_ARM_VCPU_PMU_V3_IRQ",
                vcpu.setDeviceAttr(group, KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_IRQ, VirtMap.PMU_PPI));
        succeed("KVM_ARM_VCPU_PMU_V3_INIT", vcpu.setDeviceAttr(group, KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_INIT, 0));
    }

    private static FwCfg fwCfg(VirtConfig config, GuestBoot.Firmware firmware, DmaPort dma) {
        FwCfg fwCfg = new FwCfg(dma).machine(config.cpus(), config.ramSize());
        byte[] kernel = firmware.kernel();
        byte[] initrd = config.initrd();
        if (kernel.length != 0) {
            fwCfg.kernel(kernel).commandLine(config.params());
        }
        if (initrd != null) {
            fwCfg.initrd(initrd);
        }
        return fwCfg;
    }

    /// @return the first PCI slot that is free
    private int addVirtio(VirtConfig config, PciHostBridge bridge, DmaPort dma) {
        int window = 0;
        int slot = 1;
        for (GuestDevice device : config.devices()) {
            VirtioDevice model = device.model().get();
            switch (device.transport()) {
                case MMIO -> {
                    IrqLine line = interrupts.spi(VirtMap.VIRTIO_MMIO_SPI + window);
                    VirtioMmio registers = new VirtioMmio(model, dma, line);
                    bus.add(device.name(), VirtMap.virtioMmio(window), VirtMap.VIRTIO_MMIO_SIZE, registers);
                    virtio.add(registers.registers());
                    window++;
                }
                case PCI -> {
                    VirtioPci function = new VirtioPci(model, dma);
                    bridge.add(slot, function);
                    virtio.add(function.registers());
                    slot++;
                }
            }
        }
        return slot;
    }

    private PciHostBridge pci(AddressPlan plan) {
        List<IrqLine> lines = new ArrayList<>();
        for (int i = 0; i < PciHostBridge.LINES; i++) {
            lines.add(interrupts.spi(VirtMap.PCIE_SPI + i));
        }
        PciHostBridge bridge = new PciHostBridge(VirtMap.PCIE_MMIO, plan.highMmio(), lines, interrupts.msi());
        bus.add("pcie-ecam", VirtMap.PCIE_ECAM, VirtMap.PCIE_ECAM_SIZE, bridge.ecam());
        bus.add("pcie-mmio", VirtMap.PCIE_MMIO, VirtMap.PCIE_MMIO_SIZE, bridge.memory32());
        bus.add("pcie-high-mmio", plan.highMmio(), plan.highMmioSize(), bridge.memory64());
        bus.add("pcie-pio", VirtMap.PCIE_PIO, VirtMap.PCIE_PIO_SIZE, bridge.io());
        return bridge;
    }

    /// {@return whether [#poll()] has something to look at}
    boolean isPolled() {
        return !virtio.isEmpty();
    }

    /// Gives the guest what has come for its virtio devices, and serves what they have put off: to be called often.
    void poll() {
        if (virtio.isEmpty()) {
            return;
        }
        lock.lock();
        try {
            virtio.forEach(VirtioRegisters::poll);
        } finally {
            lock.unlock();
        }
    }

    /// Lets time pass for devices that count it: to be called about once a second.
    void tick() {
        lock.lock();
        try {
            rtc.tick();
        } finally {
            lock.unlock();
        }
    }

    /// Everything optional that the host has.
    private static int features(Vm vm) {
        boolean pointerAuthentication = vm.checkExtension(KvmCap.KVM_CAP_ARM_PTRAUTH_ADDRESS) > 0;
        return Vcpu.KVM_ARM_VCPU_PSCI_0_2
                | (hasPmu(vm) ? VcpuFeatures.KVM_ARM_VCPU_PMU_V3 : 0)
                | (pointerAuthentication
                        ? VcpuFeatures.KVM_ARM_VCPU_PTRAUTH_ADDRESS | VcpuFeatures.KVM_ARM_VCPU_PTRAUTH_GENERIC
                        : 0);
    }

    /// @throws BadInput when a call of KVM has failed
    static void succeed(String what, int result) {
        if (result < 0) {
            throw new BadInput(what + " failed: " + Errno.render(result), BadInput.FINDING);
        }
    }

    Vm vm() {
        return vm;
    }

    List<Vcpu> vcpus() {
        return vcpus;
    }

    /// {@return the console's input, to be used under the VMM's lock}
    SerialPort serial() {
        return serial;
    }

    /// {@return why the machine cannot go on, null when it can}
    @Nullable
    GuestEnd failure() {
        String failure = passthrough.failure();
        return failure == null ? null : new GuestEnd(GuestEnd.Reason.KVM_ERRNO, failure, passthrough.failureReasons());
    }

    /// Serves an MMIO exit: a device's register, or an external abort where nothing is, as a bus without an answer
    /// gives one.
    void mmio(Vcpu vcpu, KvmRun.Mmio mmio) {
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

    /// {@return how often the guest was left}
    long exits() {
        return vcpus.stream().mapToLong(Vcpu::exits).sum();
    }

    /// {@return how many faults on guest memory KVM has handled}
    long faults() {
        return vcpus.stream().mapToLong(Vcpu::faults).sum();
    }

    @Override
    public void close() {
        passthrough.stop();
        vm.close();
    }
}
