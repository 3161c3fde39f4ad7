package dev.ipanema.host.vfio;

import static dev.ipanema.devices.pci.PciConfig.COMMAND;
import static dev.ipanema.devices.pci.PciConfig.COMMAND_MEMORY;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.devices.pci.MsiXTable;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.devices.pci.PciFunction;
import dev.ipanema.devices.pci.PciSlot;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The MSI-X interrupts of a device in its user's hands, and the slot that the device is plugged into: the host
/// programs the device's own table with its doorbell and the number of the vector, and what arrives there goes to whom
/// the user named. What a device writes elsewhere, or a number that is no vector, is lost, as an ITS loses it.
///
/// The pin is not wired on this host.
///
/// Source: Linux 7.3 `drivers/vfio/pci/vfio_pci_intrs.c`; PCI Local Bus Specification 3.0, section 6.8.2.
final class MsixVectors implements PciSlot {
    /// GITS_TRANSLATER of the host: the address is this project's choice.
    static final long DOORBELL = 0x0809_0040L;

    private final PciFunction function;
    private final int capability;
    private final int count;
    private final int tableBar;
    private final int tableOffset;
    private final AtomicReferenceArray<@Nullable Runnable> triggers;
    private final Queue<Runnable> due = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Object deviceLock;
    private boolean enabled;

    /// @param capability offset of the MSI-X capability, 0 when there is none
    MsixVectors(PciFunction function, int capability) {
        this.function = function;
        this.capability = capability;
        if (capability == 0) {
            count = 0;
            tableBar = -1;
            tableOffset = 0;
        } else {
            count = ((int) function.readConfig(capability + PciConfig.MSIX_FLAGS, Short.BYTES)
                            & PciConfig.MSIX_FLAGS_QSIZE)
                    + 1;
            int table = (int) function.readConfig(capability + PciConfig.MSIX_TABLE, Integer.BYTES);
            tableBar = table & PciConfig.MSIX_BIR;
            tableOffset = table & ~PciConfig.MSIX_BIR;
        }
        triggers = new AtomicReferenceArray<>(count);
    }

    int count() {
        return count;
    }

    /// Says which lock is the device's. A trigger that comes while its thread holds that lock waits for
    /// [#runDue()]: what it reaches, an interrupt controller for example, may hold a lock of its own while it
    /// faults in the device's memory.
    void deviceLock(Object lock) {
        deviceLock = lock;
    }

    /// Runs the triggers that have waited; the device's lock is not held.
    void runDue() {
        for (Runnable trigger = due.poll(); trigger != null; trigger = due.poll()) {
            trigger.run();
        }
    }

    /// {@return the BAR that holds the table, -1 when there is none}
    int tableBar() {
        return tableBar;
    }

    long tableOffset() {
        return tableOffset;
    }

    long tableEnd() {
        return tableOffset + (long) count * MsiXTable.ENTRY;
    }

    /// {@return 0 or -EINVAL}
    synchronized int set(int start, List<? extends @Nullable Runnable> eventfds) {
        int size = eventfds.size();
        if (size == 0) {
            if (start != 0 || !enabled) {
                return Errno.EINVAL.negated();
            }
            disable();
            return 0;
        }
        if (start < 0 || start >= count || size > count - start) {
            return Errno.EINVAL.negated();
        }
        for (int i = 0; i < size; i++) {
            triggers.set(start + i, eventfds.get(i));
        }
        enabled = true;
        program(start, size);
        return 0;
    }

    /// Writes the device's table; its BAR answers while that is done, whatever the user made of it.
    private void program(int start, int size) {
        control(PciConfig.MSIX_FLAGS_ENABLE | PciConfig.MSIX_FLAGS_MASKALL);
        long command = function.readConfig(COMMAND, Short.BYTES);
        function.writeConfig(COMMAND, Short.BYTES, command | COMMAND_MEMORY);
        for (int i = start; i < start + size; i++) {
            long entry = tableOffset + (long) i * MsiXTable.ENTRY;
            function.writeBar(tableBar, entry, Integer.BYTES, DOORBELL);
            function.writeBar(tableBar, entry + Integer.BYTES, Integer.BYTES, 0);
            function.writeBar(tableBar, entry + MsiXTable.ENTRY_DATA, Integer.BYTES, i);
            function.writeBar(
                    tableBar,
                    entry + MsiXTable.ENTRY_CONTROL,
                    Integer.BYTES,
                    triggers.get(i) == null ? MsiXTable.ENTRY_MASKED : 0);
        }
        function.writeConfig(COMMAND, Short.BYTES, command);
        control(PciConfig.MSIX_FLAGS_ENABLE);
    }

    private void control(int bits) {
        function.writeConfig(capability + PciConfig.MSIX_FLAGS, Short.BYTES, bits);
    }

    /// Turns all off.
    synchronized void disable() {
        if (enabled) {
            enabled = false;
            for (int i = 0; i < count; i++) {
                triggers.set(i, null);
            }
            program(0, count);
            control(0);
            due.clear();
        }
    }

    /// The device was reset: its table is written again (`pci_restore_msi_state`).
    synchronized void restore() {
        if (enabled) {
            program(0, count);
        }
    }

    @Override
    public void msi(long address, int data) {
        Runnable trigger = address == DOORBELL && data >= 0 && data < count ? triggers.get(data) : null;
        Object lock = deviceLock;
        if (trigger != null && lock != null && Thread.holdsLock(lock)) {
            due.add(trigger);
        } else if (trigger != null) {
            trigger.run();
        }
    }

    @Override
    public void intx(boolean level) {
        // Not wired: the user sees a device without pin.
    }

    @Override
    public void barsChanged() {
        // The host's bus serves BARs where firmware put them.
    }
}
