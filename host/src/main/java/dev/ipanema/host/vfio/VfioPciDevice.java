package dev.ipanema.host.vfio;

import static dev.ipanema.host.vfio.VfioUapi.VFIO_DEVICE_FLAGS_PCI;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_DEVICE_FLAGS_RESET;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_DEVICE_RESET;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_IRQ_INFO_EVENTFD;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_IRQ_INFO_NORESIZE;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_PCI_BAR5_REGION_INDEX;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_PCI_CONFIG_REGION_INDEX;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_PCI_MSIX_IRQ_INDEX;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_PCI_NUM_IRQS;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_PCI_NUM_REGIONS;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_PCI_ROM_REGION_INDEX;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_PCI_VGA_REGION_INDEX;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_REGION_INFO_FLAG_CAPS;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_REGION_INFO_FLAG_MMAP;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_REGION_INFO_FLAG_READ;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_REGION_INFO_FLAG_WRITE;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.devices.pci.PciFunction;
import dev.ipanema.host.driver.DeviceMapping;
import dev.ipanema.host.driver.DeviceRegion;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.host.mm.VmOperations;
import dev.ipanema.host.mm.Vma;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A device as `vfio-pci` gives it away: its BARs, whose MSI-X table only `mmap` reaches, and a configuration space in
/// which the user cannot move them. A subclass is a variant driver.
///
/// The device's monitor [#memoryLock] is the kernel's `memory_lock`: who makes the device stop answering holds it
/// until no mapping is left, who makes a mapping holds it too.
///
/// Source: Linux 7.3 `drivers/vfio/pci/vfio_pci_core.c`, `vfio_pci_rdwr.c`.
class VfioPciDevice extends VfioDevice {
    private static final int FILLER = 0xff;

    final KernelMemory kernel;
    final PciFunction function;
    final Object memoryLock;

    private final PhysicalFunction hardware;
    private final MsixVectors msix;
    private final VfioConfigSpace config;
    private final String trouble;
    private final Runnable onClose;
    private boolean lowPower;
    private boolean closed;

    /// @param memoryLock see above
    /// @param trouble why a coherent GPU is given away as any device, empty when it is not so
    /// @param onClose called once
    VfioPciDevice(
            KernelMemory kernel,
            PhysicalFunction hardware,
            MsixVectors msix,
            Object memoryLock,
            String trouble,
            Runnable onClose) {
        this.kernel = kernel;
        this.hardware = hardware;
        this.function = hardware.function();
        this.msix = msix;
        this.memoryLock = memoryLock;
        msix.deviceLock(memoryLock);
        this.trouble = trouble;
        this.onClose = onClose;
        this.config = new VfioConfigSpace(function, new ConfigEffects());
    }

    private final class ConfigEffects implements VfioConfigSpace.Effects {
        @Override
        public void memoryGoesOff() {
            zap();
        }

        @Override
        public void functionLevelReset() {
            resetHardware();
        }
    }

    /// Readies the device for its user (`vfio_pci_core_enable`).
    final void enable() {
        synchronized (memoryLock) {
            long command = function.readConfig(PciConfig.COMMAND, Short.BYTES);
            long off = PciConfig.COMMAND_MASTER | PciConfig.COMMAND_INTX_DISABLE;
            function.writeConfig(PciConfig.COMMAND, Short.BYTES, (command & ~off) | PciConfig.COMMAND_MEMORY);
            config.init();
            resetHardware();
            opened();
        }
    }

    /// For a variant driver: the device is open.
    void opened() {}

    /// For a variant driver: the hardware was reset. The device's lock is held.
    void resetDone() {}

    /// For a variant driver: the device is no longer open.
    void released() {}

    @Override
    public final String name() {
        return "/dev/vfio/devices/" + bdf();
    }

    @Override
    public final String bdf() {
        return hardware.bdf();
    }

    @Override
    public String driver() {
        return "vfio-pci";
    }

    @Override
    public final String trouble() {
        return trouble;
    }

    // ---- what there is ---------------------------------------------------------------------------------------------

    @Override
    public final VfioDeviceInfo info() {
        return new VfioDeviceInfo(
                VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET, VFIO_PCI_NUM_REGIONS, VFIO_PCI_NUM_IRQS);
    }

    @Override
    public int regionInfo(int index, Consumer<VfioRegionInfo> to) {
        if (index < 0 || index >= VFIO_PCI_NUM_REGIONS || index == VFIO_PCI_VGA_REGION_INDEX) {
            return Errno.EINVAL.negated();
        }
        int readWrite = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
        long size = barSize(index);
        int flags = size == 0 ? 0 : readWrite;
        boolean msixMappable = false;
        if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
            size = PciConfig.SIZE;
            flags = readWrite;
        } else if (isMappable(index)) {
            msixMappable = index == msix.tableBar();
            flags |= VFIO_REGION_INFO_FLAG_MMAP | (msixMappable ? VFIO_REGION_INFO_FLAG_CAPS : 0);
        }
        to.accept(new VfioRegionInfo(index, flags, size, VfioUapi.offsetOf(index), List.of(), msixMappable));
        return 0;
    }

    private long barSize(int index) {
        return index <= VFIO_PCI_BAR5_REGION_INDEX ? function.barSize(index) : 0;
    }

    private boolean isMappable(int index) {
        return barSize(index) >= AddressSpace.PAGE_SIZE && hardware.barBases().containsKey(index);
    }

    @Override
    public final int irqInfo(int index, Consumer<VfioIrqInfo> to) {
        // The pin is not wired, MSI is not there where MSI-X is, and nobody reports errors.
        return switch (index) {
            case VFIO_PCI_MSIX_IRQ_INDEX -> {
                to.accept(new VfioIrqInfo(index, VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, msix.count()));
                yield 0;
            }
            case VfioUapi.VFIO_PCI_INTX_IRQ_INDEX, VfioUapi.VFIO_PCI_MSI_IRQ_INDEX, VfioUapi.VFIO_PCI_REQ_IRQ_INDEX -> {
                to.accept(new VfioIrqInfo(index, VFIO_IRQ_INFO_EVENTFD, 0));
                yield 0;
            }
            default -> Errno.EINVAL.negated();
        };
    }

    @Override
    public final int setIrqs(int index, int start, List<? extends @Nullable Runnable> eventfds) {
        try {
            synchronized (memoryLock) {
                if (closed) {
                    return Errno.EBADF.negated();
                }
                return index == VFIO_PCI_MSIX_IRQ_INDEX ? msix.set(start, eventfds) : Errno.EINVAL.negated();
            }
        } finally {
            msix.runDue();
        }
    }

    // ---- reading and writing ---------------------------------------------------------------------------------------

    @Override
    public final long pread(long offset, byte[] to, int at, int length) {
        return access(offset, to, at, length, false);
    }

    @Override
    public final long pwrite(long offset, byte[] from, int at, int length) {
        return access(offset, from, at, length, true);
    }

    private long access(long offset, byte[] buffer, int at, int length, boolean write) {
        Objects.checkFromIndexSize(at, length, buffer.length);
        long index = VfioUapi.indexOf(offset);
        if (offset < 0 || index >= VFIO_PCI_NUM_REGIONS) {
            return Errno.EINVAL.negated();
        }
        if (length == 0) {
            return 0;
        }
        try {
            int waited = beforeAccess((int) index, VfioUapi.inRegion(offset));
            if (waited != 0) {
                return waited;
            }
            return accessAwake((int) index, VfioUapi.inRegion(offset), buffer, at, length, write);
        } finally {
            msix.runDue();
        }
    }

    /// For a variant driver: a region is about to be read or written. What may take long and needs no lock is done
    /// here.
    ///
    /// @return 0 or a negated errno
    int beforeAccess(int index, long position) {
        return 0;
    }

    private long accessAwake(int index, long position, byte[] buffer, int at, int length, boolean write) {
        synchronized (memoryLock) {
            if (closed) {
                return Errno.EBADF.negated();
            }
            if (lowPower && function.readConfig(PciConfig.VENDOR, Short.BYTES) == 0xffff) {
                // It does not wake up (pm_runtime_resume_and_get).
                return Errno.EIO.negated();
            }
            return accessRegion(index, position, buffer, at, length, write);
        }
    }

    /// Reads or writes a region; the device's lock is held and the device awake.
    long accessRegion(int index, long position, byte[] buffer, int at, int length, boolean write) {
        if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
            return write ? config.write(position, buffer, at, length) : config.read(position, buffer, at, length);
        }
        long size = barSize(index);
        if (index >= VFIO_PCI_ROM_REGION_INDEX || position >= size) {
            return Errno.EINVAL.negated();
        }
        int count = (int) Math.min(length, size - position);
        for (int done = 0; done < count; ) {
            int bytes = accessBar(index, position + done, buffer, at + done, count - done, write);
            if (bytes < 0) {
                return bytes;
            }
            done += bytes;
        }
        return count;
    }

    /// One access of up to 8 bytes, or what lies in the MSI-X table, which is not for the user
    /// (`vfio_pci_core_do_io_rw`).
    private int accessBar(int index, long position, byte[] buffer, int at, int rest, boolean write) {
        long untilTable = Long.MAX_VALUE;
        if (index == msix.tableBar() && position < msix.tableEnd()) {
            untilTable = msix.tableOffset() - position;
        }
        if (untilTable <= 0) {
            int bytes = (int) Math.min(rest, msix.tableEnd() - position);
            if (!write) {
                Arrays.fill(buffer, at, at + bytes, (byte) FILLER);
            }
            return bytes;
        }
        long limit = Math.min(Math.min(rest, untilTable), Long.BYTES);
        int bytes = (int) Math.min(Long.highestOneBit(limit), position == 0 ? Long.BYTES : Long.lowestOneBit(position));
        if (!config.isMemoryEnabled()) {
            return Errno.EIO.negated();
        }
        if (write) {
            long value = 0;
            for (int i = 0; i < bytes; i++) {
                value |= (buffer[at + i] & 0xffL) << (Byte.SIZE * i);
            }
            function.writeBar(index, position, bytes, value);
        } else {
            long value = function.readBar(index, position, bytes);
            for (int i = 0; i < bytes; i++) {
                buffer[at + i] = (byte) (value >>> (Byte.SIZE * i));
            }
        }
        return bytes;
    }

    // ---- mapping ---------------------------------------------------------------------------------------------------

    /// @return 0; -EINVAL for a region that cannot be mapped, and what [DeviceMapping#mmap] says
    @Override
    public final int mmap(AddressSpace mm, Vma vma) {
        long offset = vma.pgoff() << HostPte.PAGE_SHIFT;
        long index = VfioUapi.indexOf(offset);
        synchronized (memoryLock) {
            DeviceMapping mapping = closed || offset < 0 || index >= VFIO_PCI_NUM_REGIONS ? null : mapping((int) index);
            return mapping == null ? Errno.EINVAL.negated() : mapping.mmap(mm, vma, VfioUapi.inRegion(offset));
        }
    }

    /// {@return how a region is mapped, null when it cannot be}
    @Nullable
    DeviceMapping mapping(int index) {
        Long base = hardware.barBases().get(index);
        if (base == null || !isMappable(index)) {
            return null;
        }
        return new DeviceMapping(DeviceRegion.Kind.BAR, base, barSize(index), false, this::isUsable, memoryLock);
    }

    /// {@return whether a fault may make a mapping; the device's lock is held}
    final boolean isUsable() {
        return !isSuspended() && config.isMemoryEnabled();
    }

    final boolean isSuspended() {
        return closed || lowPower;
    }

    final boolean isMemoryEnabled() {
        return config.isMemoryEnabled();
    }

    /// What was mapped at mmap has its PFN as page offset, which on real hosts lies above those of all regions.
    private void zap() {
        long end = VfioUapi.offsetOf(VFIO_PCI_ROM_REGION_INDEX);
        kernel.unmapMappingRange(this, 0, end, vma -> !VmOperations.NO_FAULT.equals(vma.ops()));
    }

    // ---- power, reset, end -----------------------------------------------------------------------------------------

    @Override
    public final void setLowPower(boolean low) {
        synchronized (memoryLock) {
            lowPower = low;
            if (low) {
                zap();
            }
        }
    }

    @Override
    public int reset() {
        try {
            synchronized (memoryLock) {
                if (closed) {
                    return Errno.EBADF.negated();
                }
                resetHardware();
                return 0;
            }
        } finally {
            msix.runDue();
        }
    }

    private void resetHardware() {
        zap();
        long[] saved = config.save();
        hardware.functionLevelReset().run();
        config.restore(saved);
        msix.restore();
        resetDone();
    }

    @Override
    public final int ioctl(int number) {
        return number == VFIO_DEVICE_RESET ? reset() : Errno.ENOTTY.negated();
    }

    @Override
    public final void attach(VfioContainer container) {
        synchronized (memoryLock) {
            if (!closed) {
                hardware.iommu().attach(container);
            }
        }
    }

    @Override
    public final void detach() {
        synchronized (memoryLock) {
            if (!closed) {
                hardware.iommu().attach(null);
            }
        }
    }

    @Override
    public final void close() {
        synchronized (memoryLock) {
            if (closed) {
                return;
            }
            released();
            msix.disable();
            long command = function.readConfig(PciConfig.COMMAND, Short.BYTES);
            function.writeConfig(PciConfig.COMMAND, Short.BYTES, command & ~(long) PciConfig.COMMAND_MASTER);
            detach();
            resetHardware();
            // Also what was mapped at mmap and stays through all else: who comes next has the device to himself.
            kernel.unmapMappingRange(this, 0, Long.MAX_VALUE & -AddressSpace.PAGE_SIZE);
            function.writeConfig(
                    PciConfig.COMMAND,
                    Short.BYTES,
                    command & ~(long) (PciConfig.COMMAND_MASTER | PciConfig.COMMAND_MEMORY));
            closed = true;
        }
        onClose.run();
    }
}
