package dev.ipanema.vmm.passthrough;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.devices.bus.IrqLine;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.devices.pci.PciHostBridge;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.platform.Host;
import dev.ipanema.kvm.memslot.Memslot;
import dev.ipanema.kvm.memslot.Memslots;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.scenario.ProbeMachine;
import java.util.ArrayList;
import java.util.List;

/// A guest's bus with devices of the host behind it and a VM that runs probes: the test says what a guest writes to
/// configuration spaces and BARs, and lets the vCPU access what KVM has mapped since.
final class GuestBus implements AutoCloseable {
    static final long LOW = 0x2000_0000L;
    static final long LOW_SIZE = 0x1000_0000L;

    /// The payload reaches 512 GiB.
    static final long HIGH = 0x40_0000_0000L;

    static final long HIGH_END = 0x80_0000_0000L;

    /// Memory that devices reach; the payload's they do not.
    static final long RAM = 0x7000_0000L;

    static final long RAM_SIZE = Sizes.MIB;
    static final int BAR0 = 0x10;
    static final int BAR2 = 0x18;
    static final int BAR4 = 0x20;

    private static final int RAM_SLOT = 1;
    private static final int FIRST_SLOT = 2;
    private static final int FIRST_PCI_SLOT = 1;
    private static final int SLOT_SHIFT = 15;
    private static final int PAGE_SHIFT = 12;
    private static final int CAPABILITY_POINTER = 0x34;

    final ProbeMachine machine;
    final Passthrough passthrough;
    final long ramHva;
    final List<Message> messages = new ArrayList<>();
    PciHostBridge bridge;

    /// A message that a device has sent.
    record Message(long address, int data, int deviceId) {}

    /// Where a slot of KVM lies.
    record Range(long ipa, long size) {}

    GuestBus(Host host, String policy, HostDevice... devices) {
        KernelVersion version = KernelVersion.parse(policy);
        machine = new ProbeMachine(host, version, false, true);
        ramHva =
                machine.mm().mmap(0, RAM_SIZE, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS);
        assertThat(machine.vm().setUserMemoryRegion(new UserspaceMemoryRegion(RAM_SLOT, 0, RAM, RAM_SIZE, ramHva)))
                .isZero();
        passthrough = new Passthrough(host, version, List.of(devices), machine.mm(), Ticker.system(), HIGH, HIGH_END);
        assertThat(passthrough.plan().highMmioEnd()).isEqualTo(HIGH_END);
        bridge = plug();
    }

    private PciHostBridge plug() {
        passthrough.attach(machine.vm(), FIRST_SLOT);
        passthrough.container().unmapDma(RAM, RAM_SIZE);
        assertThat(passthrough.container().mapDma(machine.mm(), ramHva, RAM, RAM_SIZE))
                .isZero();
        PciHostBridge fresh = new PciHostBridge(
                LOW,
                HIGH,
                List.of(IrqLine.NONE, IrqLine.NONE, IrqLine.NONE, IrqLine.NONE),
                (address, data, deviceId) -> messages.add(new Message(address, data, deviceId)));
        passthrough.plug(fresh, FIRST_PCI_SLOT, GuestBus::isDecoded);
        return fresh;
    }

    /// What a VMM does at a reset, save that the VM is the old one: its slots of devices go first.
    void reset() {
        for (Memslot slot : memslots()) {
            if (slot.id() >= FIRST_SLOT) {
                assertThat(machine.vm().setUserMemoryRegion(UserspaceMemoryRegion.delete(slot.id())))
                        .isZero();
            }
        }
        bridge = plug();
    }

    static boolean isDecoded(long address, long size) {
        return isInside(address, size, LOW, LOW_SIZE) || isInside(address, size, HIGH, HIGH_END - HIGH);
    }

    private static boolean isInside(long address, long size, long base, long length) {
        return address >= base && size <= length && address - base <= length - size;
    }

    // ---- what a guest does -----------------------------------------------------------------------------------------

    /// @param device 0 for the first
    long config(int device, int offset, int bytes) {
        return bridge.ecam().read(at(device) + offset, bytes);
    }

    void config(int device, int offset, int bytes, long value) {
        bridge.ecam().write(at(device) + offset, bytes, value);
    }

    private static long at(int device) {
        return (long) (FIRST_PCI_SLOT + device) << SLOT_SHIFT;
    }

    void command(int device, int value) {
        config(device, PciConfig.COMMAND, Short.BYTES, value);
    }

    /// Places a BAR of 64 bits.
    void place(int device, int bar, long address) {
        config(device, bar, Integer.BYTES, address & 0xffff_ffffL);
        config(device, bar + Integer.BYTES, Integer.BYTES, address >>> Integer.SIZE);
    }

    /// Finds a capability, 0 when there is none.
    int capability(int device, int id) {
        int at = (int) config(device, CAPABILITY_POINTER, 1);
        while (at != 0 && config(device, at, 1) != id) {
            at = (int) config(device, at + 1, 1);
        }
        return at;
    }

    long load(long address, int bytes) {
        return address < HIGH
                ? bridge.memory32().read(address - LOW, bytes)
                : bridge.memory64().read(address - HIGH, bytes);
    }

    void store(long address, int bytes, long value) {
        if (address < HIGH) {
            bridge.memory32().write(address - LOW, bytes, value);
        } else {
            bridge.memory64().write(address - HIGH, bytes, value);
        }
    }

    // ---- what became of it -----------------------------------------------------------------------------------------

    List<Memslot> memslots() {
        Memslots all = machine.vm().memory().memslots();
        List<Memslot> list = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            list.add(all.at(i));
        }
        return list;
    }

    /// {@return KVM's slots of the devices, ascending}
    List<Range> deviceSlots() {
        return memslots().stream()
                .filter(slot -> slot.id() >= FIRST_SLOT)
                .map(slot -> new Range(slot.baseGfn() << PAGE_SHIFT, slot.npages() << PAGE_SHIFT))
                .sorted(java.util.Comparator.comparingLong(Range::ipa))
                .toList();
    }

    @Override
    public void close() {
        passthrough.close();
        machine.close();
    }
}
