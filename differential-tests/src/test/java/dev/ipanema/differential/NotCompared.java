package dev.ipanema.differential;

import dev.ipanema.arm.a64.Encoding;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/// What is not compared, and why: the lines of `not-compared.txt`, whose head describes them.
final class NotCompared {
    private static final String RESOURCE = "not-compared.txt";

    /// One line.
    ///
    /// @param rows matches whole names of rows
    /// @param reason a sentence
    /// @param since the version of the second implementation for which it was found, or `any`
    record Entry(Pattern rows, String reason, String since) {}

    private final List<Entry> entries = new ArrayList<>();

    private NotCompared() {}

    /// {@return the list}
    static NotCompared list() {
        NotCompared list = new NotCompared();
        try (InputStream resource = NotCompared.class.getResourceAsStream(RESOURCE);
                BufferedReader lines = new BufferedReader(
                        new InputStreamReader(Objects.requireNonNull(resource, RESOURCE), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    String[] columns = line.split(" \\| ", -1);
                    list.entries.add(new Entry(Pattern.compile(columns[0]), columns[1], columns[2]));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return list;
    }

    List<Entry> entries() {
        return entries;
    }

    /// {@return whether sequences may have instructions of a row}
    boolean allows(Encoding row) {
        return entries.stream()
                .noneMatch(entry -> entry.rows.matcher(row.name()).matches());
    }
}
