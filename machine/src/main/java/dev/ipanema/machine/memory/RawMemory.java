package dev.ipanema.machine.memory;

import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// The one seam to memory outside the Java heap, by host address. There are two classes behind it:
/// [UnsafeRaw], the faster, and [SegmentRaw], which uses supported API only. The choice is made once, at
/// class initialization.
///
/// No method checks its address: only module `machine` may call it, and only with addresses that lie in a
/// mapping of [PhysicalMemory] (an architecture test keeps others out). Values are little-endian. Plain
/// accesses may be unaligned; those with an ordering, and the atomics, must be naturally aligned.
public abstract sealed class RawMemory permits UnsafeRaw, SegmentRaw {
    /// System property that asks for an implementation: `unsafe` or `segment`.
    public static final String PROPERTY = "ipanema.raw";

    /// The implementation in use; a constant to the compiler, so that a call through it is inlined.
    public static final RawMemory RAW = choose(System.getProperty(PROPERTY));

    RawMemory() {}

    /// {@return the implementation for a value of [#PROPERTY]: without a wish `Unsafe` where the JVM allows
    /// it silently, else segments}
    static RawMemory choose(@Nullable String wish) {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new UnsupportedOperationException("Simulated memory needs a little-endian host");
        }
        if (wish == null) {
            return UnsafeRaw.isAllowed() ? new UnsafeRaw() : new SegmentRaw();
        }
        return switch (wish) {
            case "unsafe" -> new UnsafeRaw();
            case "segment" -> new SegmentRaw();
            default ->
                throw new IllegalArgumentException(
                        PROPERTY + "=" + wish + " is not known: write " + PROPERTY + "=unsafe or segment");
        };
    }

    /// {@return the byte at an address, sign-extended as Java has it}
    public abstract byte getByte(long address);

    /// {@return two bytes}
    public abstract short getShort(long address);

    /// {@return four bytes}
    public abstract int getInt(long address);

    /// {@return eight bytes}
    public abstract long getLong(long address);

    /// Stores one byte.
    public abstract void putByte(long address, byte value);

    /// Stores two bytes.
    public abstract void putShort(long address, short value);

    /// Stores four bytes.
    public abstract void putInt(long address, int value);

    /// Stores eight bytes.
    public abstract void putLong(long address, long value);

    /// {@return one byte, read as a volatile is}
    public abstract byte getByteVolatile(long address);

    /// {@return two aligned bytes, read as a volatile is}
    public abstract short getShortVolatile(long address);

    /// {@return four aligned bytes, read as a volatile is}
    public abstract int getIntVolatile(long address);

    /// {@return eight aligned bytes, read as a volatile is}
    public abstract long getLongVolatile(long address);

    /// Stores one byte as a volatile is stored.
    public abstract void putByteVolatile(long address, byte value);

    /// Stores two aligned bytes as a volatile is stored.
    public abstract void putShortVolatile(long address, short value);

    /// Stores four aligned bytes as a volatile is stored.
    public abstract void putIntVolatile(long address, int value);

    /// Stores eight aligned bytes as a volatile is stored.
    public abstract void putLongVolatile(long address, long value);

    /// Stores eight aligned bytes after all earlier accesses.
    public abstract void putLongRelease(long address, long value);

    /// Replaces four aligned bytes if they hold `expected`; volatile semantics.
    ///
    /// @return whether they did
    public abstract boolean compareAndSetInt(long address, int expected, int value);

    /// Replaces eight aligned bytes if they hold `expected`; volatile semantics.
    ///
    /// @return whether they did
    public abstract boolean compareAndSetLong(long address, long expected, long value);

    /// Adds to four aligned bytes.
    ///
    /// @return what they held before
    public abstract int getAndAddInt(long address, int delta);

    /// Adds to eight aligned bytes.
    ///
    /// @return what they held before
    public abstract long getAndAddLong(long address, long delta);

    /// Replaces four aligned bytes.
    ///
    /// @return what they held before
    public abstract int getAndSetInt(long address, int value);

    /// Replaces eight aligned bytes.
    ///
    /// @return what they held before
    public abstract long getAndSetLong(long address, long value);

    /// Copies between two host ranges that do not overlap.
    public abstract void copy(long from, long to, long bytes);

    /// Copies out of host memory; the array range has been checked by the caller or is checked here.
    public abstract void copyOut(long from, byte[] to, int offset, int bytes);

    /// Copies into host memory.
    public abstract void copyIn(byte[] from, int offset, long to, int bytes);

    /// Fills a range with one byte.
    public abstract void fill(long address, long bytes, byte value);

    /// {@return 1, 2, 4 or 8 bytes, zero-extended}
    public final long load(long address, int bytes) {
        return switch (bytes) {
            case 1 -> getByte(address) & 0xffL;
            case 2 -> getShort(address) & 0xffffL;
            case 4 -> getInt(address) & 0xffff_ffffL;
            case 8 -> getLong(address);
            default -> throw badSize(bytes);
        };
    }

    /// Stores 1, 2, 4 or 8 bytes, the lower ones of a value.
    public final void store(long address, int bytes, long value) {
        switch (bytes) {
            case 1 -> putByte(address, (byte) value);
            case 2 -> putShort(address, (short) value);
            case 4 -> putInt(address, (int) value);
            case 8 -> putLong(address, value);
            default -> throw badSize(bytes);
        }
    }

    static IllegalArgumentException badSize(int bytes) {
        return new IllegalArgumentException("Access of " + bytes + " bytes; 1, 2, 4 or 8 are possible");
    }

    /// Replaces 1, 2, 4 or 8 naturally aligned bytes if they hold `expected`.
    ///
    /// @return what they held, zero-extended: equal to `expected` (cut to `bytes`) when the store was made
    public final long compareAndExchange(long address, int bytes, long expected, long value) {
        return switch (bytes) {
            case 1, 2 -> exchangePart(address, bytes, expected, value);
            case 4 -> exchangeInt(address, (int) expected, (int) value);
            case 8 -> exchangeLong(address, expected, value);
            default -> throw new IllegalArgumentException("Atomic access of " + bytes + " bytes");
        };
    }

    private long exchangeLong(long address, long expected, long value) {
        while (true) {
            long witness = getLongVolatile(address);
            if (witness != expected || compareAndSetLong(address, expected, value)) {
                return witness;
            }
        }
    }

    private long exchangeInt(long address, int expected, int value) {
        while (true) {
            int witness = getIntVolatile(address);
            if (witness != expected || compareAndSetInt(address, expected, value)) {
                return Integer.toUnsignedLong(witness);
            }
        }
    }

    private long exchangePart(long address, int bytes, long expected, long value) {
        long word = address & -4L;
        int shift = (int) (address - word) * 8;
        int mask = bytes == 1 ? 0xff : 0xffff;
        while (true) {
            int whole = getIntVolatile(word);
            int witness = whole >>> shift & mask;
            if (witness != ((int) expected & mask)) {
                return witness;
            }
            int replaced = (whole & ~(mask << shift)) | (((int) value & mask) << shift);
            if (compareAndSetInt(word, whole, replaced)) {
                return witness;
            }
        }
    }
}
