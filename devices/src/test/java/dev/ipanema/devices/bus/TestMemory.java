package dev.ipanema.devices.bus;

import dev.ipanema.machine.memory.DmaPort;

/// A guest's memory for tests: one range of bytes; everything else is no memory.
public final class TestMemory implements DmaPort {
    private final long base;
    private final byte[] bytes;

    public TestMemory(long base, int size) {
        this.base = base;
        this.bytes = new byte[size];
    }

    /// {@return the bytes themselves}
    public byte[] bytes() {
        return bytes;
    }

    private int index(long address, int length) {
        long at = address - base;
        return at >= 0 && length >= 0 && at <= bytes.length - length ? (int) at : -1;
    }

    @Override
    public boolean read(long address, byte[] to, int offset, int length) {
        int at = index(address, length);
        if (at < 0) {
            return false;
        }
        System.arraycopy(bytes, at, to, offset, length);
        return true;
    }

    @Override
    public boolean write(long address, byte[] from, int offset, int length) {
        int at = index(address, length);
        if (at < 0) {
            return false;
        }
        System.arraycopy(from, offset, bytes, at, length);
        return true;
    }

    @Override
    public long load(long address, int width) {
        int at = index(address, width);
        return at < 0 ? NO_MEMORY : Registers.readBytes(i -> bytes[i], at, width);
    }

    @Override
    public boolean store(long address, int width, long value) {
        int at = index(address, width);
        if (at >= 0) {
            Registers.writeBytes((i, b) -> bytes[i] = (byte) b, at, width, value);
        }
        return at >= 0;
    }

    /// {@return eight bytes that are known to be memory}
    public long load64(long address) {
        return load(address, 4) | load(address + 4, 4) << 32;
    }
}
