package dev.ipanema.images.cpio;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/// Writes an archive in the form `newc` that Linux unpacks into its initial file system (Linux
/// Documentation/driver-api/early-userspace/buffer-format.rst: headers of 110 ASCII bytes, name and data padded to 4).
/// Everything belongs to root and is of 1970, so that equal contents give equal bytes. Paths are relative, without a
/// leading slash; a directory comes before what is in it.
public final class CpioWriter {
    private static final String MAGIC = "070701";
    private static final String TRAILER = "TRAILER!!!";
    private static final int ALIGNMENT = 4;
    private static final int MAX_NAME = 4095;
    private static final int S_IFDIR = 0040000;
    private static final int S_IFREG = 0100000;
    private static final int S_IFLNK = 0120000;
    private static final int S_IFCHR = 0020000;
    private static final int S_IFBLK = 0060000;
    private static final int PERMISSIONS = 07777;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int inode = 1;
    private boolean finished;

    /// Adds a directory.
    ///
    /// @param mode permission bits, such as 0755
    public CpioWriter directory(String path, int mode) {
        return entry(path, S_IFDIR | permissions(mode), new byte[0], 0, 0);
    }

    /// Adds a file.
    ///
    /// @param mode permission bits, such as 0644
    public CpioWriter file(String path, int mode, byte[] contents) {
        return entry(path, S_IFREG | permissions(mode), contents, 0, 0);
    }

    /// Adds a symbolic link.
    public CpioWriter symlink(String path, String target) {
        byte[] contents = target.getBytes(StandardCharsets.UTF_8);
        if (contents.length == 0 || contents.length > MAX_NAME) {
            throw new IllegalArgumentException("The target of " + path + " has " + contents.length + " bytes");
        }
        return entry(path, S_IFLNK | 0777, contents, 0, 0);
    }

    /// Adds a character device.
    public CpioWriter characterDevice(String path, int mode, int major, int minor) {
        return entry(path, S_IFCHR | permissions(mode), new byte[0], major, minor);
    }

    /// Adds a block device.
    public CpioWriter blockDevice(String path, int mode, int major, int minor) {
        return entry(path, S_IFBLK | permissions(mode), new byte[0], major, minor);
    }

    /// Ends the archive.
    ///
    /// @return its bytes, a multiple of 4
    public byte[] finish() {
        if (!finished) {
            header(TRAILER, 0, 0, 0, 0, 0);
            finished = true;
        }
        return out.toByteArray();
    }

    /// {@return the archive, ended and compressed by gzip}
    public byte[] finishGzip() {
        return gzip(finish());
    }

    /// {@return archives one behind the other as Linux reads them, each of them compressed or not: later files replace
    /// earlier ones of the same name}
    public static byte[] concatenate(byte[]... archives) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] archive : archives) {
            // init/initramfs.c accepts an uncompressed header only at a multiple of 4, and skips zeroes before it.
            pad(all);
            all.writeBytes(archive);
        }
        return all.toByteArray();
    }

    private static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream stream = new GZIPOutputStream(packed) {
            {
                def.setLevel(Deflater.BEST_COMPRESSION);
            }
        }) {
            stream.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("Memory cannot be written", e);
        }
        return packed.toByteArray();
    }

    private static int permissions(int mode) {
        if ((mode & ~PERMISSIONS) != 0) {
            throw new IllegalArgumentException("Not permission bits: 0" + Integer.toOctalString(mode));
        }
        return mode;
    }

    private CpioWriter entry(String path, int mode, byte[] contents, int major, int minor) {
        if (finished) {
            throw new IllegalStateException("The archive is finished, " + path + " comes too late");
        }
        if (path.isEmpty() || path.startsWith("/") || path.equals(TRAILER) || path.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("Not a path in an archive: '" + path + "'");
        }
        header(path, inode++, mode, contents.length, major, minor);
        out.writeBytes(contents);
        pad(out);
        return this;
    }

    private void header(String path, int number, int mode, int size, int major, int minor) {
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        if (name.length > MAX_NAME) {
            throw new IllegalArgumentException("A path of " + name.length + " bytes: " + path);
        }
        // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
        int[] fields = {number, mode, 0, 0, 1, 0, size, 0, 0, major, minor, name.length + 1, 0};
        StringBuilder text = new StringBuilder(MAGIC);
        for (int field : fields) {
            text.append("%08x".formatted(field));
        }
        out.writeBytes(text.toString().getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(name);
        out.write(0);
        pad(out);
    }

    private static void pad(ByteArrayOutputStream stream) {
        while (stream.size() % ALIGNMENT != 0) {
            stream.write(0);
        }
    }
}
