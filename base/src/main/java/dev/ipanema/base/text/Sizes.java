package dev.ipanema.base.text;

import java.util.Locale;

/// Sizes and numbers as this project's users write them: `512M`, `4G`, `0x40000000`, `4096`.
public final class Sizes {
    public static final long KIB = 1L << 10;
    public static final long MIB = 1L << 20;
    public static final long GIB = 1L << 30;
    public static final long TIB = 1L << 40;

    private Sizes() {}

    /// Reads a size: decimal or `0x` hexadecimal, with an optional suffix K, M, G or T (powers of 1024, either case,
    /// an optional `iB` or `B` behind it).
    ///
    /// @param what names the value in the message of a refusal, for example `-m`
    /// @return the size in bytes, 0 to 2^63-1
    /// @throws BadInput when the text is not a size or does not fit
    public static long parse(String what, String text) {
        String digits = text.strip().toLowerCase(Locale.ROOT);
        boolean hex = digits.startsWith("0x");
        if (digits.endsWith("ib")) {
            digits = digits.substring(0, digits.length() - 2);
        } else if (!hex && digits.endsWith("b")) {
            digits = digits.substring(0, digits.length() - 1);
        }
        int shift = 0;
        if (!digits.isEmpty()) {
            shift = switch (digits.charAt(digits.length() - 1)) {
                case 'k' -> 10;
                case 'm' -> 20;
                case 'g' -> 30;
                case 't' -> 40;
                default -> 0;
            };
        }
        if (shift != 0) {
            digits = digits.substring(0, digits.length() - 1);
        }
        long value;
        try {
            value = hex ? Long.parseUnsignedLong(digits.substring(2), 16) : Long.parseLong(digits);
        } catch (NumberFormatException e) {
            throw new BadInput(what + ": '" + text + "' is not a size (write 512M, 4G, 0x1000)");
        }
        if (value < 0 || value > (Long.MAX_VALUE >>> shift)) {
            throw new BadInput(what + ": '" + text + "' is out of range");
        }
        return value << shift;
    }

    /// Reads an unsigned 64-bit number, decimal or `0x` hexadecimal, without suffix.
    ///
    /// @throws BadInput when the text is not such a number
    public static long parseNumber(String what, String text) {
        String digits = text.strip().toLowerCase(Locale.ROOT);
        try {
            return digits.startsWith("0x")
                    ? Long.parseUnsignedLong(digits.substring(2), 16)
                    : Long.parseUnsignedLong(digits);
        } catch (NumberFormatException e) {
            throw new BadInput(what + ": '" + text + "' is not a number");
        }
    }

    /// {@return a size with the largest suffix that divides it: `2M`, `96G`, `4K`, `100`}
    public static String format(long bytes) {
        if (bytes != 0) {
            String suffixes = "TGMK";
            for (int i = 0; i < suffixes.length(); i++) {
                int shift = 40 - 10 * i;
                if ((bytes & ((1L << shift) - 1)) == 0) {
                    return (bytes >>> shift) + String.valueOf(suffixes.charAt(i));
                }
            }
        }
        return Long.toString(bytes);
    }

    /// {@return an address as `0x…` in lower case without leading zeroes}
    public static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
