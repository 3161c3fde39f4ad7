package dev.ipanema.images.catalog;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Makes what looks like a kernel module from outside.
final class ModuleFixture {
    private ModuleFixture() {}

    /// {@return an ELF with a section `.modinfo`}
    static byte[] module(String... lines) {
        byte[] modinfo = (String.join("\0", lines) + "\0").getBytes(StandardCharsets.UTF_8);
        byte[] names = "\0.modinfo\0".getBytes(StandardCharsets.UTF_8);
        int strings = 64 + modinfo.length;
        int table = strings + names.length;
        ByteBuffer elf = ByteBuffer.allocate(table + 3 * 64).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).putLong(40, table);
        elf.putShort(58, (short) 64).putShort(60, (short) 3).putShort(62, (short) 2);
        elf.put(64, modinfo).put(strings, names);
        elf.putInt(table + 64, 1).putLong(table + 64 + 24, 64).putLong(table + 64 + 32, modinfo.length);
        elf.putLong(table + 128 + 24, strings).putLong(table + 128 + 32, names.length);
        return elf.array();
    }
}
