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

    /// A word to encode when its label is known.
    private static final class Fixup {
        private final int at;
        private final Encoding row;
        private final long[] values;
        private final int position;
        private final Label label;
        private final boolean page;

        Fixup(int at, Encoding row, long[] values, int position, Label label, boolean page) {
            this.at = at;
            this.row = row;
            this.values = values.clone();
            this.position = position;
            this.label = label;
            this.page = page;
        }

        int encode(long base) {
            long pc = base + at;
            long target = base + label.offset();
            values[position] = page ? (target & PAGE_MASK) - (pc & PAGE_MASK) : target - pc;
            try {
                return row.encode(values);
            } catch (AssemblyException e) {
                AssemblyException far = new AssemblyException(row + " at offset " + at + " cannot reach label " + label
                        + ", " + values[position] + " bytes away");
                far.initCause(e);
                throw far;
            }
        }
    }

    /// Eight bytes for an address to write when its label is known.
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
            bytes.putInt(fixup.at, fixup.encode(base));
        }
        for (Address address : addresses) {
            bytes.putLong(address.at(), base + address.label().offset());
        }
        return Arrays.copyOf(bytes.array(), size());
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
