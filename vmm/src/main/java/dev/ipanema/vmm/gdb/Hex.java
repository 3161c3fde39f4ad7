package dev.ipanema.vmm.gdb;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Hexadecimal text as the protocol uses it.
final class Hex {
    private static final String DIGITS = "0123456789abcdef";

    private Hex() {}

    /// Appends one byte.
    static void append(StringBuilder text, int value) {
        text.append(DIGITS.charAt(value >>> 4 & 0xf)).append(DIGITS.charAt(value & 0xf));
    }

    /// {@return two digits a byte}
    static String of(byte[] bytes) {
        StringBuilder text = new StringBuilder(2 * bytes.length);
        for (byte b : bytes) {
            append(text, b & 0xff);
        }
        return text.toString();
    }

    /// {@return the UTF-8 bytes of a text, two digits a byte}
    static String of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /// {@return the bytes of a text of pairs of digits, null when it is none}
    static byte @Nullable [] bytes(String text) {
        if (text.length() % 2 != 0) {
            return null;
        }
        byte[] bytes = new byte[text.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            int high = Character.digit(text.charAt(2 * i), 16);
            int low = Character.digit(text.charAt(2 * i + 1), 16);
            if (high < 0 || low < 0) {
                return null;
            }
            bytes[i] = (byte) (high << 4 | low);
        }
        return bytes;
    }

    /// {@return a number of up to 16 digits, or `missing` when it is malformed}
    static long number(String text, long missing) {
        try {
            return Long.parseUnsignedLong(text, 16);
        } catch (NumberFormatException e) {
            return missing;
        }
    }
}
