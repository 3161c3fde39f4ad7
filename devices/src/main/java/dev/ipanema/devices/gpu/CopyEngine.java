package dev.ipanema.devices.gpu;

import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.bus.Registers;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// The copy engine of a coherent GPU: moves bytes between system memory and the GPU's own, by registers or by a ring
/// of descriptors. This project's own design; what it shares with real ones is that a side of a copy lies either in
/// system memory, where an IOMMU translates, or in local memory, which is reached by its raw physical address.
///
/// <h2>Registers</h2>
/// 32 bits each, little-endian, at these offsets from [#BASE] of BAR0. Those of 64 bits are two, the low one first, and
/// may be accessed as one. Smaller accesses read parts and write nothing.
///
/// | offset | register | |
/// |---|---|---|
/// | 0x00 | [#CONTROL] | [#CONTROL_RING]: the ring runs; a change from 0 takes base and size and sets PUT and GET to 0
/// |
/// | 0x04 | [#STATUS] | read-only: [#STATUS_BUSY] |
/// | 0x10 | [#SOURCE] | 64 bits |
/// | 0x18 | [#DESTINATION] | 64 bits |
/// | 0x20 | [#LENGTH] | 1 to [#MAX_LENGTH] |
/// | 0x24 | [#FLAGS] | as of a descriptor |
/// | 0x28 | [#LAUNCH] | write: start the copy of the four above; ignored while one is not done |
/// | 0x2c | [#RESULT] | read-only: [CopyStatus#code] of the last launched copy, 0 while it is not done |
/// | 0x40 | [#RING_BASE] | 64 bits: a multiple of [#DESCRIPTOR_SIZE] in system memory |
/// | 0x48 | [#RING_ENTRIES] | 2 to [#MAX_ENTRIES] |
/// | 0x4c | [#PUT] | doorbell: the descriptor behind the last one that is to be done |
/// | 0x50 | [#GET] | read-only: the descriptor that is done next |
/// | 0x54 | [#RING_RESULT] | read-only: [CopyStatus#code] of what stopped the ring, 0 while nothing has |
///
/// <h2>Descriptors</h2>
/// Of [#DESCRIPTOR_SIZE] bytes:
///
/// | offset | bytes | |
/// |---|---|---|
/// | 0 | 8 | source, or the pattern of 8 bytes that fills the destination |
/// | 8 | 8 | destination |
/// | 16 | 4 | bytes, 1 to [#MAX_LENGTH] |
/// | 20 | 4 | flags: [#SOURCE_LOCAL], [#DESTINATION_LOCAL], [#FILL], [#INTERRUPT] with the vector at [#VECTOR_SHIFT] |
/// | 24 | 4 | written by the engine, last: [CopyStatus#code] |
/// | 28 | 4 | written by the engine: bytes that were moved |
///
/// A copy goes from the lowest byte up by pieces of [#CHUNK] bytes; one that overlaps itself is done so. A copy that
/// fails does not stop the ring; a ring that is none does, until CONTROL is written again.
///
/// <h2>Work of a doorbell</h2>
/// A write of PUT adds less than [#MAX_ENTRIES] copies of at most [#MAX_LENGTH] bytes, whatever the guest has written.
/// Thread-safe. No lock is held while memory is accessed or an interrupt sent; after [#reset] at most the piece under
/// way is still moved.
public final class CopyEngine implements MmioRegion {
    /// Where in BAR0 the engine lies.
    public static final long BASE = 0x10_4000;

    /// Bytes of its registers.
    public static final long SIZE = 0x1000;

    /// Offset of the control register.
    public static final int CONTROL = 0x00;

    /// Control: the ring runs.
    public static final int CONTROL_RING = 1;

    /// Offset of the status register.
    public static final int STATUS = 0x04;

    /// Status: the engine has something to do.
    public static final int STATUS_BUSY = 1;

    /// Offset of the source of a single copy.
    public static final int SOURCE = 0x10;

    /// Offset of the destination of a single copy.
    public static final int DESTINATION = 0x18;

    /// Offset of the length of a single copy.
    public static final int LENGTH = 0x20;

    /// Offset of the flags of a single copy.
    public static final int FLAGS = 0x24;

    /// Offset of the register that starts a single copy.
    public static final int LAUNCH = 0x28;

    /// Offset of the result of a single copy.
    public static final int RESULT = 0x2c;

    /// Offset of the address of the ring.
    public static final int RING_BASE = 0x40;

    /// Offset of the number of descriptors in the ring.
    public static final int RING_ENTRIES = 0x48;

    /// Offset of the doorbell.
    public static final int PUT = 0x4c;

    /// Offset of the engine's place in the ring.
    public static final int GET = 0x50;

    /// Offset of what stopped the ring.
    public static final int RING_RESULT = 0x54;

    /// Flag: the source is local memory.
    public static final int SOURCE_LOCAL = 1;

    /// Flag: the destination is local memory.
    public static final int DESTINATION_LOCAL = 1 << 1;

    /// Flag: the source is a pattern.
    public static final int FILL = 1 << 2;

    /// Flag: an interrupt tells that the copy has ended.
    public static final int INTERRUPT = 1 << 3;

    /// Where in the flags the vector begins, 8 bits.
    public static final int VECTOR_SHIFT = 8;

    /// Bytes of a descriptor.
    public static final int DESCRIPTOR_SIZE = 32;

    /// Offset of the length in a descriptor.
    public static final int DESCRIPTOR_LENGTH = 16;

    /// Offset of the flags in a descriptor.
    public static final int DESCRIPTOR_FLAGS = 20;

    /// Offset of the status in a descriptor.
    public static final int DESCRIPTOR_STATUS = 24;

    /// Offset of the number of bytes moved in a descriptor.
    public static final int DESCRIPTOR_MOVED = 28;

    /// Most bytes of one copy.
    public static final int MAX_LENGTH = 4 << 20;

    /// Most descriptors of a ring.
    public static final int MAX_ENTRIES = 64;

    /// Bytes that are moved at once.
    public static final int CHUNK = 64 << 10;

    private static final int VECTOR_MASK = 0xff;

    /// Registers that keep what is written, as words.
    private static final int REGISTERS = 0x60 / Integer.BYTES;

    /// What the engine reaches.
    interface Surroundings {
        /// Reads of a side of a copy.
        CopyStatus read(boolean local, long address, byte[] to, int length);

        /// Writes to a side of a copy.
        CopyStatus write(boolean local, long address, byte[] from, int length);

        /// Stores a scalar to system memory.
        boolean store(long address, int bytes, long value);

        /// Raises an interrupt.
        void interrupt(int vector);
    }

    private final Surroundings surroundings;
    private final Executor executor;
    private final int[] registers = new int[REGISTERS];

    /// The ring that runs, as it was when it was started.
    private long ringBase;

    private int ringEntries;
    private boolean launched;
    private boolean scheduled;

    /// Counts starts, stops and resets of the ring: work of an earlier epoch is of no interest any more.
    private int epoch;

    /// The same for single copies: counts launches and resets.
    private int launches;

    CopyEngine(Surroundings surroundings, Executor executor) {
        this.surroundings = surroundings;
        this.executor = executor;
    }

    /// One copy.
    ///
    /// @param descriptor where its descriptor is, -1 when it came by registers
    /// @param epoch when it was asked for, by the count of its kind
    private record Copy(long source, long destination, int length, int flags, long descriptor, int epoch) {
        boolean has(int flag) {
            return (flags & flag) != 0;
        }
    }

    // ---- registers -------------------------------------------------------------------------------------------------

    @Override
    public synchronized long read(long offset, int bytes) {
        if (bytes == Long.BYTES) {
            return Integer.toUnsignedLong(word(offset)) | (long) word(offset + Integer.BYTES) << Integer.SIZE;
        }
        return Registers.part(word(offset & -Integer.BYTES), offset, bytes);
    }

    private int word(long offset) {
        if (offset == STATUS) {
            return scheduled ? STATUS_BUSY : 0;
        }
        return offset < (long) REGISTERS * Integer.BYTES ? registers[(int) offset / Integer.BYTES] : 0;
    }

    private int get(int offset) {
        return registers[offset / Integer.BYTES];
    }

    private long get64(int offset) {
        return Integer.toUnsignedLong(get(offset)) | (long) get(offset + Integer.BYTES) << Integer.SIZE;
    }

    private void set(int offset, int value) {
        registers[offset / Integer.BYTES] = value;
    }

    @Override
    public void write(long offset, int bytes, long value) {
        if (bytes < Integer.BYTES) {
            return;
        }
        boolean start = writeWord(offset, (int) value);
        if (bytes == Long.BYTES) {
            start |= writeWord(offset + Integer.BYTES, (int) (value >>> Integer.SIZE));
        }
        if (start) {
            executor.execute(this::run);
        }
    }

    /// Takes a word.
    ///
    /// @return whether the engine has to be started
    private synchronized boolean writeWord(long offset, int value) {
        if (offset >= (long) REGISTERS * Integer.BYTES) {
            return false;
        }
        switch ((int) offset) {
            case CONTROL -> control(value & CONTROL_RING);
            case SOURCE,
                    SOURCE + Integer.BYTES,
                    DESTINATION,
                    DESTINATION + Integer.BYTES,
                    LENGTH,
                    FLAGS,
                    RING_BASE,
                    RING_BASE + Integer.BYTES,
                    RING_ENTRIES -> set((int) offset, value);
            case LAUNCH -> {
                return launch();
            }
            case PUT -> {
                return doorbell(value);
            }
            default -> {
                // Read-only or no register.
            }
        }
        return false;
    }

    private void control(int value) {
        if (value == get(CONTROL)) {
            return;
        }
        epoch++;
        set(CONTROL, value);
        set(PUT, 0);
        set(GET, 0);
        set(RING_RESULT, 0);
        ringBase = get64(RING_BASE);
        ringEntries = get(RING_ENTRIES);
        if (value == 0) {
            return;
        }
        if ((ringBase & DESCRIPTOR_SIZE - 1) != 0) {
            stopRing(CopyStatus.RING_MISALIGNED);
        } else if (ringEntries < 2 || ringEntries > MAX_ENTRIES) {
            stopRing(CopyStatus.RING_SIZE);
        }
    }

    private void stopRing(CopyStatus why) {
        set(CONTROL, 0);
        set(RING_RESULT, why.code());
    }

    private boolean launch() {
        if (launched) {
            return false;
        }
        launched = true;
        launches++;
        set(RESULT, 0);
        return schedule();
    }

    private boolean doorbell(int value) {
        if (get(CONTROL) == 0) {
            return false;
        }
        if (Integer.compareUnsigned(value, ringEntries) >= 0) {
            stopRing(CopyStatus.RING_PUT);
            return false;
        }
        set(PUT, value);
        return value != get(GET) && schedule();
    }

    private boolean schedule() {
        boolean start = !scheduled;
        scheduled = true;
        return start;
    }

    /// Stops everything and clears all registers.
    public synchronized void reset() {
        epoch++;
        launches++;
        launched = false;
        for (int i = 0; i < REGISTERS; i++) {
            registers[i] = 0;
        }
    }

    // ---- copies ----------------------------------------------------------------------------------------------------

    private void run() {
        byte[] buffer = new byte[CHUNK];
        try {
            while (work(buffer)) {
                // Until nothing is left.
            }
        } catch (RuntimeException | Error e) {
            // Memory may be used up, for example: that ends this work, not the engine.
            synchronized (this) {
                scheduled = false;
                launched = false;
                stopRing(CopyStatus.RING_NO_MEMORY);
            }
            throw e;
        }
    }

    /// Does one copy of each kind that waits.
    ///
    /// @return whether there may be more
    private boolean work(byte[] buffer) {
        Copy single = takeLaunched();
        if (single != null) {
            finishLaunched(single, move(single, buffer, new int[1]));
        }
        Pending next = nextDescriptor();
        if (next != null) {
            ringCopy(next.descriptor, next.epoch, buffer);
        }
        return single != null || next != null || !rest();
    }

    private synchronized @Nullable Copy takeLaunched() {
        return launched ? new Copy(get64(SOURCE), get64(DESTINATION), get(LENGTH), get(FLAGS), -1, launches) : null;
    }

    private void finishLaunched(Copy copy, CopyStatus status) {
        synchronized (this) {
            if (launches != copy.epoch()) {
                return;
            }
            launched = false;
            set(RESULT, status.code());
        }
        tell(copy);
    }

    private void tell(Copy copy) {
        if (copy.has(INTERRUPT)) {
            surroundings.interrupt(copy.flags() >>> VECTOR_SHIFT & VECTOR_MASK);
        }
    }

    /// A descriptor that waits, and the ring that it belongs to.
    private record Pending(long descriptor, int epoch) {}

    private synchronized @Nullable Pending nextDescriptor() {
        return get(CONTROL) != 0 && get(GET) != get(PUT)
                ? new Pending(ringBase + (long) get(GET) * DESCRIPTOR_SIZE, epoch)
                : null;
    }

    private synchronized boolean rest() {
        if (launched || (get(CONTROL) != 0 && get(GET) != get(PUT))) {
            return false;
        }
        scheduled = false;
        return true;
    }

    private synchronized int epoch() {
        return epoch;
    }

    private void ringCopy(long descriptor, int now, byte[] buffer) {
        byte[] bytes = new byte[DESCRIPTOR_SIZE];
        CopyStatus read = surroundings.read(false, descriptor, bytes, DESCRIPTOR_SIZE);
        if (read != CopyStatus.DONE) {
            halt(now, read == CopyStatus.NO_SOURCE ? CopyStatus.RING_NO_MEMORY : read);
            return;
        }
        Copy copy = new Copy(
                LittleEndian.get64(bytes, 0),
                LittleEndian.get64(bytes, Long.BYTES),
                LittleEndian.get32(bytes, DESCRIPTOR_LENGTH),
                LittleEndian.get32(bytes, DESCRIPTOR_FLAGS),
                descriptor,
                now);
        int[] moved = new int[1];
        CopyStatus status = move(copy, buffer, moved);
        if (epoch() != now) {
            return;
        }
        if (!surroundings.store(descriptor + DESCRIPTOR_MOVED, Integer.BYTES, moved[0])
                || !surroundings.store(descriptor + DESCRIPTOR_STATUS, Integer.BYTES, status.code())) {
            halt(now, CopyStatus.RING_NO_MEMORY);
            return;
        }
        if (advance(now)) {
            tell(copy);
        }
    }

    private synchronized void halt(int when, CopyStatus why) {
        if (epoch == when) {
            stopRing(why);
        }
    }

    private synchronized boolean advance(int when) {
        if (epoch != when || get(CONTROL) == 0) {
            return false;
        }
        set(GET, (get(GET) + 1) % ringEntries);
        return true;
    }

    /// Moves the bytes of a copy.
    ///
    /// @param moved takes how many bytes were moved
    private CopyStatus move(Copy copy, byte[] buffer, int[] moved) {
        if (copy.length() == 0) {
            return CopyStatus.NO_LENGTH;
        }
        if (Integer.compareUnsigned(copy.length(), MAX_LENGTH) > 0) {
            return CopyStatus.TOO_LONG;
        }
        if (copy.has(FILL)) {
            pattern(buffer, copy.source());
        } else if (wraps(copy.source(), copy.length())) {
            return CopyStatus.NO_SOURCE;
        }
        if (wraps(copy.destination(), copy.length())) {
            return CopyStatus.NO_DESTINATION;
        }
        while (moved[0] < copy.length()) {
            if (isStale(copy)) {
                return CopyStatus.STOPPED;
            }
            int bytes = Math.min(CHUNK, copy.length() - moved[0]);
            CopyStatus status = movePiece(copy, moved[0], buffer, bytes);
            if (status != CopyStatus.DONE) {
                return status;
            }
            moved[0] += bytes;
        }
        return CopyStatus.DONE;
    }

    private CopyStatus movePiece(Copy copy, int at, byte[] buffer, int bytes) {
        CopyStatus read = copy.has(FILL)
                ? CopyStatus.DONE
                : surroundings.read(copy.has(SOURCE_LOCAL), copy.source() + at, buffer, bytes);
        return read == CopyStatus.DONE
                ? surroundings.write(copy.has(DESTINATION_LOCAL), copy.destination() + at, buffer, bytes)
                : read;
    }

    private synchronized boolean isStale(Copy copy) {
        return (copy.descriptor() == -1 ? launches : epoch) != copy.epoch();
    }

    private static boolean wraps(long address, int length) {
        return Long.compareUnsigned(address + length - 1, address) < 0;
    }

    private static void pattern(byte[] buffer, long pattern) {
        for (int i = 0; i < buffer.length; i += Long.BYTES) {
            LittleEndian.put64(buffer, i, pattern);
        }
    }
}
