package dev.ipanema.devices.ninep;

import dev.ipanema.devices.bus.LittleEndian;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A 9P message that is read or written field by field. A field behind the end of what was received makes the message
/// [#isBroken()]; it reads as zero or empty.
final class Message {
    static final int HEADER = 7;

    private final byte[] bytes;
    private int position = HEADER;
    private int end;
    private boolean broken;

    Message(int size) {
        bytes = new byte[size];
    }

    byte[] bytes() {
        return bytes;
    }

    int position() {
        return position;
    }

    /// {@return bytes that still fit behind what was written}
    int room() {
        return end - position;
    }

    boolean isBroken() {
        return broken;
    }

    /// Begins reading a message that was received.
    void received(int length) {
        position = HEADER;
        end = length;
        broken = false;
    }

    /// Begins writing a message of at most `limit` bytes.
    void begin(int limit) {
        position = HEADER;
        end = Math.min(limit, bytes.length);
        broken = false;
    }

    /// Completes a message.
    ///
    /// @return its length
    int finish(int type, int tag) {
        LittleEndian.put32(bytes, 0, position);
        bytes[4] = (byte) type;
        LittleEndian.put16(bytes, 5, tag);
        return position;
    }

    private int take(int length) {
        if (length > end - position) {
            broken = true;
            return -1;
        }
        int at = position;
        position += length;
        return at;
    }

    int get16() {
        int at = take(Short.BYTES);
        return at < 0 ? 0 : LittleEndian.get16(bytes, at);
    }

    int get32() {
        int at = take(Integer.BYTES);
        return at < 0 ? 0 : LittleEndian.get32(bytes, at);
    }

    long get64() {
        int at = take(Long.BYTES);
        return at < 0 ? 0 : LittleEndian.get64(bytes, at);
    }

    String getString() {
        int length = get16();
        int at = take(length);
        return at < 0 ? "" : new String(bytes, at, length, StandardCharsets.UTF_8);
    }

    void put8(int value) {
        int at = take(1);
        if (at >= 0) {
            bytes[at] = (byte) value;
        }
    }

    void put16(int value) {
        int at = take(Short.BYTES);
        if (at >= 0) {
            LittleEndian.put16(bytes, at, value);
        }
    }

    void put32(int value) {
        int at = take(Integer.BYTES);
        if (at >= 0) {
            LittleEndian.put32(bytes, at, value);
        }
    }

    void put64(long value) {
        int at = take(Long.BYTES);
        if (at >= 0) {
            LittleEndian.put64(bytes, at, value);
        }
    }

    void putString(byte[] text) {
        put16(text.length);
        int at = take(text.length);
        if (at >= 0) {
            System.arraycopy(text, 0, bytes, at, text.length);
        }
    }

    /// Puts zeros.
    void putZeros(int length) {
        int at = take(length);
        if (at >= 0) {
            Arrays.fill(bytes, at, at + length, (byte) 0);
        }
    }

    /// Leaves room for bytes that are filled in by the caller.
    ///
    /// @return where, negative when there is not enough
    int reserve(int length) {
        return take(length);
    }
}
