package dev.ipanema.devices.pci;

import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.bus.Registers;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.Arrays;

/// MSI-X of a function: its capability, table and pending bits (PCI Local Bus Specification 3.0, section 6.8.2).
///
/// Table and pending bits lie in one BAR, by default the table at its start and the pending bits at [#PENDING]. As a
/// region of registers its offsets are those of that BAR; what is neither table nor pending bits reads as zero.
public final class MsiX implements MmioRegion {
    /// Bytes of a BAR with nothing else in it.
    public static final long SIZE = 0x1000;

    /// Offset of the pending bits in such a BAR.
    public static final int PENDING = 0x800;

    /// Most vectors that there can be.
    public static final int MAX_VECTORS = 64;

    private static final int CAPABILITY = 0x11;
    private static final int CAPABILITY_LENGTH = 12;
    private static final int CONTROL = 2;
    private static final int CONTROL_ENABLE = 1 << 15;
    private static final int CONTROL_MASK = 1 << 14;
    private static final int ENTRY = 16;
    private static final int ENTRY_DATA = 8;
    private static final int ENTRY_CONTROL = 12;
    private static final int ENTRY_MASKED = 1;

    /// Sends a message of the function.
    @FunctionalInterface
    public interface Sender {
        /// Sends one message.
        void send(long address, int data);
    }

    private final PciConfigSpace config;
    private final int capability;
    private final int vectors;
    private final Sender sender;
    private final byte[] table;
    private final int tableOffset;
    private final int pendingOffset;
    private long pending;

    /// Adds the capability to a function whose BAR holds nothing else.
    ///
    /// @param bar which BAR holds the table
    /// @param vectors 1 to [#MAX_VECTORS]
    public MsiX(PciConfigSpace config, int bar, int vectors, Sender sender) {
        this(config, bar, vectors, 0, PENDING, sender);
    }

    /// Adds the capability to a function.
    ///
    /// @param bar which BAR holds the table
    /// @param vectors 1 to [#MAX_VECTORS]
    /// @param tableOffset where in the BAR the table begins, a multiple of 8
    /// @param pendingOffset where in the BAR the pending bits are, a multiple of 8 outside the table
    public MsiX(PciConfigSpace config, int bar, int vectors, int tableOffset, int pendingOffset, Sender sender) {
        if (vectors < 1 || vectors > MAX_VECTORS) {
            throw new IllegalArgumentException("MSI-X has 1 to " + MAX_VECTORS + " vectors here, not " + vectors);
        }
        this.config = config;
        this.tableOffset = tableOffset;
        this.pendingOffset = pendingOffset;
        this.vectors = vectors;
        this.sender = sender;
        table = new byte[vectors * ENTRY];
        capability = config.addCapability(CAPABILITY, CAPABILITY_LENGTH);
        config.put(capability + CONTROL, Short.BYTES, vectors - 1);
        config.put(capability + 4, Integer.BYTES, tableOffset | bar);
        config.put(capability + 8, Integer.BYTES, pendingOffset | bar);
        config.makeWritable(capability + CONTROL, Short.BYTES, CONTROL_ENABLE | CONTROL_MASK);
        maskAll();
    }

    private void maskAll() {
        for (int i = 0; i < vectors; i++) {
            table[i * ENTRY + ENTRY_CONTROL] = ENTRY_MASKED;
        }
    }

    /// Takes table and pending bits back to what they are after power on; the capability is not touched.
    public void reset() {
        Arrays.fill(table, (byte) 0);
        maskAll();
        pending = 0;
    }

    private int control() {
        return (int) config.get(capability + CONTROL, Short.BYTES);
    }

    /// {@return whether the guest uses MSI-X instead of the pin}
    public boolean isEnabled() {
        return (control() & CONTROL_ENABLE) != 0;
    }

    /// {@return how many vectors there are}
    public int vectors() {
        return vectors;
    }

    /// Raises a vector: its message is sent, or it stays pending while it is masked. A vector that is not there or not
    /// enabled is ignored.
    public void signal(int vector) {
        if (vector >= 0 && vector < vectors && isEnabled()) {
            pending |= 1L << vector;
            sendPending();
        }
    }

    private void sendPending() {
        if ((control() & (CONTROL_ENABLE | CONTROL_MASK)) != CONTROL_ENABLE) {
            return;
        }
        for (int i = 0; i < vectors; i++) {
            int at = i * ENTRY;
            if ((pending >>> i & 1) != 0 && (table[at + ENTRY_CONTROL] & ENTRY_MASKED) == 0) {
                pending &= ~(1L << i);
                sender.send(LittleEndian.get64(table, at), LittleEndian.get32(table, at + ENTRY_DATA));
            }
        }
    }

    /// The guest has written the configuration space: what became unmasked is sent.
    public void configWritten() {
        if (!isEnabled()) {
            pending = 0;
        }
        sendPending();
    }

    /// {@return whether an access of the BAR reaches the table or the pending bits}
    public boolean holds(long offset, int bytes) {
        return isInside(offset - tableOffset, bytes, table.length)
                || isInside(offset - pendingOffset, bytes, Long.BYTES);
    }

    private static boolean isInside(long offset, int bytes, int size) {
        return offset >= 0 && offset <= size - bytes;
    }

    @Override
    public long read(long offset, int bytes) {
        long inPending = offset - pendingOffset;
        if (isInside(inPending, bytes, Long.BYTES)) {
            return Registers.truncate(pending >>> (Byte.SIZE * (int) inPending), bytes);
        }
        long inTable = offset - tableOffset;
        return isInside(inTable, bytes, table.length) ? Registers.readBytes(i -> table[i], (int) inTable, bytes) : 0;
    }

    @Override
    public void write(long offset, int bytes, long value) {
        long at = offset - tableOffset;
        // The specification allows accesses of four and eight bytes only.
        if (bytes < Integer.BYTES || !isInside(at, bytes, table.length)) {
            return;
        }
        Registers.writeBytes((i, bits) -> table[i] = (byte) bits, (int) at, bytes, value);
        // Only the mask bit of an entry's control exists.
        int control = (int) at / ENTRY * ENTRY + ENTRY_CONTROL;
        LittleEndian.put32(table, control, table[control] & ENTRY_MASKED);
        sendPending();
    }
}
