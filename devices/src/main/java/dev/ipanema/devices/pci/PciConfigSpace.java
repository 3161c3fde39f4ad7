package dev.ipanema.devices.pci;

import static dev.ipanema.devices.pci.PciConfig.BAR_64;
import static dev.ipanema.devices.pci.PciConfig.BAR_IO;
import static dev.ipanema.devices.pci.PciConfig.BAR_PREFETCHABLE;
import static dev.ipanema.devices.pci.PciConfig.BASE_ADDRESS_0;
import static dev.ipanema.devices.pci.PciConfig.CAPABILITY_LIST;
import static dev.ipanema.devices.pci.PciConfig.COMMAND;
import static dev.ipanema.devices.pci.PciConfig.COMMAND_INTX_DISABLE;
import static dev.ipanema.devices.pci.PciConfig.COMMAND_IO;
import static dev.ipanema.devices.pci.PciConfig.COMMAND_MASTER;
import static dev.ipanema.devices.pci.PciConfig.COMMAND_MEMORY;
import static dev.ipanema.devices.pci.PciConfig.COMMAND_PARITY;
import static dev.ipanema.devices.pci.PciConfig.COMMAND_SERR;
import static dev.ipanema.devices.pci.PciConfig.HEADER;
import static dev.ipanema.devices.pci.PciConfig.INTERRUPT_LINE;
import static dev.ipanema.devices.pci.PciConfig.INTERRUPT_PIN;
import static dev.ipanema.devices.pci.PciConfig.LEGACY_SIZE;
import static dev.ipanema.devices.pci.PciConfig.SIZE;
import static dev.ipanema.devices.pci.PciConfig.STATUS;
import static dev.ipanema.devices.pci.PciConfig.STATUS_CAP_LIST;
import static dev.ipanema.devices.pci.PciConfig.STATUS_INTERRUPT;
import static dev.ipanema.devices.pci.PciConfig.SUBSYSTEM_VENDOR;

import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.bus.Registers;

/// The bytes of a function's configuration space: a type 0 header, BARs that can be sized, and a list of capabilities.
/// What the guest can change is a mask of bits.
///
/// Source: PCI Local Bus Specification 3.0, chapter 6; PCI Express Base Specification 5.0, section 7.5.
public final class PciConfigSpace {
    private static final int LAST_CAPABILITY = 0xff;
    private static final int EXTENDED_VERSION_SHIFT = 16;
    private static final int EXTENDED_NEXT_SHIFT = 20;

    private final byte[] values = new byte[SIZE];
    private final byte[] writable = new byte[SIZE];
    private final long[] barSizes = new long[PciFunction.BARS];
    private final BarKind[] barKinds = new BarKind[PciFunction.BARS];
    private int nextCapability = HEADER;
    private int lastCapability = CAPABILITY_LIST - 1;
    private int nextExtended = LEGACY_SIZE;
    private int lastExtended;

    /// The forms of a BAR.
    public enum BarKind {
        /// I/O ports.
        IO(BAR_IO),
        /// Memory below 4 GiB.
        MEMORY_32(0),
        /// Memory anywhere.
        MEMORY_64(BAR_64),
        /// Memory anywhere whose reads have no side effects.
        MEMORY_64_PREFETCHABLE(BAR_64 | BAR_PREFETCHABLE);

        private final int flags;

        BarKind(int flags) {
            this.flags = flags;
        }

        boolean isWide() {
            return (flags & BAR_64) != 0;
        }
    }

    /// @param classCode class, subclass and programming interface, 24 bits
    public PciConfigSpace(int vendor, int device, int revision, int classCode) {
        LittleEndian.put16(values, 0, vendor);
        LittleEndian.put16(values, 2, device);
        LittleEndian.put32(values, 8, classCode << Byte.SIZE | (revision & 0xff));
        LittleEndian.put16(
                writable,
                COMMAND,
                COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_PARITY | COMMAND_SERR | COMMAND_INTX_DISABLE);
        writable[INTERRUPT_LINE] = -1;
    }

    /// Sets the subsystem's identity.
    public PciConfigSpace subsystem(int vendor, int id) {
        LittleEndian.put16(values, SUBSYSTEM_VENDOR, vendor);
        LittleEndian.put16(values, SUBSYSTEM_VENDOR + 2, id);
        return this;
    }

    /// Sets which pin the function drives, 1 for INTA.
    public PciConfigSpace interruptPin(int pin) {
        values[INTERRUPT_PIN] = (byte) pin;
        return this;
    }

    /// Adds a BAR.
    ///
    /// @param size a power of two, at least 16
    public PciConfigSpace bar(int index, BarKind kind, long size) {
        if (size < 16 || Long.bitCount(size) != 1 || (!kind.isWide() && size > 1L << 31)) {
            throw new IllegalArgumentException("BAR " + index + " cannot have " + size + " bytes");
        }
        barSizes[index] = size;
        barKinds[index] = kind;
        int at = BASE_ADDRESS_0 + Integer.BYTES * index;
        LittleEndian.put32(values, at, kind.flags);
        LittleEndian.put32(writable, at, (int) -size);
        if (kind.isWide()) {
            LittleEndian.put32(writable, at + Integer.BYTES, (int) (-size >>> Integer.SIZE));
        }
        return this;
    }

    /// Adds a capability behind those that there are.
    ///
    /// @param length bytes with its two bytes of header
    /// @return its offset
    public int addCapability(int id, int length) {
        int at = nextCapability;
        if (at + length > LAST_CAPABILITY + 1) {
            throw new IllegalArgumentException("No room for a capability of " + length + " bytes at " + at);
        }
        values[at] = (byte) id;
        values[lastCapability + 1] = (byte) at;
        values[STATUS] |= STATUS_CAP_LIST;
        lastCapability = at;
        nextCapability = at + length + 3 & ~3;
        return at;
    }

    /// Adds an extended capability behind those that there are.
    ///
    /// @param version of the capability, 1 to 15
    /// @param length bytes with its four bytes of header
    /// @return its offset
    public int addExtendedCapability(int id, int version, int length) {
        int at = nextExtended;
        if (at + length > SIZE) {
            throw new IllegalArgumentException("No room for an extended capability of " + length + " bytes at " + at);
        }
        LittleEndian.put32(values, at, id | version << EXTENDED_VERSION_SHIFT);
        if (lastExtended != 0) {
            LittleEndian.put32(
                    values, lastExtended, LittleEndian.get32(values, lastExtended) | at << EXTENDED_NEXT_SHIFT);
        }
        lastExtended = at;
        nextExtended = at + length + 3 & ~3;
        return at;
    }

    /// The bytes at one moment; which of them the guest can change is not part of it.
    ///
    /// @param values all of them
    @SuppressWarnings("ArrayRecordComponent") // Copied on the way in and out.
    public record State(byte[] values) {
        public State {
            values = values.clone();
        }

        @Override
        public byte[] values() {
            return values.clone();
        }
    }

    /// {@return the bytes now}
    public State save() {
        return new State(values);
    }

    /// Takes over saved bytes.
    public void restore(State state) {
        System.arraycopy(state.values(), 0, values, 0, SIZE);
    }

    /// Lets the guest change bits.
    public void makeWritable(int offset, int bytes, long mask) {
        Registers.writeBytes((at, bits) -> writable[at] |= (byte) bits, offset, bytes, mask);
    }

    /// Sets bytes, whatever the guest may change.
    public void put(int offset, int bytes, long value) {
        Registers.writeBytes((at, bits) -> values[at] = (byte) bits, offset, bytes, value);
    }

    /// {@return the bytes at an offset}
    public long get(int offset, int bytes) {
        return offset >= 0 && offset <= SIZE - bytes ? Registers.readBytes(at -> values[at], offset, bytes) : -1;
    }

    /// Takes a write of the guest.
    public void write(int offset, int bytes, long value) {
        if (offset >= 0 && offset <= SIZE - bytes) {
            Registers.writeBytes(
                    (at, bits) -> values[at] = (byte) ((values[at] & ~writable[at]) | (bits & writable[at])),
                    offset,
                    bytes,
                    value);
        }
    }

    /// {@return the command register}
    public int command() {
        return LittleEndian.get16(values, COMMAND);
    }

    /// Shows in the status register whether the function asks for an interrupt by its pin.
    void interruptStatus(boolean pending) {
        values[STATUS] = (byte) (pending ? values[STATUS] | STATUS_INTERRUPT : values[STATUS] & ~STATUS_INTERRUPT);
    }

    /// {@return bytes of a BAR, 0 when there is none}
    public long barSize(int bar) {
        return barSizes[bar];
    }

    /// {@return which addresses a BAR answers}
    public PciFunction.Space barSpace(int bar) {
        return barKinds[bar] == BarKind.IO ? PciFunction.Space.IO : PciFunction.Space.MEMORY;
    }

    /// {@return where a BAR answers, [PciFunction#NOWHERE] when its decoding is off or it has no address}
    public long barAddress(int bar) {
        if (barSizes[bar] == 0) {
            return PciFunction.NOWHERE;
        }
        int at = BASE_ADDRESS_0 + Integer.BYTES * bar;
        long low = LittleEndian.getU32(values, at);
        long high = isWideBar(low) ? LittleEndian.getU32(values, at + Integer.BYTES) : 0;
        return barAddress(command(), low, high, barSizes[bar]);
    }

    /// {@return whether a BAR's register belongs to I/O ports}
    public static boolean isIoBar(long low) {
        return (low & BAR_IO) != 0;
    }

    /// {@return whether a BAR's register is the lower half of a 64-bit one}
    public static boolean isWideBar(long low) {
        return (low & (BAR_IO | BAR_64)) == BAR_64;
    }

    /// {@return whether a BAR's register says that reads have no side effects}
    static boolean isPrefetchableBar(long low) {
        return (low & (BAR_IO | BAR_PREFETCHABLE)) == BAR_PREFETCHABLE;
    }

    /// {@return where a BAR answers, [PciFunction#NOWHERE] when its decoding is off or it has no address}
    ///
    /// @param command the command register
    /// @param low the BAR's register
    /// @param high the next register when it is wide, else 0
    /// @param size bytes of it, a power of two
    public static long barAddress(int command, long low, long high, long size) {
        if ((command & (isIoBar(low) ? COMMAND_IO : COMMAND_MEMORY)) == 0) {
            return PciFunction.NOWHERE;
        }
        long address = (low | high << Integer.SIZE) & -size;
        // While it is sized, a BAR holds the last address of all: that is no place to answer.
        boolean sizing = address == (isWideBar(low) ? -size : -size & 0xffff_ffffL);
        // No bus here has addresses of 64 bits.
        return address <= 0 || sizing ? PciFunction.NOWHERE : address;
    }
}
