package dev.ipanema.devices.gpu;

import dev.ipanema.devices.bus.Registers;
import dev.ipanema.devices.pci.EmulatedPciFunction;
import dev.ipanema.devices.pci.MsiX;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.devices.pci.PciConfigSpace;
import dev.ipanema.devices.pci.PciConfigSpace.BarKind;
import dev.ipanema.machine.memory.DmaPort;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/// A GPU with coherent memory as hardware on the host's PCI bus. Its memory (HBM) is RAM of the machine and not in
/// here; that a driver shows it as BAR 4 is that driver's doing.
///
/// <h2>Configuration space</h2>
/// Vendor [#VENDOR], a 3D controller; BAR0 with registers; BAR2 with an aperture of HBM, which is physically there in
/// every model; power management, PCI Express with function-level reset, and MSI-X. Models without the MIG bug have
/// NVIDIA's DVSEC 3 whose first bit says so; the CXL model has CXL's DVSEC for devices, whose range 1 tells whether
/// the memory is known and active (`drivers/vfio/pci/nvgrace-gpu/main.c`; Compute Express Link 3.1, section 8.1.3).
///
/// <h2>BAR0</h2>
/// | offset | |
/// |---|---|
/// | below 0x0300000 | [GpuBar0], and [#APERTURE] in it |
/// | [CopyEngine#BASE] | the copy engine |
/// | [#MEMORY_BASE], [#MEMORY_SIZE] | 64 bits each, read-only: where HBM is in physical addresses, and its bytes |
/// | [#MSIX_TABLE] | [#VECTORS] vectors |
/// | [#MSIX_PENDING] | their pending bits |
///
/// Registers may be accessed by any thread; configuration as [dev.ipanema.devices.pci.PciFunction] says.
public final class CoherentGpu extends EmulatedPciFunction {
    /// NVIDIA's PCI vendor id.
    public static final int VENDOR = 0x10de;

    /// The BAR of the registers.
    public static final int REGISTER_BAR = 0;

    /// The BAR of the aperture, which NVIDIA calls BAR1.
    public static final int APERTURE_BAR = 2;

    /// Bytes of BAR2.
    public static final long APERTURE_SIZE = 64L << 20;

    /// Offset in BAR0 of the register that moves the aperture: where in HBM it begins, in units of 64 KiB.
    public static final long APERTURE = 0x1704;

    /// Offset in BAR0 of the physical address of HBM.
    public static final long MEMORY_BASE = 0x10_0ce0;

    /// Offset in BAR0 of the size of HBM.
    public static final long MEMORY_SIZE = 0x10_0ce8;

    /// Offset in BAR0 of the MSI-X table.
    public static final int MSIX_TABLE = 0xb9_0000;

    /// Offset in BAR0 of the pending bits of MSI-X.
    public static final int MSIX_PENDING = 0xba_0000;

    /// MSI-X vectors.
    public static final int VECTORS = 8;

    /// Vendor of the DVSEC of a CXL device.
    public static final int CXL_VENDOR = 0x1e98;

    /// Id of the DVSEC of a CXL device.
    public static final int CXL_DVSEC = 0;

    /// Id of NVIDIA's DVSEC that tells about the MIG bug.
    public static final int NVIDIA_DVSEC = 3;

    private static final int CLASS_3D = 0x03_02_00;
    private static final int REVISION = 0xa1;
    private static final int APERTURE_SHIFT = 16;

    private static final int PM_LENGTH = 8;
    private static final int PM_VERSION = 3;
    private static final int PM_NO_SOFT_RESET = 1 << 3;

    private static final int EXPRESS_LENGTH = 60;
    private static final int EXPRESS_VERSION = 2;
    private static final int EXPRESS_DEVICE = 4;
    private static final int EXPRESS_ROLE_BASED = 1 << 15;
    private static final int EXPRESS_RESET_CAPABLE = 1 << 28;
    private static final int EXPRESS_CONTROL = 8;
    private static final int EXPRESS_CONTROL_WRITABLE = 0x7fff;
    private static final int EXPRESS_CONTROL_RESET = 1 << 15;

    private static final int DVSEC_LENGTH_SHIFT = 20;
    private static final int DVSEC_REVISION_SHIFT = 16;
    private static final int DVSEC_FIRST = 10;
    private static final int NVIDIA_DVSEC_LENGTH = 12;
    private static final int MIG_FIXED = 1;

    private static final int CXL_LENGTH = 0x3c;
    private static final int CXL_REVISION = 3;
    private static final int CXL_MEMORY_CAPABLE = 1 << 2;
    private static final int CXL_ONE_RANGE = 1 << 4;
    private static final int CXL_SIZE_HIGH = 0x18;
    private static final int CXL_SIZE_LOW = 0x1c;
    private static final int CXL_BASE_HIGH = 0x20;
    private static final int CXL_BASE_LOW = 0x24;
    private static final long CXL_LOW_MASK = 0xf000_0000L;

    /// In the low size of a CXL range: the memory is known.
    public static final int CXL_MEM_INFO_VALID = 1;

    /// In the low size of a CXL range: the memory may be used.
    public static final int CXL_MEM_ACTIVE = 1 << 1;

    private final GpuModel model;
    private final long hbmBase;
    private final long hbmSize;
    private final DmaPort systemMemory;
    private final DmaPort fabric;
    private final GpuBar0 registers;
    private final CopyEngine engine;
    private final MmioRegion bar0 = new Bar0();
    private final MmioRegion bar2 = new Aperture();
    private final int express;
    private final int cxl;
    private final PciConfigSpace.State powerOn;

    /// Also the lock of [#unsent] and of itself.
    private final MsiX msix;

    private final List<Message> unsent = new ArrayList<>();
    private int aperture;

    private record Message(long address, int data) {}

    /// @param hbmBase what its memory-info registers say
    /// @param hbmSize what its memory-info registers say
    /// @param systemMemory by I/O virtual address, through the IOMMU, which refuses what is not mapped
    /// @param fabric by raw physical address: only HBM answers
    /// @param executor runs the copy engine: a device thread, or the caller's own when runs must repeat
    public CoherentGpu(
            GpuModel model, long hbmBase, long hbmSize, DmaPort systemMemory, DmaPort fabric, Executor executor) {
        super(new PciConfigSpace(VENDOR, model.deviceId(), REVISION, CLASS_3D)
                .subsystem(VENDOR, model.deviceId())
                .bar(REGISTER_BAR, BarKind.MEMORY_32, GpuBar0.SIZE)
                .bar(APERTURE_BAR, BarKind.MEMORY_64_PREFETCHABLE, APERTURE_SIZE));
        this.model = model;
        this.hbmBase = hbmBase;
        this.hbmSize = hbmSize;
        this.systemMemory = systemMemory;
        this.fabric = fabric;
        this.registers = new GpuBar0(model.deviceId());
        this.engine = new CopyEngine(new EngineSurroundings(), executor);
        addPowerManagement();
        this.express = addExpress();
        this.msix = new MsiX(
                config(),
                REGISTER_BAR,
                VECTORS,
                MSIX_TABLE,
                MSIX_PENDING,
                (address, data) -> unsent.add(new Message(address, data)));
        this.cxl = model.hasCxl() ? addCxl() : -1;
        if (!model.hasMigBug()) {
            int at = addDvsec(VENDOR, NVIDIA_DVSEC, 0, NVIDIA_DVSEC_LENGTH);
            config().put(at + DVSEC_FIRST, Short.BYTES, MIG_FIXED);
        }
        this.powerOn = config().save();
    }

    private void addPowerManagement() {
        int at = config().addCapability(PciConfig.CAP_PM, PM_LENGTH);
        config().put(at + 2, Short.BYTES, PM_VERSION);
        config().put(at + PciConfig.PM_CTRL, Short.BYTES, PM_NO_SOFT_RESET);
        config().makeWritable(at + PciConfig.PM_CTRL, Short.BYTES, PciConfig.PM_CTRL_STATE_MASK);
    }

    private int addExpress() {
        int at = config().addCapability(PciConfig.CAP_EXPRESS, EXPRESS_LENGTH);
        config().put(at + 2, Short.BYTES, EXPRESS_VERSION);
        config().put(at + EXPRESS_DEVICE, Integer.BYTES, EXPRESS_ROLE_BASED | EXPRESS_RESET_CAPABLE);
        config().makeWritable(at + EXPRESS_CONTROL, Short.BYTES, EXPRESS_CONTROL_WRITABLE | EXPRESS_CONTROL_RESET);
        return at;
    }

    private int addDvsec(int vendor, int id, int revision, int length) {
        int at = config().addExtendedCapability(PciConfig.EXT_CAP_DVSEC, 1, length);
        config().put(
                        at + PciConfig.DVSEC_HEADER1,
                        Integer.BYTES,
                        vendor | revision << DVSEC_REVISION_SHIFT | (long) length << DVSEC_LENGTH_SHIFT);
        config().put(at + PciConfig.DVSEC_HEADER2, Short.BYTES, id);
        return at;
    }

    private int addCxl() {
        int at = addDvsec(CXL_VENDOR, CXL_DVSEC, CXL_REVISION, CXL_LENGTH);
        config().put(at + DVSEC_FIRST, Short.BYTES, CXL_MEMORY_CAPABLE | CXL_ONE_RANGE);
        config().put(at + CXL_SIZE_HIGH, Integer.BYTES, hbmSize >>> Integer.SIZE);
        config().put(at + CXL_SIZE_LOW, Integer.BYTES, hbmSize & CXL_LOW_MASK);
        config().put(at + CXL_BASE_HIGH, Integer.BYTES, hbmBase >>> Integer.SIZE);
        config().put(at + CXL_BASE_LOW, Integer.BYTES, hbmBase & CXL_LOW_MASK);
        return at;
    }

    /// {@return what kind of GPU it is}
    public GpuModel model() {
        return model;
    }

    /// {@return BAR0, as the bus serves it; its size is [GpuBar0#SIZE]}
    public MmioRegion bar0() {
        return bar0;
    }

    /// {@return BAR2, as the bus serves it; its size is [#APERTURE_SIZE]}
    public MmioRegion bar2() {
        return bar2;
    }

    /// {@return the plain registers of BAR0, whose state can be saved}
    public GpuBar0 registers() {
        return registers;
    }

    /// Sets whether the chip-to-chip link is up.
    public void setLink(boolean up) {
        GpuBar0.State now = registers.save();
        registers.setReady(up, now.trained());
    }

    /// Sets whether memory training is done.
    public void setTrained(boolean done) {
        GpuBar0.State now = registers.save();
        registers.setReady(now.linkUp(), done);
    }

    /// Does a function-level reset: the engine stops, configuration and registers are as after power on, and it takes
    /// [GpuBar0#READS_UNTIL_READY] looks until the memory is ready again.
    public void reset() {
        engine.reset();
        registers.reset();
        synchronized (msix) {
            msix.reset();
            unsent.clear();
            aperture = 0;
        }
        restoreConfig(powerOn);
    }

    // ---- interrupts ------------------------------------------------------------------------------------------------

    /// Changes MSI-X under its lock; what it sends meanwhile is sent when the lock is free, as the host bridge has
    /// locks of its own.
    private void withMsix(Runnable change) {
        List<Message> now;
        synchronized (msix) {
            change.run();
            now = List.copyOf(unsent);
            unsent.clear();
        }
        for (Message message : now) {
            msi(message.address(), message.data());
        }
    }

    // ---- configuration space ---------------------------------------------------------------------------------------

    @Override
    protected void beforeConfigRead(int offset, int bytes) {
        int low = cxl + CXL_SIZE_LOW;
        if (cxl < 0 || offset + bytes <= low || offset >= low + Integer.BYTES) {
            return;
        }
        boolean link = registers.lookAtLink();
        long state = (link ? CXL_MEM_INFO_VALID : 0) | (link && registers.lookAtTraining() ? CXL_MEM_ACTIVE : 0);
        config().put(low, Integer.BYTES, (hbmSize & CXL_LOW_MASK) | state);
    }

    @Override
    protected void afterConfigWrite(int offset, int bytes) {
        if ((config().get(express + EXPRESS_CONTROL, Short.BYTES) & EXPRESS_CONTROL_RESET) != 0) {
            reset();
        } else {
            withMsix(msix::configWritten);
        }
    }

    // ---- registers -------------------------------------------------------------------------------------------------

    @Override
    public long readBar(int bar, long offset, int bytes) {
        return switch (bar) {
            case REGISTER_BAR -> bar0.read(offset, bytes);
            case APERTURE_BAR -> bar2.read(offset, bytes);
            default -> Registers.truncate(-1, bytes);
        };
    }

    @Override
    public void writeBar(int bar, long offset, int bytes, long value) {
        if (bar == REGISTER_BAR) {
            bar0.write(offset, bytes, value);
        } else if (bar == APERTURE_BAR) {
            bar2.write(offset, bytes, value);
        }
    }

    private static boolean isEngine(long offset) {
        return offset >= CopyEngine.BASE && offset < CopyEngine.BASE + CopyEngine.SIZE;
    }

    private final class Bar0 implements MmioRegion {
        @Override
        public long read(long offset, int bytes) {
            if (isEngine(offset)) {
                return engine.read(offset - CopyEngine.BASE, bytes);
            }
            if (offset >= MEMORY_BASE && offset < MEMORY_SIZE + Long.BYTES) {
                long whole = offset < MEMORY_SIZE ? hbmBase : hbmSize;
                return Registers.truncate(whole >>> (Byte.SIZE * (offset & Long.BYTES - 1)), bytes);
            }
            synchronized (msix) {
                if (msix.holds(offset, bytes)) {
                    return msix.read(offset, bytes);
                }
                if (offset == APERTURE && bytes == Integer.BYTES) {
                    return Integer.toUnsignedLong(aperture);
                }
            }
            return registers.read(offset, bytes);
        }

        @Override
        public void write(long offset, int bytes, long value) {
            if (isEngine(offset)) {
                engine.write(offset - CopyEngine.BASE, bytes, value);
            } else if (offset >= MSIX_TABLE) {
                withMsix(() -> msix.write(offset, bytes, value));
            } else if (offset == APERTURE && bytes == Integer.BYTES) {
                synchronized (msix) {
                    aperture = (int) value;
                }
            } else {
                registers.write(offset, bytes, value);
            }
        }
    }

    private final class Aperture implements MmioRegion {
        private long address(long offset) {
            synchronized (msix) {
                long inMemory = (Integer.toUnsignedLong(aperture) << APERTURE_SHIFT) + offset;
                return inMemory <= hbmSize - Long.BYTES ? hbmBase + inMemory : -1;
            }
        }

        @Override
        public long read(long offset, int bytes) {
            long at = address(offset & -Long.BYTES);
            byte[] buffer = new byte[Long.BYTES];
            if (at == -1 || !fabric.read(at + (offset & Long.BYTES - 1), buffer, 0, bytes)) {
                return Registers.truncate(-1, bytes);
            }
            return Registers.readBytes(i -> buffer[i], 0, bytes);
        }

        @Override
        public void write(long offset, int bytes, long value) {
            long at = address(offset & -Long.BYTES);
            if (at != -1) {
                fabric.store(at + (offset & Long.BYTES - 1), bytes, value);
            }
        }
    }

    // ---- memory ----------------------------------------------------------------------------------------------------

    private final class EngineSurroundings implements CopyEngine.Surroundings {
        // RACE: the command register is bytes that the configuration's thread may be changing. What is asked for just
        // when bus mastering is switched is done or not, as on hardware.
        private boolean isMaster() {
            return (config().command() & PciConfig.COMMAND_MASTER) != 0;
        }

        @Override
        public CopyStatus read(boolean local, long address, byte[] to, int length) {
            if (!local && !isMaster()) {
                return CopyStatus.NO_MASTER;
            }
            return (local ? fabric : systemMemory).read(address, to, 0, length)
                    ? CopyStatus.DONE
                    : CopyStatus.NO_SOURCE;
        }

        @Override
        public CopyStatus write(boolean local, long address, byte[] from, int length) {
            if (!local && !isMaster()) {
                return CopyStatus.NO_MASTER;
            }
            return (local ? fabric : systemMemory).write(address, from, 0, length)
                    ? CopyStatus.DONE
                    : CopyStatus.NO_DESTINATION;
        }

        @Override
        public boolean store(long address, int bytes, long value) {
            return isMaster() && systemMemory.store(address, bytes, value);
        }

        @Override
        public void interrupt(int vector) {
            withMsix(() -> msix.signal(vector));
        }
    }
}
