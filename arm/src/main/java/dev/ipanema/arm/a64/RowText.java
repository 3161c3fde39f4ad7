package dev.ipanema.arm.a64;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// One row of the encoding table as text, alternatives already chosen.
///
/// @param name the row's name, of an alias without that of its row
/// @param base the row an alias belongs to, or empty
/// @param bits the second column
/// @param syntax the third
/// @param attributes the fourth, or empty
record RowText(String name, String base, String bits, String syntax, String attributes) {
    /// {@return the row a line describes}
    static RowText parse(String line) {
        String[] columns = {"", "", "", ""};
        int at = 0;
        for (int i = 0; i < columns.length; i++) {
            int end = line.indexOf(" | ", at);
            columns[i] = end < 0 ? line.substring(at) : line.substring(at, end);
            if (end < 0) {
                break;
            }
            at = end + 3;
        }
        String first = columns[0];
        int less = first.indexOf(" < ");
        String name = less < 0 ? first : first.substring(0, less);
        String base = less < 0 ? "" : first.substring(less + 3);
        return new RowText(name, base, columns[1], columns[2], columns[3]);
    }

    /// {@return the value of `key=value` among the attributes, or `otherwise`}
    String attribute(String key, String otherwise) {
        for (int at = attributes.indexOf(key); at >= 0; at = attributes.indexOf(key, at + 1)) {
            int equals = at + key.length();
            boolean whole = at == 0 || attributes.charAt(at - 1) == ' ';
            if (whole && equals < attributes.length() && attributes.charAt(equals) == '=') {
                int end = attributes.indexOf(' ', equals);
                return attributes.substring(equals + 1, end < 0 ? attributes.length() : end);
            }
        }
        return otherwise;
    }

    /// {@return the [Access] bits of `access=LOG2SIZE,LETTERS`}
    int access() {
        String text = attribute("access", "0").toLowerCase(Locale.ROOT);
        int bits = text.charAt(0) - '0';
        for (int i = 2; i < text.length(); i++) {
            bits |= switch (text.charAt(i)) {
                case 's' -> Access.SIGNED;
                case 'x' -> Access.SF;
                case 'a' -> Access.ACQUIRE;
                case 'l' -> Access.RELEASE;
                case 'w' -> Access.WRITE;
                case 'i' -> Access.SYNDROME_VALID;
                case 'u' -> Access.UNPRIVILEGED;
                default -> throw new IllegalStateException("Unknown access " + text + " of " + name);
            };
        }
        return bits;
    }

    /// {@return the constraints of `where=`, over these fields}
    List<Constraint> constraints(BitPattern pattern) {
        List<Constraint> constraints = new ArrayList<>();
        String text = attribute("where", "");
        if (!text.isEmpty()) {
            for (String one : text.split(",", -1)) {
                constraints.add(Constraint.parse(one, pattern.fields()));
            }
        }
        return constraints;
    }
}
