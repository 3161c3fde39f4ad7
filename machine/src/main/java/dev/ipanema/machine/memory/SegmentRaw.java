package dev.ipanema.machine.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Raw memory by `java.lang.foreign`: supported API, checked against the one segment that spans the address
/// space.
// Restricted methods: only for the segment that spans the address space.
@SuppressWarnings("restricted")
final class SegmentRaw extends RawMemory {
    // SAFETY: the segment covers every address a process can have. Callers in this module have checked theirs against
    // a live mapping (contract of RawMemory).
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final VarHandle BYTE = handle(ValueLayout.JAVA_BYTE);
    private static final VarHandle SHORT = handle(ValueLayout.JAVA_SHORT);
    private static final VarHandle INT = handle(ValueLayout.JAVA_INT);
    private static final VarHandle LONG = handle(ValueLayout.JAVA_LONG);

    private static VarHandle handle(ValueLayout layout) {
        return layout.varHandle().withInvokeExactBehavior();
    }

    @Override
    public byte getByte(long address) {
        return ALL.get(ValueLayout.JAVA_BYTE, address);
    }

    @Override
    public short getShort(long address) {
        return ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, address);
    }

    @Override
    public int getInt(long address) {
        return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, address);
    }

    @Override
    public long getLong(long address) {
        return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
    }

    @Override
    public void putByte(long address, byte value) {
        ALL.set(ValueLayout.JAVA_BYTE, address, value);
    }

    @Override
    public void putShort(long address, short value) {
        ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, value);
    }

    @Override
    public void putInt(long address, int value) {
        ALL.set(ValueLayout.JAVA_INT_UNALIGNED, address, value);
    }

    @Override
    public void putLong(long address, long value) {
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, address, value);
    }

    @Override
    public byte getByteVolatile(long address) {
        return (byte) BYTE.getVolatile(ALL, address);
    }

    @Override
    public short getShortVolatile(long address) {
        return (short) SHORT.getVolatile(ALL, address);
    }

    @Override
    public int getIntVolatile(long address) {
        return (int) INT.getVolatile(ALL, address);
    }

    @Override
    public long getLongVolatile(long address) {
        return (long) LONG.getVolatile(ALL, address);
    }

    @Override
    public void putByteVolatile(long address, byte value) {
        BYTE.setVolatile(ALL, address, value);
    }

    @Override
    public void putShortVolatile(long address, short value) {
        SHORT.setVolatile(ALL, address, value);
    }

    @Override
    public void putIntVolatile(long address, int value) {
        INT.setVolatile(ALL, address, value);
    }

    @Override
    public void putLongVolatile(long address, long value) {
        LONG.setVolatile(ALL, address, value);
    }

    @Override
    public void putLongRelease(long address, long value) {
        LONG.setRelease(ALL, address, value);
    }

    @Override
    public boolean compareAndSetInt(long address, int expected, int value) {
        return INT.compareAndSet(ALL, address, expected, value);
    }

    @Override
    public boolean compareAndSetLong(long address, long expected, long value) {
        return LONG.compareAndSet(ALL, address, expected, value);
    }

    @Override
    public int getAndAddInt(long address, int delta) {
        return (int) INT.getAndAdd(ALL, address, delta);
    }

    @Override
    public long getAndAddLong(long address, long delta) {
        return (long) LONG.getAndAdd(ALL, address, delta);
    }

    @Override
    public int getAndSetInt(long address, int value) {
        return (int) INT.getAndSet(ALL, address, value);
    }

    @Override
    public long getAndSetLong(long address, long value) {
        return (long) LONG.getAndSet(ALL, address, value);
    }

    @Override
    public void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    @Override
    public void copyOut(long from, byte[] to, int offset, int bytes) {
        MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, from, to, offset, bytes);
    }

    @Override
    public void copyIn(byte[] from, int offset, long to, int bytes) {
        MemorySegment.copy(from, offset, ALL, ValueLayout.JAVA_BYTE, to, bytes);
    }

    @Override
    public void fill(long address, long bytes, byte value) {
        ALL.asSlice(address, bytes).fill(value);
    }
}
