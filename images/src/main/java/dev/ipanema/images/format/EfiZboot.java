package dev.ipanema.images.format;

import dev.ipanema.base.text.BadInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// A Linux EFI zboot kernel: an EFI program that carries a compressed arm64 `Image` (Linux
/// drivers/firmware/efi/libstub/zboot-header.S: `MZ`, `zimg` at 4, offset and size of the payload at 8 and 12, name of
/// the compression at 24; the unpacked size follows the payload as 32 bits, and with gzip is its last word).
final class EfiZboot {
    private static final int HEADER_SIZE = 64;
    private static final int PAYLOAD_OFFSET = 8;
    private static final int PAYLOAD_SIZE = 12;
    private static final int METHOD = 24;
    private static final int METHOD_END = 0x38;

    private EfiZboot() {}

    static boolean matches(byte[] file) {
        return Bytes.startsWith(file, 0, 'M', 'Z') && Bytes.startsWith(file, 4, 'z', 'i', 'm', 'g');
    }

    /// {@return the unpacked kernel}
    ///
    /// @param limit bytes that it may have
    static byte[] unpack(String name, byte[] file, long limit) {
        if (file.length < HEADER_SIZE) {
            throw new BadInput(name + ": the EFI zboot header is cut off at " + file.length + " bytes");
        }
        PeFile.of(file).filter(pe -> pe.machine() != PeFile.ARM64).ifPresent(pe -> {
            throw new BadInput(name + ": an EFI zboot kernel for " + pe.machineName() + ", not for arm64");
        });
        ByteBuffer header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long offset = header.getInt(PAYLOAD_OFFSET) & 0xffff_ffffL;
        long size = header.getInt(PAYLOAD_SIZE) & 0xffff_ffffL;
        Compression compression = compression(name, file);
        // With gzip the payload already ends with the size.
        int sizeLength = compression == Compression.GZIP ? 0 : Integer.BYTES;
        if (offset < HEADER_SIZE || offset + size + sizeLength > file.length || size < Integer.BYTES) {
            throw new BadInput(
                    "%s: the EFI zboot payload [0x%x, +0x%x) lies outside the file of 0x%x bytes; the file is cut off or damaged"
                            .formatted(name, offset, size, file.length));
        }
        int end = (int) (offset + size) + sizeLength;
        long unpacked = header.getInt(end - Integer.BYTES) & 0xffff_ffffL;
        if (unpacked > limit) {
            throw new BadInput("%s: the EFI zboot payload unpacks to %d bytes, more than the guest's memory (-m)"
                    .formatted(name, unpacked));
        }
        return compression.unpackExactly(name, file, (int) offset, (int) size, (int) unpacked);
    }

    /// The name was `zstd22` and `xzkern` before it was `zstd` and `xz`.
    private static Compression compression(String name, byte[] file) {
        int end = METHOD;
        while (end < METHOD_END && file[end] != 0) {
            end++;
        }
        String method = new String(file, METHOD, end - METHOD, StandardCharsets.ISO_8859_1);
        for (Compression each : Compression.values()) {
            if (method.startsWith(each.word())) {
                return each;
            }
        }
        throw new BadInput(name + ": an EFI zboot kernel compressed by '" + printable(method)
                + "'; gzip, zstd and xz are understood");
    }

    private static String printable(String text) {
        return text.replaceAll("[^ -~]", "?");
    }
}
