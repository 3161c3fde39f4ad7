package dev.ipanema.devices.virtio;

/// The driver's side of virtio over MMIO.
final class MmioDriver implements DriverTransport {
    private final VirtioMmio registers;

    MmioDriver(VirtioMmio registers) {
        this.registers = registers;
    }

    private long get(int offset) {
        return registers.read(offset, 4);
    }

    private void set(int offset, long value) {
        registers.write(offset, 4, value);
    }

    @Override
    public long deviceFeatures() {
        set(0x14, 0);
        long low = get(0x10);
        set(0x14, 1);
        return low | get(0x10) << 32;
    }

    @Override
    public void driverFeatures(long features) {
        set(0x24, 0);
        set(0x20, features & 0xffff_ffffL);
        set(0x24, 1);
        set(0x20, features >>> 32);
    }

    @Override
    public int status() {
        return (int) get(0x70);
    }

    @Override
    public void status(int value) {
        set(0x70, value);
    }

    @Override
    public int maxQueueSize(int queue) {
        set(0x30, queue);
        return (int) get(0x34);
    }

    @Override
    public void queue(int index, int size, long descriptors, long driver, long device) {
        set(0x30, index);
        set(0x38, size);
        set(0x80, descriptors & 0xffff_ffffL);
        set(0x84, descriptors >>> 32);
        set(0x90, driver & 0xffff_ffffL);
        set(0x94, driver >>> 32);
        set(0xa0, device & 0xffff_ffffL);
        set(0xa4, device >>> 32);
        set(0x44, 1);
    }

    @Override
    public void kick(int queue) {
        set(0x50, queue);
    }

    @Override
    public long config(int offset, int bytes) {
        return registers.read(0x100 + offset, bytes);
    }
}
