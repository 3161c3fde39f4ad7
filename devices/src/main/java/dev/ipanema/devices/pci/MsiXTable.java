package dev.ipanema.devices.pci;

import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.bus.Registers;
import java.util.Arrays;

/// The vectors of MSI-X with their pending bits (PCI Local Bus Specification 3.0, section 6.8.2), wherever a function
/// keeps them and whoever owns the capability that enables them.
///
/// Any thread may signal a vector; the sender is called under this object's monitor and must not wait for anybody.
public final class MsiXTable {
    /// Bytes of an entry.
    public static final int ENTRY = 16;

    /// Most vectors that there can be here.
    public static final int MAX_VECTORS = 64;

    /// Offset of the message's data in an entry; its address is before.
    public static final int ENTRY_DATA = 8;

    /// Offset of the vector's control in an entry.
    public static final int ENTRY_CONTROL = 12;

    /// Vector's control: nothing is sent.
    public static final int ENTRY_MASKED = 1;

    /// Sends a message of the function.
    @FunctionalInterface
    public interface Sender {
        /// Sends one message.
        void send(long address, int data);
    }

    private final int vectors;
    private final Sender sender;
    private final byte[] table;
    private long pending;
    private boolean enabled;
    private boolean masked;

    /// @param vectors 1 to [#MAX_VECTORS]
    public MsiXTable(int vectors, Sender sender) {
        if (vectors < 1 || vectors > MAX_VECTORS) {
            throw new IllegalArgumentException("MSI-X has 1 to " + MAX_VECTORS + " vectors here, not " + vectors);
        }
        this.vectors = vectors;
        this.sender = sender;
        table = new byte[vectors * ENTRY];
        reset();
    }

    /// Takes everything back to what it is after power on: all vectors masked, none pending, the whole disabled.
    public synchronized void reset() {
        Arrays.fill(table, (byte) 0);
        for (int i = 0; i < vectors; i++) {
            table[i * ENTRY + ENTRY_CONTROL] = ENTRY_MASKED;
        }
        pending = 0;
        enabled = false;
        masked = false;
    }

    /// {@return how many vectors there are}
    public int vectors() {
        return vectors;
    }

    /// {@return bytes of the table}
    public int size() {
        return table.length;
    }

    /// Takes what the capability's control register says; what became unmasked is sent.
    public synchronized void control(boolean isEnabled, boolean isMasked) {
        enabled = isEnabled;
        masked = isMasked;
        if (!enabled) {
            pending = 0;
        }
        sendPending();
    }

    /// Raises a vector: its message is sent, or it stays pending while it is masked. A vector that is not there or not
    /// enabled is ignored.
    public synchronized void signal(int vector) {
        if (vector >= 0 && vector < vectors && enabled) {
            pending |= 1L << vector;
            sendPending();
        }
    }

    private void sendPending() {
        if (!enabled || masked) {
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

    /// {@return whether an access lies in a table or in pending bits that begin at 0}
    private static boolean isInside(long offset, int bytes, int size) {
        return offset >= 0 && offset <= size - bytes;
    }

    /// Reads the table; 0 outside of it.
    public synchronized long read(long offset, int bytes) {
        return isInside(offset, bytes, table.length) ? Registers.readBytes(i -> table[i], (int) offset, bytes) : 0;
    }

    /// Writes the table; the specification allows accesses of four and eight bytes only.
    public synchronized void write(long offset, int bytes, long value) {
        if (bytes < Integer.BYTES || !isInside(offset, bytes, table.length)) {
            return;
        }
        Registers.writeBytes((i, bits) -> table[i] = (byte) bits, (int) offset, bytes, value);
        // Only the mask bit of an entry's control exists.
        int control = (int) offset / ENTRY * ENTRY + ENTRY_CONTROL;
        LittleEndian.put32(table, control, table[control] & ENTRY_MASKED);
        sendPending();
    }

    /// Reads the pending bits; 0 outside of them.
    public synchronized long readPending(long offset, int bytes) {
        return isInside(offset, bytes, Long.BYTES)
                ? Registers.truncate(pending >>> (Byte.SIZE * (int) offset), bytes)
                : 0;
    }
}
