package dev.ipanema.vmm.passthrough;

import dev.ipanema.devices.bus.Registers;
import dev.ipanema.devices.pci.MsiXTable;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.devices.pci.PciConfigSpace;
import dev.ipanema.devices.pci.PciFunction;
import dev.ipanema.devices.pci.PciSlot;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.vfio.VfioDevice;
import dev.ipanema.host.vfio.VfioUapi;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A device of the host on the guest's PCI bus. Its configuration space and BARs are the VFIO device's; what the VMM
/// adds is the MSI-X table, whose messages are the guest's and not the host's.
///
/// A BAR that can be mapped is reached without an exit where KVM has a slot for it; everything else comes here and goes
/// on to the device's file. Source: QEMU `hw/vfio/pci.c`, behaviour only.
final class VfioFunction implements PciFunction {
    private final OpenFunction open;
    private final VfioDevice device;
    private final byte[] buffer = new byte[Long.BYTES];
    private final int power;
    private final int msix;
    private final @Nullable MsiXTable table;
    private final int tableBar;
    private final long tableOffset;
    private final int pendingBar;
    private final long pendingOffset;
    private @Nullable PciSlot slot;
    private int control;
    private boolean triggered;

    /// Resets the device, so that it is as after power on.
    ///
    VfioFunction(OpenFunction open) {
        this.open = open;
        this.device = open.device();
        stop();
        device.reset();
        // The host's addresses are no business of the guest's.
        for (int bar = 0; bar < BARS; bar++) {
            write(
                    VfioUapi.VFIO_PCI_CONFIG_REGION_INDEX,
                    PciConfig.BASE_ADDRESS_0 + Integer.BYTES * bar,
                    Integer.BYTES,
                    0);
        }
        power = PciConfig.capability(this, PciConfig.CAP_PM);
        msix = PciConfig.capability(this, PciConfig.CAP_MSIX);
        if (msix == 0) {
            table = null;
            tableBar = -1;
            pendingBar = -1;
            tableOffset = 0;
            pendingOffset = 0;
            return;
        }
        int vectors = Math.min(
                        (int) config(msix + PciConfig.MSIX_FLAGS, Short.BYTES) & PciConfig.MSIX_FLAGS_QSIZE,
                        MsiXTable.MAX_VECTORS - 1)
                + 1;
        table = new MsiXTable(vectors, (address, data) -> slot().msi(address, data));
        int where = (int) config(msix + PciConfig.MSIX_TABLE, Integer.BYTES);
        tableBar = where & PciConfig.MSIX_BIR;
        tableOffset = where & ~PciConfig.MSIX_BIR;
        int pending = (int) config(msix + PciConfig.MSIX_PBA, Integer.BYTES);
        pendingBar = pending & PciConfig.MSIX_BIR;
        pendingOffset = pending & ~PciConfig.MSIX_BIR;
    }

    /// What the guest before a reset has left running ends before the device is reset, which keeps its configuration:
    /// an interrupt of its would reach a VM that is gone (`vfio_pci_pre_reset`).
    void stop() {
        device.setIrqs(VfioUapi.VFIO_PCI_MSIX_IRQ_INDEX, 0, List.of());
        long on = PciConfig.COMMAND_IO
                | PciConfig.COMMAND_MEMORY
                | PciConfig.COMMAND_MASTER
                | PciConfig.COMMAND_INTX_DISABLE;
        long rest = config(PciConfig.COMMAND, Short.BYTES) & ~on;
        write(VfioUapi.VFIO_PCI_CONFIG_REGION_INDEX, PciConfig.COMMAND, Short.BYTES, rest);
    }

    private PciSlot slot() {
        return Objects.requireNonNull(slot, "The function is in no slot yet");
    }

    @Override
    public void plugged(PciSlot where) {
        slot = where;
    }

    // ---- configuration space ---------------------------------------------------------------------------------------

    private long config(int offset, int bytes) {
        return read(VfioUapi.VFIO_PCI_CONFIG_REGION_INDEX, offset, bytes);
    }

    /// {@return what a region's file says; all ones when it refuses, as a bus without an answer reads}
    private long read(int region, long offset, int bytes) {
        long count = device.pread(VfioUapi.offsetOf(region) + offset, buffer, 0, bytes);
        return count == bytes ? Registers.readBytes(i -> buffer[i], 0, bytes) : Registers.truncate(-1, bytes);
    }

    private void write(int region, long offset, int bytes, long value) {
        Registers.writeBytes((at, bits) -> buffer[at] = (byte) bits, 0, bytes, value);
        // A write that the device refuses is lost, as on a bus without an answer.
        device.pwrite(VfioUapi.offsetOf(region) + offset, buffer, 0, bytes);
    }

    @Override
    public long readConfig(int offset, int bytes) {
        long value = config(offset, bytes);
        if (table != null) {
            // The host's own enable bits are no business of the guest's either.
            value = with(value, offset, bytes, msix + PciConfig.MSIX_FLAGS, table.vectors() - 1);
            value = with(value, offset, bytes, msix + PciConfig.MSIX_FLAGS + 1, control >>> Byte.SIZE);
        }
        // The pin is not wired: what the device has to say it says by messages.
        return with(value, offset, bytes, PciConfig.INTERRUPT_PIN, 0);
    }

    /// {@return a value that was read, with another byte at a register if it is part of it}
    private static long with(long value, int offset, int bytes, int register, long with) {
        int at = register - offset;
        if (at < 0 || at >= bytes) {
            return value;
        }
        int shift = Byte.SIZE * at;
        return (value & ~(0xffL << shift)) | (with & 0xff) << shift;
    }

    @Override
    public void writeConfig(int offset, int bytes, long value) {
        long before = placement();
        write(VfioUapi.VFIO_PCI_CONFIG_REGION_INDEX, offset, bytes, value);
        int high = msix + PciConfig.MSIX_FLAGS + 1 - offset;
        if (table != null && high >= 0 && high < bytes) {
            // The file takes no writes here: its user enables interrupts by an ioctl.
            control = (int) (value >>> (Byte.SIZE * high)) << Byte.SIZE
                    & (PciConfig.MSIX_FLAGS_ENABLE | PciConfig.MSIX_FLAGS_MASKALL);
            controlInterrupts(table);
        }
        if (placement() != before) {
            slot().barsChanged();
        }
    }

    private void controlInterrupts(MsiXTable vectors) {
        boolean enabled = (control & PciConfig.MSIX_FLAGS_ENABLE) != 0;
        vectors.control(enabled, (control & PciConfig.MSIX_FLAGS_MASKALL) != 0);
        if (enabled == triggered) {
            return;
        }
        triggered = enabled;
        List<Runnable> eventfds = new ArrayList<>();
        for (int i = 0; enabled && i < vectors.vectors(); i++) {
            int vector = i;
            eventfds.add(() -> vectors.signal(vector));
        }
        device.setIrqs(VfioUapi.VFIO_PCI_MSIX_IRQ_INDEX, 0, eventfds);
    }

    /// {@return a number that differs when a BAR has moved}
    private long placement() {
        long sum = 0;
        for (int bar = 0; bar < BARS; bar++) {
            sum = sum * 31 + barAddress(bar);
        }
        return sum;
    }

    @Override
    public long barAddress(int bar) {
        long size = barSize(bar);
        if (size == 0 || isUpperHalf(bar) || isSuspended()) {
            return NOWHERE;
        }
        int at = PciConfig.BASE_ADDRESS_0 + Integer.BYTES * bar;
        long low = config(at, Integer.BYTES);
        long high = PciConfigSpace.isWideBar(low) ? config(at + Integer.BYTES, Integer.BYTES) : 0;
        int command = (int) config(PciConfig.COMMAND, Short.BYTES);
        return PciConfigSpace.barAddress(command, low, high, size);
    }

    /// A device that the guest has put to sleep (D1 to D3hot) answers configuration accesses only; with
    /// its slots in place an access would be the end of the guest instead (SIGBUS, `KVM_RUN` -EFAULT).
    private boolean isSuspended() {
        return power != 0 && (config(power + PciConfig.PM_CTRL, Short.BYTES) & PciConfig.PM_CTRL_STATE_MASK) != 0;
    }

    private boolean isUpperHalf(int bar) {
        return bar > 0
                && barSize(bar - 1) != 0
                && !isUpperHalf(bar - 1)
                && PciConfigSpace.isWideBar(
                        config(PciConfig.BASE_ADDRESS_0 + Integer.BYTES * (bar - 1), Integer.BYTES));
    }

    @Override
    public long barSize(int bar) {
        return open.bar(bar).size();
    }

    @Override
    public Space barSpace(int bar) {
        return PciConfigSpace.isIoBar(config(PciConfig.BASE_ADDRESS_0 + Integer.BYTES * bar, Integer.BYTES))
                ? Space.IO
                : Space.MEMORY;
    }

    /// Gives a BAR an address before the guest has seen it; its decoding stays off.
    void preset(int bar, long address) {
        int at = PciConfig.BASE_ADDRESS_0 + Integer.BYTES * bar;
        write(VfioUapi.VFIO_PCI_CONFIG_REGION_INDEX, at, Integer.BYTES, address & 0xffff_ffffL);
        write(VfioUapi.VFIO_PCI_CONFIG_REGION_INDEX, at + Integer.BYTES, Integer.BYTES, address >>> Integer.SIZE);
    }

    // ---- BARs ------------------------------------------------------------------------------------------------------

    @Override
    public long readBar(int bar, long offset, int bytes) {
        if (table != null && bar == tableBar && isTable(table, offset)) {
            return table.read(offset - tableOffset, bytes);
        }
        if (table != null && bar == pendingBar && isPending(offset)) {
            return table.readPending(offset - pendingOffset, bytes);
        }
        return read(bar, offset, bytes);
    }

    @Override
    public void writeBar(int bar, long offset, int bytes, long value) {
        if (table != null && bar == tableBar && isTable(table, offset)) {
            table.write(offset - tableOffset, bytes, value);
        } else if (table == null || bar != pendingBar || !isPending(offset)) {
            write(bar, offset, bytes, value);
        }
    }

    private boolean isTable(MsiXTable vectors, long offset) {
        return offset >= tableOffset && offset < tableOffset + vectors.size();
    }

    private boolean isPending(long offset) {
        return offset >= pendingOffset && offset < pendingOffset + Long.BYTES;
    }

    /// {@return the mapped parts of its BARs where they answer now, without the pages of MSI-X, which always exit}
    ///
    /// @param isDecoded whether the bridge passes a range of addresses on
    List<MemorySlots.Wanted> windows(Passthrough.RangeTest isDecoded) {
        List<MemorySlots.Wanted> windows = new ArrayList<>();
        for (OpenFunction.Area area : open.areas()) {
            long bar = barAddress(area.bar());
            if (bar == NOWHERE || !isDecoded.test(bar, barSize(area.bar()))) {
                continue;
            }
            List<Range> parts = List.of(new Range(area.offset(), area.offset() + area.size()));
            if (table != null && area.bar() == tableBar) {
                parts = without(parts, tableOffset, tableOffset + table.size());
            }
            if (table != null && area.bar() == pendingBar) {
                parts = without(parts, pendingOffset, pendingOffset + Long.BYTES);
            }
            for (Range part : parts) {
                windows.add(new MemorySlots.Wanted(
                        device.bdf(),
                        "BAR " + area.bar(),
                        bar + part.from,
                        part.to - part.from,
                        area.hva() + part.from - area.offset()));
            }
        }
        return windows;
    }

    private record Range(long from, long to) {}

    private static List<Range> without(List<Range> ranges, long from, long to) {
        long hole = from & -AddressSpace.PAGE_SIZE;
        long holeEnd = (to + AddressSpace.PAGE_SIZE - 1) & -AddressSpace.PAGE_SIZE;
        List<Range> left = new ArrayList<>();
        for (Range range : ranges) {
            if (hole >= range.to || holeEnd <= range.from) {
                left.add(range);
                continue;
            }
            if (range.from < hole) {
                left.add(new Range(range.from, hole));
            }
            if (holeEnd < range.to) {
                left.add(new Range(holeEnd, range.to));
            }
        }
        return left;
    }

    /// {@return whether it is the guest's side of an open device}
    boolean belongsTo(OpenFunction function) {
        return open == function;
    }

    /// {@return its BARs, for reports}
    List<DeviceStatus.Bar> bars() {
        List<DeviceStatus.Bar> bars = new ArrayList<>();
        for (int bar = 0; bar < BARS; bar++) {
            int index = bar;
            long mapped = open.areas().stream()
                    .filter(area -> area.bar() == index)
                    .mapToLong(OpenFunction.Area::size)
                    .sum();
            if (barSize(bar) != 0) {
                bars.add(new DeviceStatus.Bar(bar, barSize(bar), mapped, barAddress(bar)));
            }
        }
        return bars;
    }
}
