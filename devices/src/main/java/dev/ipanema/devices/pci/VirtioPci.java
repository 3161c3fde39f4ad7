package dev.ipanema.devices.pci;

import dev.ipanema.devices.bus.Registers;
import dev.ipanema.devices.virtio.VirtioDevice;
import dev.ipanema.devices.virtio.VirtioRegisters;
import dev.ipanema.machine.memory.DmaPort;
import java.util.Arrays;

/// Virtio over PCI without the legacy interface (VIRTIO 1.3, section 4.1): registers in BAR 4, MSI-X in BAR 1.
public final class VirtioPci extends EmulatedPciFunction {
    private static final int VENDOR = 0x1af4;
    private static final int FIRST_DEVICE = 0x1040;
    private static final int FIRST_SUBSYSTEM = 0x40;
    private static final int REVISION = 1;

    private static final int MSIX_BAR = 1;
    private static final int REGISTER_BAR = 4;
    private static final int COMMON = 0x0000;
    private static final int ISR = 0x1000;
    private static final int DEVICE = 0x2000;
    private static final int NOTIFY = 0x3000;
    private static final int BLOCK = 0x1000;
    private static final long REGISTER_SIZE = 0x4000;
    private static final int NOTIFY_MULTIPLIER = 4;

    private static final int CAPABILITY_LENGTH = 16;
    private static final int CAPABILITY_BAR = 4;
    private static final int CAPABILITY_OFFSET = 8;
    private static final int CAPABILITY_SIZE = 12;
    private static final int CAPABILITY_DATA = 16;
    private static final int COMMON_CFG = 1;
    private static final int NOTIFY_CFG = 2;
    private static final int ISR_CFG = 3;
    private static final int DEVICE_CFG = 4;
    private static final int PCI_CFG = 5;

    private static final int DEVICE_FEATURE_SELECT = 0;
    private static final int DEVICE_FEATURE = 4;
    private static final int DRIVER_FEATURE_SELECT = 8;
    private static final int DRIVER_FEATURE = 12;
    private static final int CONFIG_MSIX_VECTOR = 16;
    private static final int DEVICE_STATUS = 20;
    private static final int QUEUE_SELECT = 22;
    private static final int QUEUE_SIZE = 24;
    private static final int QUEUE_MSIX_VECTOR = 26;
    private static final int QUEUE_ENABLE = 28;
    private static final int QUEUE_DESC = 32;
    private static final int QUEUE_AREAS_END = 56;
    private static final int QUEUE_RESET = 58;
    private static final int COMMON_END = 60;

    private static final int NO_VECTOR = 0xffff;
    private static final int ISR_QUEUE = 1;
    private static final int ISR_CONFIG = 2;

    private final VirtioRegisters registers;
    private final MsiX msix;
    private final int pciCfg;
    private final int[] queueVectors;
    private int configVector = NO_VECTOR;
    private int isr;
    private int deviceFeatureSelect;
    private int driverFeatureSelect;
    private int queueSelect;

    /// @param device must not have a transport yet
    public VirtioPci(VirtioDevice device, DmaPort dma) {
        super(new PciConfigSpace(VENDOR, FIRST_DEVICE + device.type(), REVISION, classCode(device.type()))
                .subsystem(VENDOR, FIRST_SUBSYSTEM + device.type())
                .interruptPin(1)
                .bar(MSIX_BAR, PciConfigSpace.BarKind.MEMORY_32, MsiX.SIZE)
                .bar(REGISTER_BAR, PciConfigSpace.BarKind.MEMORY_64_PREFETCHABLE, REGISTER_SIZE));
        registers = new VirtioRegisters(device, dma, new Interrupts());
        queueVectors = new int[device.queues()];
        Arrays.fill(queueVectors, NO_VECTOR);
        msix = new MsiX(config(), MSIX_BAR, device.queues() + 1, this::msi);
        capability(COMMON_CFG, COMMON, COMMON_END, CAPABILITY_LENGTH);
        int notify =
                capability(NOTIFY_CFG, NOTIFY, NOTIFY_MULTIPLIER * device.queues(), CAPABILITY_LENGTH + Integer.BYTES);
        config().put(notify + CAPABILITY_LENGTH, Integer.BYTES, NOTIFY_MULTIPLIER);
        capability(ISR_CFG, ISR, 1, CAPABILITY_LENGTH);
        capability(DEVICE_CFG, DEVICE, BLOCK, CAPABILITY_LENGTH);
        pciCfg = capability(PCI_CFG, 0, 0, CAPABILITY_LENGTH + Integer.BYTES);
        config().makeWritable(pciCfg + CAPABILITY_BAR, 1, 0xff);
        config().makeWritable(pciCfg + CAPABILITY_OFFSET, Long.BYTES, -1);
        config().makeWritable(pciCfg + CAPABILITY_DATA, Integer.BYTES, -1);
    }

    private int capability(int type, int offset, int size, int length) {
        int at = config().addCapability(PciConfig.CAP_VENDOR, length);
        config().put(at + 2, 1, length);
        config().put(at + 3, 1, type);
        config().put(at + CAPABILITY_BAR, 1, type == PCI_CFG ? 0 : REGISTER_BAR);
        config().put(at + CAPABILITY_OFFSET, Integer.BYTES, offset);
        config().put(at + CAPABILITY_SIZE, Integer.BYTES, size);
        return at;
    }

    /// {@return the PCI class of a device} PCI Code and ID Assignment Specification 1.11.
    private static int classCode(int type) {
        return switch (type) {
            case 1 -> 0x02_00_00; // Ethernet controller
            case 2 -> 0x01_80_00; // other mass storage
            case 3 -> 0x07_80_00; // other communication
            default -> 0xff_00_00; // no class
        };
    }

    /// {@return the registers behind the transport}
    public VirtioRegisters registers() {
        return registers;
    }

    // ---- interrupts ------------------------------------------------------------------------------------------------

    private final class Interrupts implements VirtioRegisters.Interrupts {
        @Override
        public void queue(int index) {
            raise(queueVectors[index], ISR_QUEUE);
        }

        @Override
        public void config() {
            raise(configVector, ISR_CONFIG);
        }

        @Override
        public void reset() {
            configVector = NO_VECTOR;
            Arrays.fill(queueVectors, NO_VECTOR);
            isr = 0;
            intx(false);
        }
    }

    private void raise(int vector, int cause) {
        if (msix.isEnabled()) {
            msix.signal(vector);
        } else {
            isr |= cause;
            intx(true);
        }
    }

    private int validVector(int vector) {
        return vector < msix.vectors() ? vector : NO_VECTOR;
    }

    // ---- configuration space ---------------------------------------------------------------------------------------

    @Override
    protected void beforeConfigRead(int offset, int bytes) {
        if (touchesWindow(offset, bytes)) {
            int length = windowLength();
            if (length > 0) {
                config().put(pciCfg + CAPABILITY_DATA, Integer.BYTES, readBar(REGISTER_BAR, windowOffset(), length));
            }
        }
    }

    @Override
    protected void afterConfigWrite(int offset, int bytes) {
        msix.configWritten();
        if (touchesWindow(offset, bytes)) {
            int length = windowLength();
            if (length > 0) {
                writeBar(
                        REGISTER_BAR,
                        windowOffset(),
                        length,
                        Registers.truncate(config().get(pciCfg + CAPABILITY_DATA, Integer.BYTES), length));
            }
        }
    }

    /// {@return whether an access reaches the data of the window into the BARs}
    private boolean touchesWindow(int offset, int bytes) {
        int data = pciCfg + CAPABILITY_DATA;
        return offset < data + Integer.BYTES && offset + bytes > data;
    }

    private long windowOffset() {
        return config().get(pciCfg + CAPABILITY_OFFSET, Integer.BYTES);
    }

    /// {@return bytes of the access that the window is set to, 0 when that is none that a register has}
    private int windowLength() {
        long length = config().get(pciCfg + CAPABILITY_SIZE, Integer.BYTES);
        long offset = windowOffset();
        boolean valid = (length == 1 || length == 2 || length == 4)
                && (offset & length - 1) == 0
                && offset <= REGISTER_SIZE - length
                && config().get(pciCfg + CAPABILITY_BAR, 1) == REGISTER_BAR;
        return valid ? (int) length : 0;
    }

    // ---- registers -------------------------------------------------------------------------------------------------

    @Override
    public long readBar(int bar, long offset, int bytes) {
        if (bar == MSIX_BAR) {
            return msix.read(offset, bytes);
        }
        int at = (int) offset & BLOCK - 1;
        return switch ((int) offset & -BLOCK) {
            case COMMON -> readCommon(at, bytes);
            case ISR -> at == 0 ? takeIsr() : 0;
            case DEVICE -> Registers.readBytes(registers::configByte, at, bytes);
            default -> 0;
        };
    }

    private int takeIsr() {
        int was = isr;
        isr = 0;
        intx(false);
        return was;
    }

    private long readCommon(int at, int bytes) {
        if (bytes == Long.BYTES) {
            return readCommon(at, Integer.BYTES) | readCommon(at + Integer.BYTES, Integer.BYTES) << Integer.SIZE;
        }
        return Registers.part(commonWord(at & ~3), at, bytes);
    }

    private int commonWord(int at) {
        return switch (at) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect;
            case DEVICE_FEATURE -> registers.deviceFeatures(deviceFeatureSelect);
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect;
            case DRIVER_FEATURE -> registers.driverFeatures(driverFeatureSelect);
            case CONFIG_MSIX_VECTOR -> configVector | registers.queues() << Short.SIZE;
            case DEVICE_STATUS ->
                registers.status() | (registers.generation() & 0xff) << Byte.SIZE | queueSelect << Short.SIZE;
            case QUEUE_SIZE -> registers.size(queueSelect) | queueVector() << Short.SIZE;
            case QUEUE_ENABLE ->
                (registers.isReady(queueSelect) ? 1 : 0)
                        | (registers.hasQueue(queueSelect) ? queueSelect : 0) << Short.SIZE;
            default ->
                at >= QUEUE_DESC && at < QUEUE_AREAS_END
                        ? registers.address(queueSelect, (at - QUEUE_DESC) / Integer.BYTES)
                        : 0;
        };
    }

    private int queueVector() {
        return registers.hasQueue(queueSelect) ? queueVectors[queueSelect] : NO_VECTOR;
    }

    @Override
    public void writeBar(int bar, long offset, int bytes, long value) {
        if (bar == MSIX_BAR) {
            msix.write(offset, bytes, value);
            return;
        }
        int at = (int) offset & BLOCK - 1;
        switch ((int) offset & -BLOCK) {
            case COMMON -> writeCommon(at, bytes, value);
            case DEVICE -> Registers.writeBytes(registers::writeConfigByte, at, bytes, value);
            case NOTIFY -> registers.notifyQueue(at / NOTIFY_MULTIPLIER);
            default -> {
                // The interrupt status is read-only.
            }
        }
    }

    private void writeCommon(int at, int bytes, long value) {
        if (bytes == Long.BYTES) {
            writeCommon(at, Integer.BYTES, value);
            writeCommon(at + Integer.BYTES, Integer.BYTES, value >>> Integer.SIZE);
        } else if (bytes == Integer.BYTES && isWord(at)) {
            writeWord(at, (int) value);
        } else if (bytes == Integer.BYTES) {
            writeCommon(at, Short.BYTES, value);
            writeCommon(at + Short.BYTES, Short.BYTES, value >>> Short.SIZE);
        } else if (!isWord(at)) {
            writeHalf(at, (int) Registers.truncate(value, bytes));
        }
    }

    private static boolean isWord(int at) {
        return at < CONFIG_MSIX_VECTOR || (at >= QUEUE_DESC && at < QUEUE_AREAS_END);
    }

    private void writeWord(int at, int value) {
        switch (at) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = value;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect = value;
            case DRIVER_FEATURE -> registers.writeDriverFeatures(driverFeatureSelect, value);
            default -> {
                if (at >= QUEUE_DESC) {
                    registers.writeAddress(queueSelect, (at - QUEUE_DESC) / Integer.BYTES, value);
                }
            }
        }
    }

    private void writeHalf(int at, int value) {
        switch (at) {
            case CONFIG_MSIX_VECTOR -> configVector = validVector(value);
            case DEVICE_STATUS -> registers.writeStatus(value & 0xff);
            case QUEUE_SELECT -> queueSelect = value;
            case QUEUE_SIZE -> registers.writeSize(queueSelect, value);
            case QUEUE_MSIX_VECTOR -> {
                if (registers.hasQueue(queueSelect)) {
                    queueVectors[queueSelect] = validVector(value);
                }
            }
            case QUEUE_ENABLE -> {
                if (value == 1) {
                    registers.writeReady(queueSelect, true);
                }
            }
            case QUEUE_RESET -> {
                if (value == 1) {
                    registers.resetQueue(queueSelect);
                }
            }
            default -> {
                // Read-only and reserved fields.
            }
        }
    }
}
