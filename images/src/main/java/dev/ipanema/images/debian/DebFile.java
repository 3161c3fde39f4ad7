package dev.ipanema.images.debian;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.images.format.Compression;
import io.airlift.compress.MalformedInputException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/// A Debian package file (deb(5)): an `ar` archive whose member `data.tar`, compressed or not, holds the files.
public final class DebFile {
    private static final String DATA = "data.tar";
    private static final long MAX_FILE = 512 * Sizes.MIB;
    private static final long MAX_TOTAL = 2 * Sizes.GIB;

    private DebFile() {}

    /// Reads files of a package.
    ///
    /// @param wanted tells by the path, without `./` in front, whether a file is wanted
    /// @return contents by path, in order of the paths; links and directories are passed over
    /// @throws BadInput when the package is damaged or unpacks to more than 2 GiB
    public static Map<String, byte[]> read(Path deb, Predicate<String> wanted) {
        try (ArArchiveInputStream archive =
                new ArArchiveInputStream(new BufferedInputStream(Files.newInputStream(deb)))) {
            for (ArArchiveEntry member = archive.getNextEntry(); member != null; member = archive.getNextEntry()) {
                // GNU ar puts a slash behind a name.
                String name = member.getName().replaceFirst("/$", "");
                if (name.startsWith(DATA)) {
                    return readData(deb, open(deb, name.substring(DATA.length()), archive), wanted);
                }
            }
            throw new BadInput(deb + ": no " + DATA + " in this package");
        } catch (IOException | MalformedInputException | IllegalArgumentException e) {
            throw new BadInput(deb + ": the package is damaged (" + e.getMessage() + ")");
        }
    }

    private static InputStream open(Path deb, String suffix, InputStream packed) throws IOException {
        return switch (suffix) {
            case "" -> packed;
            case ".gz" -> Compression.GZIP.open(packed);
            case ".xz" -> Compression.XZ.open(packed);
            case ".zst" -> Compression.ZSTD.open(packed);
            default -> throw new BadInput(deb + ": " + DATA + suffix + "; gz, xz and zst are understood");
        };
    }

    private static Map<String, byte[]> readData(Path deb, InputStream data, Predicate<String> wanted)
            throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        long total = 0;
        try (TarArchiveInputStream tar = new TarArchiveInputStream(data)) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                long size = entry.getSize();
                total += size;
                if (size < 0 || size > MAX_FILE || total > MAX_TOTAL) {
                    throw new BadInput("%s: %s has %d bytes, more than is believed of a package"
                            .formatted(deb, entry.getName(), size));
                }
                String path = entry.getName().replaceFirst("^\\./", "");
                if (entry.isFile() && !entry.isSymbolicLink() && !entry.isLink() && wanted.test(path)) {
                    byte[] contents = tar.readNBytes((int) size);
                    if (contents.length != size) {
                        throw new BadInput(deb + ": " + path + " is cut off");
                    }
                    files.put(path, contents);
                }
            }
        }
        return files;
    }
}
