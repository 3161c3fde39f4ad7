package dev.ipanema.cli;

import java.util.ArrayList;
import java.util.List;

/// A command that repeats what was run, for a POSIX shell at the root of a clone.
///
/// @param line the command, on one line
/// @param isSame whether it takes the course that the run took; else it repeats itself exactly, and the run that it
///     comes from did not have to take the same course
record Again(String line, boolean isSame) {
    private static final String TOOL = "./ipanema";
    private static final String PLAIN = "[A-Za-z0-9_@%+=:,./-]+";
    private static final String NOTE = " (this run was not deterministic; the command is, and may take another course)";

    /// {@return the command that was given}
    ///
    /// @param words the command's name and its arguments
    static Again same(List<String> words) {
        return new Again(line(words), true);
    }

    /// {@return the command that was given, with options that make it repeat itself}
    ///
    /// @param words the command's name and its arguments
    /// @param options what is added behind the name
    static Again made(List<String> words, List<String> options) {
        List<String> all = new ArrayList<>(words);
        all.addAll(1, options);
        return new Again(line(all), false);
    }

    private static String line(List<String> words) {
        StringBuilder text = new StringBuilder(TOOL);
        words.forEach(word -> text.append(' ').append(quote(word)));
        return text.toString();
    }

    /// {@return a word as a POSIX shell takes it back (XCU 2.2.2: nothing is special between single quotes)}
    static String quote(String word) {
        return word.matches(PLAIN) ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    /// {@return it for people}
    @Override
    public String toString() {
        return isSame ? line : line + NOTE;
    }
}
