package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Files that a command writes because an option names them.
final class OutputFiles {
    private OutputFiles() {}

    /// Writes a file.
    ///
    /// @throws BadInput when that is not possible
    static void write(Path path, byte[] bytes) {
        try {
            Files.write(path, bytes);
        } catch (IOException e) {
            throw new BadInput(path + ": cannot be written (" + e.getMessage() + ")");
        }
    }

    /// Writes a file of text.
    ///
    /// @throws BadInput when that is not possible
    static void write(Path path, String text) {
        write(path, text.getBytes(StandardCharsets.UTF_8));
    }
}
