package dev.ipanema.images.format;

import dev.ipanema.base.text.BadInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/// The arm64 Linux `Image` (Linux Documentation/arch/arm64/booting.rst: a header of 64 bytes, magic `ARM\x64` at 56).
final class Arm64Image {
    private static final int HEADER_SIZE = 64;
    private static final int TEXT_OFFSET = 8;
    private static final int IMAGE_SIZE = 16;
    private static final int FLAGS = 24;
    private static final int MAGIC = 56;
    private static final int MAGIC_VALUE = 0x644d5241;
    private static final long MAX_TEXT_OFFSET = 2L << 20;
    private static final int FILE_ALIGNMENT = 4096;

    private Arm64Image() {}

    static boolean matches(byte[] file) {
        return file.length >= HEADER_SIZE
                && ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(MAGIC) == MAGIC_VALUE;
    }

    static GuestImage read(String name, byte[] file, long ramBase) {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        Arm64Header header =
                new Arm64Header(bytes.getLong(TEXT_OFFSET), bytes.getLong(IMAGE_SIZE), bytes.getLong(FLAGS));
        long textOffset = header.textOffset();
        long imageSize = header.imageSize();
        if (header.bigEndian()) {
            throw new BadInput(name + ": a big-endian arm64 Image; only little-endian guests run here");
        }
        if (textOffset < 0 || textOffset >= MAX_TEXT_OFFSET) {
            throw new BadInput(
                    "%s: the Image header's text_offset 0x%x is not below 2 MiB".formatted(name, textOffset));
        }
        if (imageSize == 0) {
            // Kernels before 3.17: text_offset is not to be trusted and the size is unknown.
            textOffset = GuestImage.FLAT_OFFSET;
            imageSize = file.length;
        }
        if (imageSize < 0) {
            throw new BadInput("%s: the Image header's image_size 0x%x is impossible".formatted(name, imageSize));
        }
        checkWhole(name, file);
        long address = ramBase + textOffset;
        Segment segment = new Segment(address, file, 0, file.length, Math.max(imageSize, file.length));
        return new GuestImage("arm64 Image", address, List.of(segment), SymbolTable.EMPTY, header);
    }

    /// The Image header does not say how long the file is; the EFI header behind it does.
    private static void checkWhole(String name, byte[] file) {
        PeFile.of(file).ifPresent(pe -> {
            if (pe.machine() != PeFile.ARM64) {
                throw new BadInput(name + ": an EFI program for " + pe.machineName() + ", not for arm64");
            }
            if (pe.rawEnd() > file.length + FILE_ALIGNMENT) {
                throw new BadInput("%s: the file is cut off: its sections end at 0x%x, it has 0x%x bytes"
                        .formatted(name, pe.rawEnd(), file.length));
            }
        });
    }
}
