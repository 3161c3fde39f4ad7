package dev.ipanema.devices.virtio;

import dev.ipanema.devices.bus.IrqLine;
import dev.ipanema.devices.bus.Registers;
import dev.ipanema.machine.memory.DmaPort;
import dev.ipanema.machine.memory.MmioRegion;

/// Virtio over MMIO, version 2 (VIRTIO 1.3, section 4.2.2). The legacy version 1 is not offered.
public final class VirtioMmio implements MmioRegion {
    /// Bytes of its register window.
    public static final long SIZE = 0x200;

    private static final int MAGIC_VALUE = 0x000;
    private static final int VERSION = 0x004;
    private static final int DEVICE_ID = 0x008;
    private static final int VENDOR_ID = 0x00c;
    private static final int DEVICE_FEATURES = 0x010;
    private static final int DEVICE_FEATURES_SEL = 0x014;
    private static final int DRIVER_FEATURES = 0x020;
    private static final int DRIVER_FEATURES_SEL = 0x024;
    private static final int QUEUE_SEL = 0x030;
    private static final int QUEUE_SIZE_MAX = 0x034;
    private static final int QUEUE_SIZE = 0x038;
    private static final int QUEUE_READY = 0x044;
    private static final int QUEUE_NOTIFY = 0x050;
    private static final int INTERRUPT_STATUS = 0x060;
    private static final int INTERRUPT_ACK = 0x064;
    private static final int STATUS = 0x070;
    private static final int QUEUE_DESC_LOW = 0x080;
    private static final int QUEUE_DESC_HIGH = 0x084;
    private static final int QUEUE_DRIVER_LOW = 0x090;
    private static final int QUEUE_DRIVER_HIGH = 0x094;
    private static final int QUEUE_DEVICE_LOW = 0x0a0;
    private static final int QUEUE_DEVICE_HIGH = 0x0a4;
    private static final int SHM_LEN_LOW = 0x0b0;
    private static final int SHM_BASE_HIGH = 0x0bc;
    private static final int QUEUE_RESET = 0x0c0;
    private static final int CONFIG_GENERATION = 0x0fc;
    private static final int CONFIG = 0x100;

    private static final int MAGIC = 0x7472_6976;

    /// "IPMA": who made the device.
    private static final int VENDOR = 0x414d_5049;

    private static final int USED_BUFFER = 1;
    private static final int CONFIG_CHANGE = 2;

    private final VirtioRegisters registers;
    private final IrqLine irq;
    private int interruptStatus;
    private int deviceFeaturesSel;
    private int driverFeaturesSel;
    private int queueSel;

    /// @param device must not have a transport yet
    /// @param irq high while InterruptStatus is not 0
    public VirtioMmio(VirtioDevice device, DmaPort dma, IrqLine irq) {
        this.irq = irq;
        registers = new VirtioRegisters(device, dma, new VirtioRegisters.Interrupts() {
            @Override
            public void queue(int index) {
                raise(USED_BUFFER);
            }

            @Override
            public void config() {
                raise(CONFIG_CHANGE);
            }

            @Override
            public void reset() {
                interruptStatus = 0;
                irq.set(false);
            }
        });
    }

    private void raise(int cause) {
        interruptStatus |= cause;
        irq.set(true);
    }

    /// {@return the registers behind the transport}
    public VirtioRegisters registers() {
        return registers;
    }

    @Override
    public long read(long offset, int bytes) {
        if (offset >= CONFIG) {
            return Registers.readBytes(registers::configByte, (int) offset - CONFIG, bytes);
        }
        // All registers are 32 bits wide and accessed as such; other accesses read as zero.
        return bytes == Integer.BYTES ? Integer.toUnsignedLong(register((int) offset)) : 0;
    }

    private int register(int register) {
        return switch (register) {
            case MAGIC_VALUE -> MAGIC;
            case VERSION -> 2;
            case DEVICE_ID -> registers.device().type();
            case VENDOR_ID -> VENDOR;
            case DEVICE_FEATURES -> registers.deviceFeatures(deviceFeaturesSel);
            case QUEUE_SIZE_MAX -> registers.maxSize(queueSel);
            case QUEUE_READY -> registers.isReady(queueSel) ? 1 : 0;
            case INTERRUPT_STATUS -> interruptStatus;
            case STATUS -> registers.status();
            case CONFIG_GENERATION -> registers.generation();
            // No shared memory region exists: its length and base read as all ones.
            default -> register >= SHM_LEN_LOW && register <= SHM_BASE_HIGH ? -1 : 0;
        };
    }

    @Override
    public void write(long offset, int bytes, long value) {
        if (offset >= CONFIG) {
            Registers.writeBytes(registers::writeConfigByte, (int) offset - CONFIG, bytes, value);
        } else if (bytes == Integer.BYTES) {
            writeRegister((int) offset, (int) value);
        }
    }

    private void writeRegister(int register, int value) {
        switch (register) {
            case DEVICE_FEATURES_SEL -> deviceFeaturesSel = value;
            case DRIVER_FEATURES -> registers.writeDriverFeatures(driverFeaturesSel, value);
            case DRIVER_FEATURES_SEL -> driverFeaturesSel = value;
            case QUEUE_SEL -> queueSel = value;
            case QUEUE_SIZE -> registers.writeSize(queueSel, value);
            case QUEUE_READY -> registers.writeReady(queueSel, (value & 1) != 0);
            case QUEUE_NOTIFY -> registers.notifyQueue(value);
            case INTERRUPT_ACK -> {
                interruptStatus &= ~value;
                irq.set(interruptStatus != 0);
            }
            case STATUS -> registers.writeStatus(value);
            case QUEUE_DESC_LOW -> registers.writeAddress(queueSel, 0, value);
            case QUEUE_DESC_HIGH -> registers.writeAddress(queueSel, 1, value);
            case QUEUE_DRIVER_LOW -> registers.writeAddress(queueSel, 2, value);
            case QUEUE_DRIVER_HIGH -> registers.writeAddress(queueSel, 3, value);
            case QUEUE_DEVICE_LOW -> registers.writeAddress(queueSel, 4, value);
            case QUEUE_DEVICE_HIGH -> registers.writeAddress(queueSel, 5, value);
            case QUEUE_RESET -> {
                if ((value & 1) != 0) {
                    registers.resetQueue(queueSel);
                }
            }
            default -> {
                // Reserved and read-only registers ignore writes.
            }
        }
    }
}
