package dev.ipanema.images.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// What a Linux kernel module says about itself in its section `.modinfo`: `key=value` strings, each ended by a zero
/// byte (Linux include/linux/module.h, MODULE_INFO).
///
/// @param depends names of the modules that must be loaded before it
/// @param aliases what it serves: `virtio:d00000003v*`
public record KernelModule(List<String> depends, List<String> aliases) {
    private static final int HEADER_SIZE = 64;
    private static final int SECTION_SIZE = 64;

    public KernelModule {
        depends = List.copyOf(depends);
        aliases = List.copyOf(aliases);
    }

    /// Reads an uncompressed module; one without a readable section says nothing.
    public static KernelModule of(byte[] file) {
        String text = modinfo(file);
        List<String> lines = Arrays.asList(text.split("\0+"));
        return new KernelModule(
                lines.stream()
                        .filter(line -> line.startsWith("depends="))
                        .flatMap(line -> Arrays.stream(
                                line.substring("depends=".length()).split(",")))
                        .filter(name -> !name.isBlank())
                        .toList(),
                lines.stream()
                        .filter(line -> line.startsWith("alias="))
                        .map(line -> line.substring("alias=".length()))
                        .toList());
    }

    private static String modinfo(byte[] file) {
        if (!ElfImage.matches(file) || file.length < HEADER_SIZE) {
            return "";
        }
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long table = bytes.getLong(40);
        int count = bytes.getShort(60) & 0xffff;
        int names = bytes.getShort(62) & 0xffff;
        if (!inFile(file, table, (long) count * SECTION_SIZE) || names >= count) {
            return "";
        }
        long nameTable = bytes.getLong((int) table + names * SECTION_SIZE + 24);
        for (int i = 0; i < count; i++) {
            int section = (int) table + i * SECTION_SIZE;
            long name = nameTable + (bytes.getInt(section) & 0xffff_ffffL);
            long offset = bytes.getLong(section + 24);
            long size = bytes.getLong(section + 32);
            if (isModinfo(file, name) && inFile(file, offset, size)) {
                return new String(file, (int) offset, (int) size, StandardCharsets.UTF_8);
            }
        }
        return "";
    }

    private static boolean isModinfo(byte[] file, long name) {
        return inFile(file, name, ".modinfo".length() + 1)
                && Bytes.startsWith(file, (int) name, '.', 'm', 'o', 'd', 'i', 'n', 'f', 'o', 0);
    }

    private static boolean inFile(byte[] file, long offset, long size) {
        return offset >= 0 && size >= 0 && offset <= file.length && size <= file.length - offset;
    }
}
