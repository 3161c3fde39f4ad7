package dev.ipanema.images.format;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import java.util.List;
import java.util.Locale;

/// A guest image, read and checked: what to put where, where to start, and its symbols if it has any.
///
/// @param format what the file is, in words
/// @param entry guest-physical address of the first instruction
/// @param segments in ascending order of address, not overlapping, each inside the memory that was given
/// @param symbols functions of the image, empty when it has none
public record GuestImage(String format, long entry, List<Segment> segments, SymbolTable symbols) {
    /// Where a headerless image is put, relative to the start of RAM, as arm64 kernels before `image_size` expect.
    public static final long FLAT_OFFSET = 0x80000;

    public GuestImage {
        segments = List.copyOf(segments);
    }

    /// Reads an image of whichever format it has: ELF, arm64 `Image`, or headerless when that is asked for or the
    /// name ends in `.flat` or `.bin`.
    ///
    /// @param name the file's name, for messages and for its ending
    /// @param flat take it as headerless whatever it looks like
    /// @param ramBase first guest-physical address of RAM
    /// @param ramSize bytes of RAM; every segment must fit
    /// @throws BadInput when the file is none of these or does not fit
    public static GuestImage read(String name, byte[] file, boolean flat, long ramBase, long ramSize) {
        String lower = name.toLowerCase(Locale.ROOT);
        GuestImage image;
        if (flat) {
            image = flatImage(file, ramBase);
        } else if (ElfImage.matches(file)) {
            image = ElfImage.read(name, file);
        } else if (Arm64Image.matches(file)) {
            image = Arm64Image.read(name, file, ramBase);
        } else if (lower.endsWith(".flat") || lower.endsWith(".bin")) {
            image = flatImage(file, ramBase);
        } else {
            throw new BadInput(name + ": " + describeUnknown(file)
                    + "; an arm64 ELF or an arm64 Image is expected, or a headerless image with --flat");
        }
        for (Segment segment : image.segments()) {
            if (segment.address() < ramBase
                    || segment.memorySize() > ramSize
                    || segment.address() - ramBase > ramSize - segment.memorySize()) {
                throw new BadInput("%s: segment %s does not fit the guest's memory [0x%x, 0x%x) of %s (-m)"
                        .formatted(name, segment, ramBase, ramBase + ramSize, Sizes.format(ramSize)));
            }
        }
        return image;
    }

    private static GuestImage flatImage(byte[] file, long ramBase) {
        if (file.length == 0) {
            throw new BadInput("the image is empty");
        }
        long address = ramBase + FLAT_OFFSET;
        return new GuestImage(
                "headerless image",
                address,
                List.of(new Segment(address, file, 0, file.length, file.length)),
                SymbolTable.EMPTY);
    }

    private static String describeUnknown(byte[] file) {
        if (file.length == 0) {
            return "the file is empty";
        }
        if (startsWith(file, 0, 0x1f, 0x8b)) {
            return "a gzip file; unpack it first (gunzip)";
        }
        if (startsWith(file, 0, 'M', 'Z') && startsWith(file, 4, 'z', 'i', 'm', 'g')) {
            return "an EFI zboot kernel, which is compressed; extract its Image first";
        }
        if (startsWith(file, 0, 0xd0, 0x0d, 0xfe, 0xed)) {
            return "a device tree";
        }
        if (startsWith(file, 0, 'M', 'Z')) {
            return "a PE file without the arm64 Image header";
        }
        return "not a format that is known here";
    }

    private static boolean startsWith(byte[] file, int offset, int... bytes) {
        if (file.length < offset + bytes.length) {
            return false;
        }
        for (int i = 0; i < bytes.length; i++) {
            if ((file[offset + i] & 0xff) != bytes[i]) {
                return false;
            }
        }
        return true;
    }
}
