package dev.ipanema.images.format;

/// A piece of an image that goes to one guest-physical address.
///
/// @param address guest-physical address of the first byte
/// @param file the whole image file; this segment's bytes are `[offset, offset + fileSize)` of it
/// @param offset first byte in `file`, checked
/// @param fileSize bytes that come from the file, 0 to `memorySize`
/// @param memorySize bytes in memory; those beyond `fileSize` are zero
@SuppressWarnings("ArrayRecordComponent") // The file itself, shared by its segments and never written.
public record Segment(long address, byte[] file, int offset, int fileSize, long memorySize) {
    /// {@return the first address behind the segment; never wraps}
    public long end() {
        return address + memorySize;
    }

    @Override
    public String toString() {
        return "[0x%x, 0x%x)".formatted(address, end());
    }
}
