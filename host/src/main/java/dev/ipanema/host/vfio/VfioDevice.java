package dev.ipanema.host.vfio;

import dev.ipanema.host.mm.MappableFile;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// An open VFIO device: the file descriptor with its ioctls, as methods that answer what the system call
/// answers, 0 or a count or a negated errno. No argument makes a method throw, save an array that is too
/// short for what is asked of it.
///
/// A region lies in the file at [VfioUapi#offsetOf(int)]. Thread-safe.
///
/// Source: Linux 7.3 `drivers/vfio/vfio_main.c`, `drivers/vfio/pci/vfio_pci_core.c`.
public abstract class VfioDevice implements MappableFile, AutoCloseable {
    /// For the drivers of this package.
    VfioDevice() {}

    /// {@return where the device is on the host's PCI bus, as `0000:01:00.0`}
    public abstract String bdf();

    /// {@return the host's driver: `nvgrace-gpu` or `vfio-pci`}
    public abstract String driver();

    /// {@return in one sentence why the device has no coherent memory in its BARs; empty when it has}
    public abstract String trouble();

    /// {@return what `VFIO_DEVICE_GET_INFO` answers}
    public abstract VfioDeviceInfo info();

    /// `VFIO_DEVICE_GET_REGION_INFO`.
    ///
    /// @param to is given the answer when the result is 0
    /// @return 0, or -EINVAL for a region that does not exist
    public abstract int regionInfo(int index, Consumer<VfioRegionInfo> to);

    /// `VFIO_DEVICE_GET_IRQ_INFO`.
    ///
    /// @param to is given the answer when the result is 0
    /// @return 0, or -EINVAL for a kind that does not exist
    public abstract int irqInfo(int index, Consumer<VfioIrqInfo> to);

    /// `VFIO_DEVICE_SET_IRQS` with `VFIO_IRQ_SET_ACTION_TRIGGER`: says who is to be called when interrupts
    /// arrive. The first call for MSI or MSI-X enables them, an empty list with start 0 disables all of the
    /// kind.
    ///
    /// @param start number of the first interrupt
    /// @param eventfds called on any thread, never under the device's lock; null de-assigns
    /// @return 0; -EINVAL for interrupts that do not exist, or while interrupts of another kind are enabled
    public abstract int setIrqs(int index, int start, List<? extends @Nullable Runnable> eventfds);

    /// Reads from the file.
    ///
    /// @return how many bytes were read, or a negated errno
    public abstract long pread(long offset, byte[] to, int at, int length);

    /// Writes to the file.
    ///
    /// @return how many bytes were written, or a negated errno
    public abstract long pwrite(long offset, byte[] from, int at, int length);

    /// `VFIO_DEVICE_RESET`.
    ///
    /// @return 0 or a negated errno
    public abstract int reset();

    /// Any other ioctl without argument or with one that nobody looks at.
    ///
    /// @param number `VFIO_DEVICE_*` of [VfioUapi], or anything
    /// @return 0 or a negated errno, -ENOTTY for what there is not
    public abstract int ioctl(int number);

    /// Lets the device reach the memory of a container instead of none or another's
    /// (`VFIO_DEVICE_ATTACH_IOMMUFD_PT`).
    public abstract void attach(VfioContainer container);

    /// Takes the device's memory away; from now on the IOMMU refuses all it does
    /// (`VFIO_DEVICE_DETACH_IOMMUFD_PT`).
    public abstract void detach();

    /// Says that the device may be suspended while nobody uses it (`VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY`,
    /// `_EXIT`): all mappings go, and until then accesses to them are SIGBUS.
    public abstract void setLowPower(boolean low);

    /// Closes the device: interrupts off, memory detached, mappings gone, the device reset.
    @Override
    public abstract void close();
}
