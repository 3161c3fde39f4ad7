package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Files that a command writes because an option names them.
final class OutputFiles {
    private OutputFiles() {}

    /// Refuses a file that could not be written, before long work that ends in it.
    ///
    /// @throws BadInput for a folder, and for a file in no folder or in one that may not be written
    static void require(Path path) {
        Path folder = path.toAbsolutePath().getParent();
        boolean possible = Files.exists(path)
                ? !Files.isDirectory(path) && Files.isWritable(path)
                : folder != null && Files.isDirectory(folder) && Files.isWritable(folder);
        if (!possible) {
            throw new BadInput(path + ": cannot be written");
        }
    }

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
