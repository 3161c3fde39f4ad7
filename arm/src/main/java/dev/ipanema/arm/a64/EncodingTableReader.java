package dev.ipanema.arm.a64;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads the lines of the encoding table, in the form its head describes.
final class EncodingTableReader {
    private final List<Encoding> rows = new ArrayList<>();
    private final List<String> opNames = new ArrayList<>(List.of("UNALLOCATED"));
    private final Map<String, Integer> opNumbers = new HashMap<>();
    private final Map<String, List<String>> groups = new LinkedHashMap<>();
    private final Map<String, Encoding> byName = new HashMap<>();
    private final Map<Encoding, List<Encoding>> aliases = new HashMap<>();
    private List<String> group = new ArrayList<>();

    List<Encoding> rows() {
        return rows;
    }

    List<String> opNames() {
        return opNames;
    }

    Map<String, List<String>> groups() {
        return groups;
    }

    Map<String, Encoding> byName() {
        return byName;
    }

    Map<Encoding, List<Encoding>> aliases() {
        return aliases;
    }

    void line(String line) {
        if (line.isEmpty() || line.charAt(0) == '#') {
            return;
        }
        if (line.startsWith("== ")) {
            group = new ArrayList<>();
            groups.put(line.substring(3), group);
            return;
        }
        int alternatives = alternatives(line);
        for (int i = 0; i < alternatives; i++) {
            row(alternative(line, i));
        }
    }

    private void row(String line) {
        String[] columns = line.split(" \\| ", -1);
        String[] names = columns[0].split(" < ", -1);
        Attributes attributes = new Attributes(columns.length > 3 ? columns[3] : "");
        BitPattern pattern = BitPattern.parse(columns[1]);
        Encoding base = names.length > 1 ? byName.get(names[1]) : null;
        String opName = base == null ? attributes.get("op", names[0]) : base.opName();
        int access = attributes.access();
        OperandFactory operands = new OperandFactory(names[0], pattern.fields(), Access.log2Size(access));
        String feature = attributes.get("feature", "");
        Encoding row = new Encoding(
                names[0],
                opName,
                opNumber(opName),
                pattern,
                Syntax.parse(columns[2], operands::operand),
                attributes.constraints(pattern),
                feature.isEmpty() ? null : A64Feature.valueOf(feature),
                attributes.get("refines", ""),
                access,
                Long.parseLong(attributes.get("imm", "0")));
        if (byName.put(row.name(), row) != null) {
            throw new IllegalStateException("Two rows named " + row.name());
        }
        if (base == null) {
            rows.add(row);
        } else {
            aliases.computeIfAbsent(base, _ -> new ArrayList<>()).add(row);
        }
    }

    private int opNumber(String name) {
        Integer known = opNumbers.get(name);
        if (known != null) {
            return known;
        }
        opNumbers.put(name, opNames.size());
        opNames.add(name);
        group.add(name);
        return opNames.size() - 1;
    }

    private static int alternatives(String line) {
        int open = choice(line, 0);
        if (open < 0) {
            return 1;
        }
        return line.substring(open, line.indexOf(')', open)).split("/", -1).length;
    }

    /// {@return the line with the `index`th of each `(a/b/…)`}
    private static String alternative(String line, int index) {
        StringBuilder text = new StringBuilder();
        int at = 0;
        for (int open = choice(line, 0); open >= 0; open = choice(line, at)) {
            int close = line.indexOf(')', open);
            text.append(line, at, open).append(line.substring(open + 1, close).split("/", -1)[index]);
            at = close + 1;
        }
        return text.append(line, at, line.length()).toString();
    }

    /// {@return where the next `(a/b)` opens, or -1; `even(Rt)` is none}
    private static int choice(String line, int from) {
        for (int open = line.indexOf('(', from); open >= 0; open = line.indexOf('(', open + 1)) {
            int close = line.indexOf(')', open);
            int slash = line.indexOf('/', open);
            if (slash >= 0 && slash < close) {
                return open;
            }
        }
        return -1;
    }

    /// The last column: `key=value` words.
    private static final class Attributes {
        private final Map<String, String> values = new HashMap<>();

        Attributes(String text) {
            for (String word : text.split(" ", -1)) {
                int equals = word.indexOf('=');
                if (equals > 0) {
                    values.put(word.substring(0, equals), word.substring(equals + 1));
                } else if (!word.isEmpty()) {
                    throw new IllegalStateException("Not an attribute: " + word);
                }
            }
        }

        String get(String key, String otherwise) {
            return values.getOrDefault(key, otherwise);
        }

        List<Constraint> constraints(BitPattern pattern) {
            List<Constraint> constraints = new ArrayList<>();
            @Nullable String text = values.get("where");
            if (text != null) {
                for (String one : text.split(",", -1)) {
                    constraints.add(Constraint.parse(one, pattern.fields()));
                }
            }
            return constraints;
        }

        /// {@return the [Access] bits written `access=LOG2SIZE,LETTERS`}
        int access() {
            String text = get("access", "0").toLowerCase(Locale.ROOT);
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
                    default -> throw new IllegalStateException("Unknown access " + text);
                };
            }
            return bits;
        }
    }
}
