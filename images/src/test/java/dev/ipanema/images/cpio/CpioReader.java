package dev.ipanema.images.cpio;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/// Reads archives in the form `newc` as Linux's init/initramfs.c does: several, one behind the other, zeroes between.
public final class CpioReader {
    private static final int HEADER = 110;

    /// One thing in an archive.
    @SuppressWarnings("ArrayRecordComponent")
    public record Entry(int mode, int links, byte[] contents, int major, int minor) {
        public String text() {
            return new String(contents, StandardCharsets.UTF_8);
        }
    }

    private CpioReader() {}

    /// {@return everything by its path, the last of equal paths}
    public static Map<String, Entry> read(byte[] archives) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        int at = 0;
        while (at < archives.length) {
            if (archives[at] == 0) {
                at++;
                continue;
            }
            if (at % 4 != 0 || !string(archives, at, 6).equals("070701")) {
                throw new IllegalArgumentException("no header at " + at);
            }
            int nameSize = field(archives, at, 11);
            int size = field(archives, at, 6);
            String name = string(archives, at + HEADER, nameSize - 1);
            if (archives[at + HEADER + nameSize - 1] != 0) {
                throw new IllegalArgumentException(name + " does not end");
            }
            int data = align(at + HEADER + nameSize);
            if (!name.equals("TRAILER!!!")) {
                byte[] contents = new byte[size];
                System.arraycopy(archives, data, contents, 0, size);
                entries.put(
                        name,
                        new Entry(
                                field(archives, at, 1),
                                field(archives, at, 4),
                                contents,
                                field(archives, at, 9),
                                field(archives, at, 10)));
            }
            at = align(data + size);
        }
        return entries;
    }

    private static int field(byte[] archives, int at, int number) {
        return Integer.parseUnsignedInt(string(archives, at + 6 + 8 * number, 8), 16);
    }

    private static String string(byte[] archives, int at, int length) {
        return new String(archives, at, length, StandardCharsets.UTF_8);
    }

    private static int align(int at) {
        return (at + 3) & ~3;
    }
}
