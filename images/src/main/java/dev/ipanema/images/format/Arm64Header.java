package dev.ipanema.images.format;

/// The header of an arm64 Linux `Image`, as it stands in the file (Linux Documentation/arch/arm64/booting.rst).
///
/// @param textOffset bytes from a 2 MiB boundary to the image
/// @param imageSize bytes of memory that the image needs, its zeroed data included; 0 before Linux 3.17
/// @param flags bit 0 endianness, bits 2:1 page size, bit 3 placement
public record Arm64Header(long textOffset, long imageSize, long flags) {
    private static final long FLAG_BIG_ENDIAN = 1;
    private static final int PAGE_SIZE_SHIFT = 1;
    private static final int PAGE_SIZE_MASK = 3;
    private static final long FLAG_ANYWHERE = 1 << 3;

    /// {@return whether the kernel is big-endian}
    public boolean bigEndian() {
        return (flags & FLAG_BIG_ENDIAN) != 0;
    }

    /// {@return bytes of the kernel's pages: 4096, 16384, 65536, or 0 when it does not say}
    public int pageSize() {
        int code = (int) (flags >>> PAGE_SIZE_SHIFT) & PAGE_SIZE_MASK;
        return code == 0 ? 0 : 1 << (10 + 2 * code);
    }

    /// {@return whether the 2 MiB boundary may lie anywhere in memory, not only close to its start}
    public boolean placedAnywhere() {
        return (flags & FLAG_ANYWHERE) != 0;
    }
}
