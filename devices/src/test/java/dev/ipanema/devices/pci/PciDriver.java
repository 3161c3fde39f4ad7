package dev.ipanema.devices.pci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.virtio.DriverTransport;

/// The guest's side of a PCI bus and of virtio over it: enumeration by ECAM, BARs, capabilities, registers.
final class PciDriver implements DriverTransport {
    static final long MEMORY32 = 0x1000_0000L;
    static final long MEMORY64 = 0x80_0000_0000L;
    static final long REGISTERS = MEMORY64 + 0x10_0000;
    static final long MSIX = MEMORY32 + 0x2000;

    private final PciHostBridge bridge;
    private final int slot;
    private long common;
    private long notify;
    private long isr;
    private long device;
    private long multiplier;

    PciDriver(PciHostBridge bridge, int slot) {
        this.bridge = bridge;
        this.slot = slot;
    }

    long config(int register, long bytes) {
        return bridge.ecam().read((long) slot << 15 | register, (int) bytes);
    }

    void config(int register, int bytes, long value) {
        bridge.ecam().write((long) slot << 15 | register, bytes, value);
    }

    long sizeOf(int bar) {
        int register = 0x10 + 4 * bar;
        long before = config(register, 4L);
        config(register, 4, 0xffff_ffffL);
        long mask = config(register, 4L);
        config(register, 4, before);
        return -(int) (mask & ~0xf) & 0xffff_ffffL;
    }

    int findCapability(int id, int type) {
        for (int at = (int) config(0x34, 1L); at != 0; at = (int) config(at + 1, 1L)) {
            if (config(at, 1L) == id && (type < 0 || config(at + 3, 1L) == type)) {
                return at;
            }
        }
        return 0;
    }

    /// Places the BARs, switches decoding on and finds the virtio structures.
    void probe() {
        config(0x14, 4, MSIX);
        config(0x20, 4, REGISTERS & 0xffff_ffffL);
        config(0x24, 4, REGISTERS >>> 32);
        config(0x04, 2, 6);
        common = structure(1);
        notify = structure(2);
        isr = structure(3);
        device = structure(4);
        multiplier = config(findCapability(9, 2) + 16, 4L);
    }

    private long structure(int type) {
        int at = findCapability(9, type);
        assertThat(at).as("capability %d", type).isNotZero();
        assertThat(config(at + 4, 1L)).isEqualTo(4);
        return REGISTERS + config(at + 8, 4L);
    }

    /// Points a vector at an address and unmasks it.
    void vector(int index, long address, int data) {
        long at = MSIX + 16L * index;
        write(at, 4, address & 0xffff_ffffL);
        write(at + 4, 4, address >>> 32);
        write(at + 8, 4, data);
        write(at + 12, 4, 0);
    }

    void enableMsix(boolean enable, boolean mask) {
        config(findCapability(0x11, -1) + 2, 2, (enable ? 0x8000 : 0) | (mask ? 0x4000 : 0));
    }

    void queueVector(int queue, int vector) {
        write(common + 22, 2, queue);
        write(common + 26, 2, vector);
    }

    int queueVector(int queue) {
        write(common + 22, 2, queue);
        return (int) read(common + 26, 2);
    }

    long isr() {
        return read(isr, 1);
    }

    long read(long address, int bytes) {
        return address >= MEMORY64
                ? bridge.memory64().read(address - MEMORY64, bytes)
                : bridge.memory32().read(address - MEMORY32, bytes);
    }

    void write(long address, int bytes, long value) {
        if (address >= MEMORY64) {
            bridge.memory64().write(address - MEMORY64, bytes, value);
        } else {
            bridge.memory32().write(address - MEMORY32, bytes, value);
        }
    }

    @Override
    public long deviceFeatures() {
        write(common, 4, 0);
        long low = read(common + 4, 4);
        write(common, 4, 1);
        return low | read(common + 4, 4) << 32;
    }

    @Override
    public void driverFeatures(long features) {
        write(common + 8, 4, 0);
        write(common + 12, 4, features & 0xffff_ffffL);
        write(common + 8, 4, 1);
        write(common + 12, 4, features >>> 32);
    }

    @Override
    public int status() {
        return (int) read(common + 20, 1);
    }

    @Override
    public void status(int value) {
        write(common + 20, 1, value);
    }

    @Override
    public int maxQueueSize(int queue) {
        write(common + 22, 2, queue);
        return (int) read(common + 24, 2);
    }

    @Override
    public void queue(int index, int size, long descriptors, long driver, long deviceArea) {
        write(common + 22, 2, index);
        write(common + 24, 2, size);
        write(common + 32, 8, descriptors);
        write(common + 40, 4, driver & 0xffff_ffffL);
        write(common + 44, 4, driver >>> 32);
        write(common + 48, 8, deviceArea);
        write(common + 28, 2, 1);
        assertThat(read(common + 28, 2)).isEqualTo(1);
        assertThat(read(common + 48, 8)).isEqualTo(deviceArea);
    }

    @Override
    public void kick(int queue) {
        write(common + 22, 2, queue);
        write(notify + multiplier * read(common + 30, 2), 2, queue);
    }

    @Override
    public long config(int offset, int bytes) {
        return read(device + offset, bytes);
    }
}
