package dev.ipanema.devices.ninep;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A folder of the host whose files can be looked at and read, and from which no path leads out: names are single
/// components, `..` ends at the root, and symbolic links are never followed, only read.
final class SharedFolder {
    private static final int S_IFMT = 0xf000;
    private static final int S_IFDIR = 0x4000;
    private static final int S_IFREG = 0x8000;
    private static final int S_IFLNK = 0xa000;

    private final Path root;

    /// @throws BadInput when it is no folder
    SharedFolder(Path root) {
        try {
            this.root = root.toRealPath();
        } catch (IOException e) {
            throw new BadInput("The folder " + root + " to share does not exist");
        }
        if (!Files.isDirectory(this.root)) {
            throw new BadInput("The path " + root + " to share is not a folder");
        }
    }

    Path root() {
        return root;
    }

    /// What is known of a file without opening it.
    record Attributes(
            int mode,
            int uid,
            int gid,
            long links,
            long device,
            long size,
            long inode,
            long accessNanos,
            long modifyNanos,
            long changeNanos) {
        boolean isDirectory() {
            return (mode & S_IFMT) == S_IFDIR;
        }

        boolean isRegular() {
            return (mode & S_IFMT) == S_IFREG;
        }

        boolean isLink() {
            return (mode & S_IFMT) == S_IFLNK;
        }
    }

    /// {@return what a name leads to}
    ///
    /// @throws NoSuchFileException when it is not a possible name
    Path child(Path folder, String name) throws NoSuchFileException {
        if (name.equals("..")) {
            Path parent = folder.equals(root) ? root : folder.getParent();
            return parent == null ? root : parent;
        }
        if (name.isEmpty() || name.equals(".") || name.indexOf('/') >= 0 || name.indexOf('\0') >= 0) {
            throw new NoSuchFileException(name);
        }
        try {
            return folder.resolve(name);
        } catch (InvalidPathException e) {
            throw new NoSuchFileException(name);
        }
    }

    /// Refuses a path whose folder is, or has become, a link: what it leads to may lie outside.
    private void check(Path path) throws IOException {
        if (path.equals(root)) {
            return;
        }
        Path parent = path.getParent();
        if (parent == null || !parent.startsWith(root) || !parent.toRealPath().equals(parent)) {
            throw new NoSuchFileException(path.toString());
        }
    }

    Attributes attributes(Path path) throws IOException {
        check(path);
        Map<String, Object> unix = Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS);
        return new Attributes(
                (int) number(unix, "mode"),
                (int) number(unix, "uid"),
                (int) number(unix, "gid"),
                number(unix, "nlink"),
                number(unix, "rdev"),
                number(unix, "size"),
                number(unix, "ino") ^ number(unix, "dev") << 48,
                nanos(unix, "lastAccessTime"),
                nanos(unix, "lastModifiedTime"),
                nanos(unix, "ctime"));
    }

    private static long number(Map<String, Object> attributes, String name) {
        return attributes.get(name) instanceof Number number ? number.longValue() : 0;
    }

    private static long nanos(Map<String, Object> attributes, String name) {
        return attributes.get(name) instanceof FileTime time ? time.to(TimeUnit.NANOSECONDS) : 0;
    }

    FileChannel open(Path path) throws IOException {
        check(path);
        return FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    }

    /// {@return the names in a folder, in the order of the host}
    List<String> names(Path path) throws IOException {
        check(path);
        List<String> names = new ArrayList<>();
        try (Stream<Path> children = Files.list(path)) {
            children.forEach(child -> {
                Path name = child.getFileName();
                if (name != null) {
                    names.add(name.toString());
                }
            });
        }
        return names;
    }

    /// {@return where a link points, as text for the guest to follow}
    String link(Path path) throws IOException {
        check(path);
        return Files.readSymbolicLink(path).toString();
    }
}
