package dev.ipanema.machine.memory;

import java.lang.reflect.Field;
import java.util.Objects;
import sun.misc.Unsafe;

/// Raw memory by `sun.misc.Unsafe`: one machine instruction an access. The JDK will withdraw these methods
/// one day; [SegmentRaw] stands ready.
///
/// The JVM must have been started with `--sun-misc-unsafe-memory-access=allow`: otherwise it warns or
/// refuses.
// Terminally deprecated (JEP 471): the warning is the subject of this class.
@SuppressWarnings("removal")
final class UnsafeRaw extends RawMemory {
    /// The system property into which the JVM turns its option (JEP 471, JEP 498).
    private static final String ACCESS_PROPERTY = "sun.misc.unsafe.memory.access";

    private static final Unsafe UNSAFE = unsafe();
    private static final long BYTES = Unsafe.ARRAY_BYTE_BASE_OFFSET;

    /// {@return whether the JVM lets `Unsafe` reach memory without a warning}
    static boolean isAllowed() {
        return "allow".equals(System.getProperty(ACCESS_PROPERTY));
    }

    private static Unsafe unsafe() {
        try {
            Field field = Unsafe.class.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            return (Unsafe) field.get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("This JDK has no sun.misc.Unsafe; use -Dipanema.raw=segment", e);
        }
    }

    // SAFETY: all addresses below come from callers in this module, which have checked them against a live mapping
    // (contract of RawMemory).

    @Override
    public byte getByte(long address) {
        return UNSAFE.getByte(address);
    }

    @Override
    public short getShort(long address) {
        return UNSAFE.getShort(address);
    }

    @Override
    public int getInt(long address) {
        return UNSAFE.getInt(address);
    }

    @Override
    public long getLong(long address) {
        return UNSAFE.getLong(address);
    }

    @Override
    public void putByte(long address, byte value) {
        UNSAFE.putByte(address, value);
    }

    @Override
    public void putShort(long address, short value) {
        UNSAFE.putShort(address, value);
    }

    @Override
    public void putInt(long address, int value) {
        UNSAFE.putInt(address, value);
    }

    @Override
    public void putLong(long address, long value) {
        UNSAFE.putLong(address, value);
    }

    @Override
    public byte getByteVolatile(long address) {
        return UNSAFE.getByteVolatile(null, address);
    }

    @Override
    public short getShortVolatile(long address) {
        return UNSAFE.getShortVolatile(null, address);
    }

    @Override
    public int getIntVolatile(long address) {
        return UNSAFE.getIntVolatile(null, address);
    }

    @Override
    public long getLongVolatile(long address) {
        return UNSAFE.getLongVolatile(null, address);
    }

    @Override
    public void putByteVolatile(long address, byte value) {
        UNSAFE.putByteVolatile(null, address, value);
    }

    @Override
    public void putShortVolatile(long address, short value) {
        UNSAFE.putShortVolatile(null, address, value);
    }

    @Override
    public void putIntVolatile(long address, int value) {
        UNSAFE.putIntVolatile(null, address, value);
    }

    @Override
    public void putLongVolatile(long address, long value) {
        UNSAFE.putLongVolatile(null, address, value);
    }

    @Override
    public void putLongRelease(long address, long value) {
        UNSAFE.putOrderedLong(null, address, value);
    }

    @Override
    public boolean compareAndSetInt(long address, int expected, int value) {
        return UNSAFE.compareAndSwapInt(null, address, expected, value);
    }

    @Override
    public boolean compareAndSetLong(long address, long expected, long value) {
        return UNSAFE.compareAndSwapLong(null, address, expected, value);
    }

    @Override
    public int getAndAddInt(long address, int delta) {
        return UNSAFE.getAndAddInt(null, address, delta);
    }

    @Override
    public long getAndAddLong(long address, long delta) {
        return UNSAFE.getAndAddLong(null, address, delta);
    }

    @Override
    public int getAndSetInt(long address, int value) {
        return UNSAFE.getAndSetInt(null, address, value);
    }

    @Override
    public long getAndSetLong(long address, long value) {
        return UNSAFE.getAndSetLong(null, address, value);
    }

    @Override
    public void copy(long from, long to, long bytes) {
        UNSAFE.copyMemory(from, to, bytes);
    }

    @Override
    public void copyOut(long from, byte[] to, int offset, int bytes) {
        Objects.checkFromIndexSize(offset, bytes, to.length);
        UNSAFE.copyMemory(null, from, to, BYTES + offset, bytes);
    }

    @Override
    public void copyIn(byte[] from, int offset, long to, int bytes) {
        Objects.checkFromIndexSize(offset, bytes, from.length);
        UNSAFE.copyMemory(from, BYTES + offset, null, to, bytes);
    }

    @Override
    public void fill(long address, long bytes, byte value) {
        UNSAFE.setMemory(address, bytes, value);
    }
}
