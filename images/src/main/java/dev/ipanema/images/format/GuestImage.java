package dev.ipanema.images.format;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A guest image, read and checked: what to put where, where to start, and its symbols if it has any.
///
/// @param format what the file is, in words
/// @param entry guest-physical address of the first instruction
/// @param segments in ascending order of address, not overlapping, each inside the memory that was given
/// @param symbols functions of the image, empty when it has none
/// @param header of an arm64 `Image`, null for other formats
public record GuestImage(
        String format,
        long entry,
        List<Segment> segments,
        SymbolTable symbols,
        @Nullable Arm64Header header) {
    /// Where a headerless image is put, relative to the start of RAM, as arm64 kernels before `image_size` expect.
    public static final long FLAT_OFFSET = 0x80000;

    /// An EFI zboot kernel inside gzip.
    private static final int PACKINGS = 2;

    public GuestImage {
        segments = List.copyOf(segments);
    }

    /// Reads an image of whichever format it has: ELF, arm64 `Image`, either of them compressed (gzip, xz, zstd), an
    /// EFI
    /// zboot kernel, or headerless when that is asked for or the name ends in `.flat` or `.bin`.
    ///
    /// @param name the file's name, for messages and for its ending
    /// @param flat take it as headerless whatever it looks like
    /// @param ramBase first guest-physical address of RAM
    /// @param ramSize bytes of RAM; every segment must fit, and nothing is unpacked to more
    /// @throws BadInput when the file is none of these or does not fit
    public static GuestImage read(String name, byte[] file, boolean flat, long ramBase, long ramSize) {
        GuestImage image = flat ? flatImage(name, file, ramBase) : recognize(name, file, ramBase, ramSize, PACKINGS);
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

    /// @param packings how often the file may have to be unpacked
    private static GuestImage recognize(String name, byte[] file, long ramBase, long ramSize, int packings) {
        if (ElfImage.matches(file)) {
            return ElfImage.read(name, file);
        }
        if (EfiZboot.matches(file)) {
            return unpacked(name, "EFI zboot", EfiZboot.unpack(name, file, ramSize), ramBase, ramSize, packings);
        }
        if (Arm64Image.matches(file)) {
            return Arm64Image.read(name, file, ramBase);
        }
        Optional<Compression> compression = Compression.at(file, 0);
        if (compression.isPresent()) {
            byte[] inner = compression.get().unpack(name, file, 0, file.length, ramSize);
            return unpacked(name, compression.get().word(), inner, ramBase, ramSize, packings);
        }
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.endsWith(".flat") || lower.endsWith(".bin")) {
            return flatImage(name, file, ramBase);
        }
        throw new BadInput(name + ": " + ForeignFile.describe(file)
                + "; an arm64 ELF, Image (also gzip, xz, zstd or EFI zboot) is expected, or a headerless image"
                + " with --flat");
    }

    private static GuestImage unpacked(
            String name, String packing, byte[] inner, long ramBase, long ramSize, int packings) {
        if (packings == 0) {
            throw new BadInput(name + ": packed more than " + PACKINGS + " times");
        }
        GuestImage image = recognize(name, inner, ramBase, ramSize, packings - 1);
        return new GuestImage(
                image.format() + ", " + packing, image.entry(), image.segments(), image.symbols(), image.header());
    }

    private static GuestImage flatImage(String name, byte[] file, long ramBase) {
        if (file.length == 0) {
            throw new BadInput(name + ": the image is empty");
        }
        long address = ramBase + FLAT_OFFSET;
        Segment segment = new Segment(address, file, 0, file.length, file.length);
        return new GuestImage("headerless image", address, List.of(segment), SymbolTable.EMPTY, null);
    }
}
