package dev.ipanema.host.vfio;

import static dev.ipanema.devices.pci.PciConfig.BASE_ADDRESS_0;
import static dev.ipanema.devices.pci.PciConfig.BASE_ADDRESS_END;
import static dev.ipanema.devices.pci.PciConfig.COMMAND;
import static dev.ipanema.devices.pci.PciConfig.COMMAND_IO;
import static dev.ipanema.devices.pci.PciConfig.COMMAND_MEMORY;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.bus.Registers;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.devices.pci.PciFunction;
import java.util.Arrays;
import java.util.Set;

/// The configuration space that the user of a device sees: of each bit a mask says whether it is the device's own or a
/// copy of the user's, and whether it can be written.
///
/// | what | reads | writes |
/// |---|---|---|
/// | BARs, ROM | the user's value, cut to the BAR's size, with its type | the user's |
/// | command | the device's; INTx disable the user's | the device's; memory off removes all mappings first |
/// | interrupt line | the user's | the user's |
/// | interrupt pin | 0: the pin is not wired | – |
/// | cache line, latency timer, BIST | the device's | the device's |
/// | the rest of the header, MSI-X and other capabilities | the device's | – |
/// | power management | the device's, without PME | state; D3hot is memory off |
/// | PCI Express device control | the device's; payload and read request sizes the user's | the same; its FLR bit
/// resets the device by way of the host |
/// | vendor capabilities, DVSECs, gaps | the device's | the device's |
/// | capabilities that Linux hides, and the header of those extended ones | not in the list | – |
///
/// Not thread-safe: the device's lock is held.
///
/// Source: Linux 7.3 `drivers/vfio/pci/vfio_pci_config.c`.
final class VfioConfigSpace {
    private static final int ALL = 0xff;
    private static final int BARS = PciFunction.BARS;
    private static final int PM_D3HOT = 3;
    private static final int PM_PME_CAPABILITY = 0xf8;
    private static final int PM_PME_CONTROL_HIGH = 0x81;
    private static final int PM_LENGTH = 8;
    private static final int EXPRESS_DEVICE_CAPABILITY = 4;
    private static final long EXPRESS_FLR_CAPABLE = 1 << 28;
    private static final int EXPRESS_CONTROL = 8;
    private static final int EXPRESS_FLR_HIGH = 0x80;
    private static final int EXPRESS_CONTROL_2 = 0x28;
    private static final int EXPRESS_LENGTH = 44;
    private static final int MSIX_LENGTH = 12;
    private static final int LARGEST_HEADER = 8;

    /// Standard capabilities that Linux knows the length of: PM, AGP, VPD, slot id, MSI, PCI-X, HyperTransport, vendor,
    /// PCI Express, MSI-X, SATA, advanced features.
    private static final Set<Integer> VISIBLE =
            Set.of(0x01, 0x02, 0x03, 0x04, 0x05, 0x07, 0x08, 0x09, 0x10, 0x11, 0x12, 0x13);

    /// Extended capabilities that it knows: errors, VC, serial number, power budget, root complex, vendor, ACS, ATS
    /// off,
    /// multicast, DPA, TPH, LTR, DVSEC.
    private static final Set<Integer> VISIBLE_EXTENDED =
            Set.of(0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x0d, 0x12, 0x16, 0x17, 0x18, 0x23);

    /// What the device does when its user asks for it here.
    interface Effects {
        /// Memory decoding is about to end: no mapping may remain.
        void memoryGoesOff();

        /// The user wrote the bit of a function-level reset.
        void functionLevelReset();
    }

    private final PciFunction function;
    private final Effects effects;
    private final byte[] values = new byte[PciConfig.SIZE];
    private final byte[] virtual = new byte[PciConfig.SIZE];
    private final byte[] writable = new byte[PciConfig.SIZE];
    private final long[] realBars = new long[BARS];
    private int powerManagement;
    private int express;

    VfioConfigSpace(PciFunction function, Effects effects) {
        this.function = function;
        this.effects = effects;
    }

    /// Takes over the device's configuration, at open (`vfio_config_init`).
    void init() {
        Arrays.fill(virtual, (byte) 0);
        // What belongs to no capability is the device's own, both ways.
        Arrays.fill(writable, (byte) ALL);
        Arrays.fill(writable, 0, PciConfig.HEADER, (byte) 0);
        for (int at = 0; at < PciConfig.SIZE; at += Integer.BYTES) {
            putValue(at, function.readConfig(at, Integer.BYTES));
        }
        for (int i = 0; i < BARS; i++) {
            realBars[i] = function.readConfig(BASE_ADDRESS_0 + Integer.BYTES * i, Integer.BYTES);
        }
        initHeader();
        initCapabilities();
        initExtended();
    }

    private void putValue(int at, long dword) {
        LittleEndian.put32(values, at, (int) dword);
    }

    private void mask(int at, int bytes, int virtualBits, int writableBits) {
        Arrays.fill(virtual, at, at + bytes, (byte) virtualBits);
        Arrays.fill(writable, at, at + bytes, (byte) writableBits);
    }

    private void initHeader() {
        mask(PciConfig.VENDOR, Integer.BYTES, ALL, 0);
        mask(COMMAND, Short.BYTES, 0, ALL);
        virtual[COMMAND + 1] = (byte) (PciConfig.COMMAND_INTX_DISABLE >>> Byte.SIZE);
        values[COMMAND + 1] &= (byte) ~(PciConfig.COMMAND_INTX_DISABLE >>> Byte.SIZE);
        virtual[PciConfig.STATUS] = (byte) PciConfig.STATUS_CAP_LIST;
        mask(PciConfig.CACHE_LINE_SIZE, 1, 0, ALL);
        mask(PciConfig.LATENCY_TIMER, 1, 0, ALL);
        mask(PciConfig.BIST, 1, 0, ALL);
        mask(BASE_ADDRESS_0, Integer.BYTES * BARS, ALL, ALL);
        mask(PciConfig.ROM_ADDRESS, Integer.BYTES, ALL, ALL);
        mask(PciConfig.CAPABILITY_LIST, 1, ALL, 0);
        mask(PciConfig.INTERRUPT_LINE, 1, ALL, ALL);
        mask(PciConfig.INTERRUPT_PIN, 1, ALL, 0);
        values[PciConfig.INTERRUPT_PIN] = 0;
    }

    private void initCapabilities() {
        powerManagement = 0;
        express = 0;
        int pointer = PciConfig.CAPABILITY_LIST;
        values[pointer] = 0;
        int at = PciConfig.firstCapability(function);
        boolean[] seen = new boolean[PciConfig.LEGACY_SIZE];
        while (at != 0 && !seen[at]) {
            seen[at] = true;
            int id = values[at] & ALL;
            if (VISIBLE.contains(id)) {
                values[pointer] = (byte) at;
                pointer = at + 1;
                initCapability(id, at);
                mask(at, 2, ALL, 0);
                values[pointer] = 0;
            }
            at = PciConfig.nextCapability(function, at);
        }
    }

    private void initCapability(int id, int at) {
        switch (id) {
            case PciConfig.CAP_PM -> {
                readOnly(at, PM_LENGTH);
                powerManagement = at;
                virtual[at + 3] = (byte) PM_PME_CAPABILITY;
                values[at + 3] &= (byte) ~PM_PME_CAPABILITY;
                mask(at + PciConfig.PM_CTRL, Short.BYTES, 0, ALL);
                virtual[at + PciConfig.PM_CTRL + 1] = (byte) PM_PME_CONTROL_HIGH;
                values[at + PciConfig.PM_CTRL + 1] &= (byte) ~PM_PME_CONTROL_HIGH;
            }
            case PciConfig.CAP_EXPRESS -> {
                readOnly(at, EXPRESS_LENGTH);
                express = at;
                mask(at + EXPRESS_CONTROL, Short.BYTES, 0, ALL);
                // Maximum payload, maximum read request and the reset; phantom functions stay off.
                virtual[at + EXPRESS_CONTROL] = (byte) 0xe0;
                virtual[at + EXPRESS_CONTROL + 1] = (byte) 0xf0;
                writable[at + EXPRESS_CONTROL + 1] = (byte) ~2;
                mask(at + EXPRESS_CONTROL_2, Short.BYTES, 0, ALL);
                writable[at + EXPRESS_CONTROL_2] = (byte) ~0x20;
            }
            case PciConfig.CAP_VENDOR -> mask(at, 2, ALL, 0);
            default -> readOnly(at, id == PciConfig.CAP_MSIX ? MSIX_LENGTH : LARGEST_HEADER);
        }
    }

    private void readOnly(int at, int length) {
        mask(at, Math.min(length, PciConfig.LEGACY_SIZE - at), 0, 0);
    }

    private void initExtended() {
        boolean[] seen = new boolean[PciConfig.SIZE];
        int at = PciConfig.LEGACY_SIZE;
        while (at != 0 && at <= PciConfig.SIZE - Integer.BYTES && !seen[at]) {
            seen[at] = true;
            long header = function.readConfig(at, Integer.BYTES);
            int next = PciConfig.nextExtended(header);
            int id = (int) (header & 0xffff);
            mask(at, Integer.BYTES, ALL, 0);
            if (!VISIBLE_EXTENDED.contains(id)) {
                putValue(at, (long) next << 20);
            }
            at = next;
        }
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    /// {@return how many bytes, or -EFAULT outside}
    long read(long position, byte[] to, int at, int length) {
        if (length > PciConfig.SIZE - position) {
            return Errno.EFAULT.negated();
        }
        int done = 0;
        while (done < length) {
            int pos = (int) position + done;
            int bytes = chunk(pos, length - done);
            long value = readChunk(pos, bytes);
            Registers.writeBytes((where, bits) -> to[where] = (byte) bits, at + done, bytes, value);
            done += bytes;
        }
        return length;
    }

    private static int chunk(int pos, int rest) {
        int aligned = pos == 0 ? Integer.BYTES : Math.min(Integer.BYTES, Integer.lowestOneBit(pos));
        return Math.min(aligned, Integer.highestOneBit(rest));
    }

    private long readChunk(int pos, int bytes) {
        if ((pos >= BASE_ADDRESS_0 && pos < BASE_ADDRESS_END)
                || (pos >= PciConfig.ROM_ADDRESS && pos < PciConfig.CAPABILITY_LIST)) {
            fixBars();
        }
        long real = function.readConfig(pos, bytes);
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            int ours = virtual[pos + i] & ALL;
            long one = (real >>> (Byte.SIZE * i) & ALL & ~ours) | (values[pos + i] & ours);
            value |= one << (Byte.SIZE * i);
        }
        return value;
    }

    /// What was written to a BAR becomes what a BAR of its size and type holds (`vfio_bar_fixup`).
    private void fixBars() {
        for (int i = 0; i < BARS; i++) {
            int at = BASE_ADDRESS_0 + Integer.BYTES * i;
            long size = function.barSize(i);
            if (size == 0) {
                putValue(at, 0);
                continue;
            }
            long flags = realBars[i] & PciConfig.BAR_FLAGS;
            putValue(at, (value(at) & -size & ~(long) PciConfig.BAR_FLAGS) | flags);
            if ((flags & PciConfig.BAR_64) != 0 && i + 1 < BARS) {
                putValue(at + Integer.BYTES, value(at + Integer.BYTES) & -size >>> Integer.SIZE);
                i++;
            }
        }
        putValue(PciConfig.ROM_ADDRESS, 0);
    }

    private long value(int at) {
        return LittleEndian.getU32(values, at);
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    /// {@return how many bytes, or -EFAULT outside}
    long write(long position, byte[] from, int at, int length) {
        if (length > PciConfig.SIZE - position) {
            return Errno.EFAULT.negated();
        }
        int done = 0;
        while (done < length) {
            int pos = (int) position + done;
            int bytes = chunk(pos, length - done);
            long value = Registers.readBytes(where -> from[where], at + done, bytes);
            writeChunk(pos, bytes, value);
            done += bytes;
        }
        return length;
    }

    private void writeChunk(int pos, int bytes, long value) {
        boolean command = pos <= COMMAND && pos + bytes > COMMAND;
        if (command) {
            beforeCommand((int) (value >>> (Byte.SIZE * (COMMAND - pos))));
        }
        boolean power = powerManagement != 0 && covers(pos, bytes, powerManagement + PciConfig.PM_CTRL);
        if (power
                && (value >>> (Byte.SIZE * (powerManagement + PciConfig.PM_CTRL - pos)) & PciConfig.PM_CTRL_STATE_MASK)
                        == PM_D3HOT) {
            effects.memoryGoesOff();
        }
        store(pos, bytes, value);
        if (command) {
            // Kept to recognise a reset that nobody told us of.
            int decode = COMMAND_IO | COMMAND_MEMORY;
            int written = (int) (value >>> (Byte.SIZE * (COMMAND - pos)));
            values[COMMAND] = (byte) ((values[COMMAND] & ~decode) | (written & decode));
        }
        if (express != 0 && covers(pos, bytes, express + EXPRESS_CONTROL + 1)) {
            afterDeviceControl();
        }
    }

    private static boolean covers(int pos, int bytes, int at) {
        return pos <= at && at < pos + bytes;
    }

    private void store(int pos, int bytes, long value) {
        long toDevice = 0;
        for (int i = 0; i < bytes; i++) {
            int can = writable[pos + i] & ALL;
            int ours = can & virtual[pos + i] & ALL;
            values[pos + i] = (byte) ((values[pos + i] & ~ours) | ((int) (value >>> (Byte.SIZE * i)) & ours));
            toDevice |= (long) (can & ~virtual[pos + i] & ALL) << (Byte.SIZE * i);
        }
        if (toDevice != 0) {
            long real = function.readConfig(pos, bytes);
            function.writeConfig(pos, bytes, (real & ~toDevice) | (value & toDevice));
        }
    }

    private void beforeCommand(int written) {
        boolean memory = (written & COMMAND_MEMORY) != 0;
        if (!memory) {
            effects.memoryGoesOff();
            return;
        }
        boolean wasOn = (values[COMMAND] & COMMAND_MEMORY) != 0;
        if (wasOn && !isDecoding()) {
            restoreBars();
        }
    }

    private void restoreBars() {
        for (int i = 0; i < BARS; i++) {
            function.writeConfig(BASE_ADDRESS_0 + Integer.BYTES * i, Integer.BYTES, realBars[i]);
        }
    }

    private void afterDeviceControl() {
        int high = express + EXPRESS_CONTROL + 1;
        if ((values[high] & EXPRESS_FLR_HIGH) != 0) {
            values[high] &= (byte) ~EXPRESS_FLR_HIGH;
            long capability = function.readConfig(express + EXPRESS_DEVICE_CAPABILITY, Integer.BYTES);
            if ((capability & EXPRESS_FLR_CAPABLE) != 0) {
                effects.functionLevelReset();
            }
        }
    }

    // ---- the device's state ----------------------------------------------------------------------------------------

    private boolean isDecoding() {
        return (function.readConfig(COMMAND, Short.BYTES) & COMMAND_MEMORY) != 0;
    }

    /// {@return whether the device answers to memory accesses (`__vfio_pci_memory_enabled`)}
    boolean isMemoryEnabled() {
        boolean d3 = powerManagement != 0
                && (function.readConfig(powerManagement + PciConfig.PM_CTRL, 1) & PciConfig.PM_CTRL_STATE_MASK)
                        == PM_D3HOT;
        return !d3 && isDecoding();
    }

    /// {@return what a reset loses}
    long[] save() {
        long[] header = new long[PciConfig.HEADER / Integer.BYTES + 1];
        for (int i = 0; i < header.length - 1; i++) {
            header[i] = function.readConfig(i * Integer.BYTES, Integer.BYTES);
        }
        header[header.length - 1] = express == 0 ? 0 : function.readConfig(express + EXPRESS_CONTROL, Short.BYTES);
        return header;
    }

    /// Gives a device that was reset its configuration back (`pci_restore_state`), BARs before they are switched on.
    void restore(long[] saved) {
        if (express != 0) {
            function.writeConfig(
                    express + EXPRESS_CONTROL, Short.BYTES, saved[saved.length - 1] & ~(EXPRESS_FLR_HIGH << Byte.SIZE));
        }
        for (int i = saved.length - 2; i > 0; i--) {
            function.writeConfig(i * Integer.BYTES, Integer.BYTES, saved[i]);
        }
    }
}
