package dev.ipanema.arm.a64;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
        RowText text = RowText.parse(line);
        Encoding base = byName.get(text.base());
        String opName = base == null ? text.attribute("op", text.name()) : base.opName();
        Encoding row = new Encoding(text, opName, opNumber(opName));
        if (byName.put(row.name(), row) != null) {
            throw new IllegalStateException("Two rows named " + row.name());
        }
        if (text.base().isEmpty()) {
            rows.add(row);
        } else if (base == null) {
            throw new IllegalStateException("No row " + text.base() + " for alias " + row.name());
        } else {
            List<Encoding> known = aliases.get(base);
            if (known == null) {
                known = new ArrayList<>();
                aliases.put(base, known);
            }
            known.add(row);
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
}
