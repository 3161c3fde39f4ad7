package dev.ipanema.images.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/// The PE/COFF header that EFI kernels carry (Microsoft PE format; Linux include/linux/pe.h).
///
/// @param machine `IMAGE_FILE_MACHINE_*`
/// @param rawEnd first byte behind the sections' data in the file, 0 when the section table is cut off
record PeFile(int machine, long rawEnd) {
    static final int ARM64 = 0xaa64;

    private static final int POINTER = 0x3c;
    private static final int SIGNATURE = 0x4550;
    private static final int COFF_SIZE = 24;
    private static final int SECTION_SIZE = 40;

    /// {@return the header of a file that has one}
    static Optional<PeFile> of(byte[] file) {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (!Bytes.startsWith(file, 0, 'M', 'Z') || file.length < POINTER + 4) {
            return Optional.empty();
        }
        int header = bytes.getInt(POINTER);
        if (header < 0 || header > file.length - COFF_SIZE || bytes.getInt(header) != SIGNATURE) {
            return Optional.empty();
        }
        int sections = bytes.getShort(header + 6) & 0xffff;
        long table = header + COFF_SIZE + (long) (bytes.getShort(header + 20) & 0xffff);
        long end = 0;
        if (table + (long) sections * SECTION_SIZE <= file.length) {
            for (int i = 0; i < sections; i++) {
                int section = (int) table + i * SECTION_SIZE;
                long size = bytes.getInt(section + 16) & 0xffff_ffffL;
                long offset = bytes.getInt(section + 20) & 0xffff_ffffL;
                end = Math.max(end, offset + size);
            }
        }
        return Optional.of(new PeFile(bytes.getShort(header + 4) & 0xffff, end));
    }

    /// {@return the machine in words}
    String machineName() {
        return switch (machine) {
            case ARM64 -> "arm64";
            case 0x8664 -> "x86-64";
            case 0x014c -> "32-bit x86";
            case 0x01c0, 0x01c2, 0x01c4 -> "32-bit Arm";
            case 0x5032 -> "32-bit RISC-V";
            case 0x5064 -> "64-bit RISC-V";
            case 0x6264 -> "LoongArch";
            default -> "machine 0x" + Integer.toHexString(machine);
        };
    }
}
