package dev.ipanema.arm.a64;

import java.util.LinkedHashMap;
import java.util.Map;

/// The bits of an encoding from bit 31 down, written `0 00 100010 sh:1 imm12:12 Rn:5 Rd:5`: fixed bits and
/// fields. A `-` is a bit that is ignored and should be one, a `~` one that is ignored and should be zero;
/// spaces only help the eye.
///
/// @param mask the fixed bits
/// @param value their values
/// @param shouldBeOne the bits written `-`
/// @param fields by name, from the top
record BitPattern(int mask, int value, int shouldBeOne, Map<String, Field> fields) {
    /// {@return the pattern written as `text`}
    ///
    /// @throws IllegalStateException it is not 32 bits long
    static BitPattern parse(String text) {
        Map<String, Field> fields = new LinkedHashMap<>();
        int mask = 0;
        int value = 0;
        int ones = 0;
        int bit = Integer.SIZE;
        for (String token : text.split(" ", -1)) {
            int colon = token.indexOf(':');
            if (colon > 0) {
                int width = Integer.parseInt(token.substring(colon + 1));
                bit -= width;
                String name = token.substring(0, colon);
                fields.put(name, new Field(name, bit, width));
                continue;
            }
            for (int i = 0; i < token.length(); i++) {
                int one = 1 << --bit;
                switch (token.charAt(i)) {
                    case '0' -> mask |= one;
                    case '1' -> {
                        mask |= one;
                        value |= one;
                    }
                    case '-' -> ones |= one;
                    default -> {}
                }
            }
        }
        if (bit != 0) {
            throw new IllegalStateException("A pattern of " + (Integer.SIZE - bit) + " bits: " + text);
        }
        return new BitPattern(mask, value, ones, fields);
    }

    /// {@return the fixed bits of a pattern, in the upper half, and their values, in the lower}
    static long fixed(String text) {
        int mask = 0;
        int value = 0;
        int bit = Integer.SIZE;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == ' ') {
                continue;
            }
            int end = text.indexOf(' ', i);
            int colon = text.indexOf(':', i);
            int tokenEnd = end < 0 ? text.length() : end;
            if (colon >= 0 && colon < tokenEnd) {
                bit -= Integer.parseInt(text, colon + 1, tokenEnd, 10);
                i = tokenEnd - 1;
                continue;
            }
            bit--;
            if (c == '0' || c == '1') {
                mask |= 1 << bit;
                value |= (c - '0') << bit;
            }
        }
        return ((long) mask << Integer.SIZE) | Integer.toUnsignedLong(value);
    }

    /// {@return a word with the fields of `insn`, the fixed bits and the bits that should be so}
    int canonical(int insn) {
        int free = 0;
        for (Field field : fields.values()) {
            free |= field.put(field.max());
        }
        return value | shouldBeOne | (insn & free);
    }
}
