package dev.ipanema.devices.flash;

import dev.ipanema.devices.bus.Registers;
import dev.ipanema.machine.memory.DmaPort;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.Arrays;

/// A bank of flash with the Intel command set: two 16-bit devices side by side, 64 MiB in blocks of 256 KiB, as QEMU's
/// `virt` has two of.
///
/// In read-array mode a guest executes from it, so its owner maps the contents as read-only memory then; writes always
/// come here, and reads do in the other modes. A programmed bit can only change from 1 to 0, an erased block is all
/// ones, and every command completes at once.
///
/// Sources: Common Flash Interface (JESD68.01), Intel StrataFlash P30 datasheet (commands, status register); the
/// geometry and the CFI answers are those of QEMU's `virt`.
public final class CfiFlash implements MmioRegion {
    /// Bytes of a bank.
    public static final long SIZE = 64L << 20;

    /// Bytes of a block that is erased as a whole, in both devices together.
    public static final int BLOCK = 256 << 10;

    private static final int READ_ARRAY = 0xff;
    private static final int PROGRAM = 0x40;
    private static final int PROGRAM_ALTERNATE = 0x10;
    private static final int ERASE = 0x20;
    private static final int CLEAR_STATUS = 0x50;
    private static final int LOCK = 0x60;
    private static final int READ_STATUS = 0x70;
    private static final int READ_ID = 0x90;
    private static final int QUERY = 0x98;
    private static final int WRITE_BUFFER = 0xe8;
    private static final int CONFIRM = 0xd0;

    private static final int STATUS_READY = 0x80;
    private static final int STATUS_ERASE_ERROR = 0x20;
    private static final int STATUS_PROGRAM_ERROR = 0x10;

    private static final int MANUFACTURER_INTEL = 0x89;
    private static final int DEVICE_ID = 0x18;

    /// One 16-bit word of each device lies in four bytes of the bank.
    private static final int WORD_SHIFT = 2;

    /// Bytes that a buffered write may program in both devices.
    private static final int BUFFER = 4096;

    private static final int ERASE_CHUNK = 64 << 10;

    private static final byte[] CFI = query();

    /// Is told when the bank enters or leaves read-array mode.
    @FunctionalInterface
    public interface ModeListener {
        /// @param readable whether the contents can be read as memory from now on
        void changed(boolean readable);
    }

    /// What the next write means.
    private enum Cycle {
        COMMAND,
        PROGRAM_DATA,
        ERASE_CONFIRM,
        LOCK_SETUP,
        BUFFER_COUNT,
        BUFFER_DATA,
        BUFFER_CONFIRM
    }

    private final DmaPort contents;
    private final boolean writable;
    private final ModeListener listener;
    private Cycle cycle = Cycle.COMMAND;
    private int mode = READ_ARRAY;
    private int status = STATUS_READY;

    /// A buffered write: its data, which of it was written, and where it goes.
    private final byte[] buffer = new byte[BUFFER];

    private long bufferBase;
    private int bufferWrites;

    /// @param contents the bank's bytes, from address 0 on
    /// @param writable whether it can be programmed and erased
    public CfiFlash(DmaPort contents, boolean writable, ModeListener listener) {
        this.contents = contents;
        this.writable = writable;
        this.listener = listener;
    }

    /// {@return whether the contents can be read as memory now}
    public boolean isReadable() {
        return mode == READ_ARRAY;
    }

    private void mode(int to) {
        boolean before = isReadable();
        mode = to;
        if (before != isReadable()) {
            listener.changed(isReadable());
        }
    }

    // ---- reads -----------------------------------------------------------------------------------------------------

    @Override
    public long read(long offset, int bytes) {
        if (bytes == Long.BYTES) {
            return read(offset, Integer.BYTES) | read(offset + Integer.BYTES, Integer.BYTES) << Integer.SIZE;
        }
        int index = (int) (offset >>> WORD_SHIFT) & 0xff;
        return switch (mode) {
            case READ_ARRAY -> Math.max(contents.load(offset, bytes), 0);
            case READ_ID -> both(index == 0 ? MANUFACTURER_INTEL : index == 1 ? DEVICE_ID : 0, offset, bytes);
            case QUERY -> both(index < CFI.length ? CFI[index] & 0xff : 0, offset, bytes);
            default -> both(status, offset, bytes);
        };
    }

    /// {@return what an access sees when both devices put the same value on the bus}
    private static long both(int value, long offset, int bytes) {
        return Registers.part(value | value << Short.SIZE, offset, bytes);
    }

    private static byte[] query() {
        byte[] table = new byte[0x40];
        table[0x10] = 'Q';
        table[0x11] = 'R';
        table[0x12] = 'Y';
        table[0x13] = 1; // Intel command set
        table[0x15] = 0x31; // primary extended table
        table[0x1b] = 0x45; // supply voltage 4.5 V to 5.5 V
        table[0x1c] = 0x55;
        table[0x1f] = 7; // typical times: word, buffer, block
        table[0x20] = 7;
        table[0x21] = 10;
        table[0x23] = 4; // maximum times as multiples
        table[0x24] = 4;
        table[0x25] = 4;
        int devices = 2;
        table[0x27] = (byte) Long.numberOfTrailingZeros(SIZE / devices);
        table[0x28] = 2; // x8 and x16
        table[0x2a] = (byte) Integer.numberOfTrailingZeros(BUFFER / devices);
        table[0x2c] = 1; // one region of equal blocks
        int blocks = (int) (SIZE / BLOCK) - 1;
        table[0x2d] = (byte) blocks;
        table[0x2e] = (byte) (blocks >> Byte.SIZE);
        int units = (BLOCK / devices) >> Byte.SIZE;
        table[0x2f] = (byte) units;
        table[0x30] = (byte) (units >> Byte.SIZE);
        table[0x31] = 'P';
        table[0x32] = 'R';
        table[0x33] = 'I';
        table[0x34] = '1';
        table[0x35] = '0';
        return table;
    }

    // ---- writes ----------------------------------------------------------------------------------------------------

    @Override
    public void write(long offset, int bytes, long value) {
        if (bytes == Long.BYTES) {
            write(offset, Integer.BYTES, value & 0xffff_ffffL);
            write(offset + Integer.BYTES, Integer.BYTES, value >>> Integer.SIZE);
            return;
        }
        int command = (int) value & 0xff;
        switch (cycle) {
            case COMMAND -> command(command);
            case PROGRAM_DATA -> {
                program(offset, bytes, value);
                cycle = Cycle.COMMAND;
            }
            case ERASE_CONFIRM -> confirmErase(offset, command);
            case LOCK_SETUP -> {
                // No block can be locked: lock and unlock succeed and change nothing.
                cycle = Cycle.COMMAND;
                if (command == READ_ARRAY) {
                    mode(READ_ARRAY);
                }
            }
            case BUFFER_COUNT -> {
                bufferWrites = (int) (value & 0xffff) + 1;
                bufferBase = -1;
                cycle = Cycle.BUFFER_DATA;
            }
            case BUFFER_DATA -> bufferData(offset, bytes, value);
            case BUFFER_CONFIRM -> confirmBuffer(command);
        }
    }

    private void command(int command) {
        switch (command) {
            case PROGRAM, PROGRAM_ALTERNATE -> begin(Cycle.PROGRAM_DATA);
            case ERASE -> begin(Cycle.ERASE_CONFIRM);
            case LOCK -> begin(Cycle.LOCK_SETUP);
            case WRITE_BUFFER -> begin(Cycle.BUFFER_COUNT);
            case CLEAR_STATUS -> {
                status = STATUS_READY;
                mode(READ_ARRAY);
            }
            case READ_STATUS, READ_ID, QUERY -> mode(command);
            default -> mode(READ_ARRAY);
        }
    }

    private void begin(Cycle next) {
        cycle = next;
        mode(READ_STATUS);
    }

    private void program(long offset, int bytes, long value) {
        long old = contents.load(offset, bytes);
        if (!writable || old == DmaPort.NO_MEMORY || !contents.store(offset, bytes, old & value)) {
            status |= STATUS_PROGRAM_ERROR;
        }
    }

    private void confirmErase(long offset, int command) {
        cycle = Cycle.COMMAND;
        if (command != CONFIRM) {
            status |= STATUS_ERASE_ERROR | STATUS_PROGRAM_ERROR;
            return;
        }
        byte[] ones = new byte[ERASE_CHUNK];
        Arrays.fill(ones, (byte) 0xff);
        long block = offset & -BLOCK;
        boolean done = writable;
        for (int at = 0; at < BLOCK && done; at += ERASE_CHUNK) {
            done = contents.write(block + at, ones, 0, ERASE_CHUNK);
        }
        if (!done) {
            status |= STATUS_ERASE_ERROR;
        }
    }

    /// Takes data of a buffered write; data outside the buffer that its first word selects spoils the whole write.
    private void bufferData(long offset, int bytes, long value) {
        if (bufferBase == -1) {
            bufferBase = offset & -BUFFER;
            Arrays.fill(buffer, (byte) 0xff);
        }
        if ((offset & -BUFFER) == bufferBase) {
            Registers.writeBytes((at, b) -> buffer[at] = (byte) b, (int) (offset - bufferBase), bytes, value);
        } else {
            status |= STATUS_PROGRAM_ERROR;
        }
        if (--bufferWrites == 0) {
            cycle = Cycle.BUFFER_CONFIRM;
        }
    }

    private void confirmBuffer(int command) {
        cycle = Cycle.COMMAND;
        if (command != CONFIRM) {
            status |= STATUS_ERASE_ERROR | STATUS_PROGRAM_ERROR;
            return;
        }
        if ((status & STATUS_PROGRAM_ERROR) != 0) {
            return;
        }
        byte[] old = new byte[BUFFER];
        boolean done = writable && contents.read(bufferBase, old, 0, BUFFER);
        for (int i = 0; i < BUFFER; i++) {
            // What was not written is all ones here and keeps its bits.
            old[i] &= buffer[i];
        }
        if (!done || !contents.write(bufferBase, old, 0, BUFFER)) {
            status |= STATUS_PROGRAM_ERROR;
        }
    }
}
