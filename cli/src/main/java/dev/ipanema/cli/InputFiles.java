package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Files that a command reads whole.
final class InputFiles {
    private static final int MAX_BYTES = 256 << 20;

    private InputFiles() {}

    /// Reads a file.
    ///
    /// @param what it should be, for the message when it is a directory or too large: `an image`
    /// @throws BadInput when it cannot be read
    static byte[] read(Path path, String what) {
        try {
            if (Files.isDirectory(path)) {
                throw new BadInput(path + ": a directory, not " + what);
            }
            return readBytes(path, what);
        } catch (NoSuchFileException e) {
            throw new BadInput(path + ": no such file");
        } catch (IOException e) {
            throw new BadInput(path + ": cannot be read (" + e.getMessage() + ")");
        }
    }

    /// Reads a file that may be a pipe or a device, whose size says nothing.
    private static byte[] readBytes(Path path, String what) throws IOException {
        if (Files.size(path) <= MAX_BYTES) {
            try (InputStream stream = Files.newInputStream(path)) {
                byte[] bytes = stream.readNBytes(MAX_BYTES + 1);
                if (bytes.length <= MAX_BYTES) {
                    return bytes;
                }
            }
        }
        throw new BadInput(path + ": " + what + " of more than " + Sizes.format(MAX_BYTES));
    }
}
