package dev.ipanema.images.debian;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Debian's control syntax (Debian Policy 5.1), which package indices and apt's `.sources` files are written in:
/// paragraphs of `Field: value`, continued by lines that begin with a blank, separated by empty lines.
final class ControlText {
    private ControlText() {}

    /// {@return the paragraphs, each by field name in lower case; lines that are no fields are passed over}
    static List<Map<String, String>> paragraphs(String text) {
        List<Map<String, String>> paragraphs = new ArrayList<>();
        Map<String, String> fields = new LinkedHashMap<>();
        String last = "";
        for (String line : text.lines().toList()) {
            if (line.isBlank()) {
                if (!fields.isEmpty()) {
                    paragraphs.add(fields);
                }
                fields = new LinkedHashMap<>();
                last = "";
            } else if (line.charAt(0) == ' ' || line.charAt(0) == '\t') {
                fields.computeIfPresent(last, (key, value) -> (value + "\n" + line.strip()).strip());
            } else {
                int colon = line.indexOf(':');
                if (colon > 0 && line.charAt(0) != '#') {
                    last = line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
                    fields.put(last, line.substring(colon + 1).strip());
                }
            }
        }
        if (!fields.isEmpty()) {
            paragraphs.add(fields);
        }
        return paragraphs;
    }
}
