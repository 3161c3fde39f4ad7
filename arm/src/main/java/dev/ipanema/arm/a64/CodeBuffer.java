package dev.ipanema.arm.a64;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The bytes an assembler has made, at a base address, with the places that wait for a label.
final class CodeBuffer {
    private static final int START_CAPACITY = 256;
    private static final long PAGE_MASK = -4096;

    /// A word to encode, or (with no row) an 8-byte address to write, when its label is known.
    private record Fixup(int at, Encoding row, long[] values, int position, Label label, boolean page) {}

    private record Address(int at, Label label) {}

    private final long base;
    private final List<Fixup> fixups = new ArrayList<>();
    private final List<Address> addresses = new ArrayList<>();
    private ByteBuffer bytes = ByteBuffer.allocate(START_CAPACITY).order(ByteOrder.LITTLE_ENDIAN);

    CodeBuffer(long base) {
        this.base = base;
    }

    int size() {
        return bytes.position();
    }

    void putByte(int value) {
        room(1).put((byte) value);
    }

    void putInt(int value) {
        room(Integer.BYTES).putInt(value);
    }

    void putLong(long value) {
        room(Long.BYTES).putLong(value);
    }

    /// Puts an instruction whose value at `position` is the displacement to `label`.
    void putRelative(Encoding row, long[] values, int position, Label label, boolean page) {
        fixups.add(new Fixup(size(), row, values, position, label, page));
        putInt(0);
    }

    /// Puts the 8-byte address of `label`.
    void putAddress(Label label) {
        addresses.add(new Address(size(), label));
        putLong(0);
    }

    /// {@return the bytes, every label resolved}
    ///
    /// @throws AssemblyException a label is not bound or too far
    byte[] finish() {
        for (Fixup fixup : fixups) {
            long pc = base + fixup.at();
            long target = base + fixup.label().offset();
            long[] values = fixup.values().clone();
            values[fixup.position()] = fixup.page() ? (target & PAGE_MASK) - (pc & PAGE_MASK) : target - pc;
            bytes.putInt(fixup.at(), encode(fixup, values));
        }
        for (Address address : addresses) {
            bytes.putLong(address.at(), base + address.label().offset());
        }
        return Arrays.copyOf(bytes.array(), size());
    }

    private static int encode(Fixup fixup, long[] values) {
        try {
            return fixup.row().encode(values);
        } catch (AssemblyException e) {
            AssemblyException far = new AssemblyException(fixup.row() + " at offset " + fixup.at()
                    + " cannot reach label " + fixup.label() + ", " + values[fixup.position()] + " bytes away");
            far.initCause(e);
            throw far;
        }
    }

    private ByteBuffer room(int count) {
        if (bytes.remaining() < count) {
            ByteBuffer larger =
                    ByteBuffer.allocate(2 * bytes.capacity() + count).order(ByteOrder.LITTLE_ENDIAN);
            larger.put(bytes.flip());
            bytes = larger;
        }
        return bytes;
    }
}
