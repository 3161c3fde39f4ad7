package dev.ipanema.devices.bus;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Little-endian scalars in byte arrays.
public final class LittleEndian {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private LittleEndian() {}

    /// {@return two bytes, zero-extended}
    public static int get16(byte[] from, int at) {
        return (short) SHORT.get(from, at) & 0xffff;
    }

    /// {@return four bytes}
    public static int get32(byte[] from, int at) {
        return (int) INT.get(from, at);
    }

    /// {@return four bytes, zero-extended}
    public static long getU32(byte[] from, int at) {
        return Integer.toUnsignedLong(get32(from, at));
    }

    /// {@return eight bytes}
    public static long get64(byte[] from, int at) {
        return (long) LONG.get(from, at);
    }

    /// Puts two bytes.
    public static void put16(byte[] to, int at, int value) {
        SHORT.set(to, at, (short) value);
    }

    /// Puts four bytes.
    public static void put32(byte[] to, int at, int value) {
        INT.set(to, at, value);
    }

    /// Puts eight bytes.
    public static void put64(byte[] to, int at, long value) {
        LONG.set(to, at, value);
    }
}
