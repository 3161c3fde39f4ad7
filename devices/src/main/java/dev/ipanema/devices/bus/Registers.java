package dev.ipanema.devices.bus;

/// Accesses of any width to registers that have bytes: little-endian composition, and parts of 32-bit registers.
public final class Registers {
    private Registers() {}

    /// One byte of a register block.
    @FunctionalInterface
    public interface ByteReader {
        /// {@return the byte at an offset; only its low eight bits count}
        int read(int offset);
    }

    /// Takes one byte of a register block.
    @FunctionalInterface
    public interface ByteWriter {
        /// Takes the byte at an offset, 0 to 255.
        void write(int offset, int value);
    }

    /// {@return `value` limited to its low `bytes` bytes}
    ///
    /// @param bytes 1, 2, 4 or 8
    public static long truncate(long value, int bytes) {
        return bytes >= Long.BYTES ? value : value & (1L << (Byte.SIZE * bytes)) - 1;
    }

    /// {@return the part of a 32-bit register that an access at `offset` sees}
    ///
    /// @param offset of the access; its distance to the word below selects the part
    public static long part(int word, long offset, int bytes) {
        long value = Integer.toUnsignedLong(word) >>> (Byte.SIZE * (int) (offset & Integer.BYTES - 1));
        return truncate(value, bytes);
    }

    /// Reads bytes one after the other.
    ///
    /// @return the value with the byte at `offset` lowest
    public static long readBytes(ByteReader reader, int offset, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (reader.read(offset + i) & 0xffL) << (Byte.SIZE * i);
        }
        return value;
    }

    /// Writes bytes one after the other, the lowest at `offset`.
    public static void writeBytes(ByteWriter writer, int offset, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            writer.write(offset + i, (int) (value >>> (Byte.SIZE * i)) & 0xff);
        }
    }
}
