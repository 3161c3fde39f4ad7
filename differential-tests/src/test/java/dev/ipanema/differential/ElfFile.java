package dev.ipanema.differential;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Writes a static AArch64 ELF executable (`ET_EXEC`): headers and loadable segments, no sections.
///
/// Source of the layout: System V ABI, chapter 4; `e_machine` from the ELF supplement for AArch64.
final class ElfFile {
    static final int READ_EXECUTE = 5;
    static final int READ_WRITE = 6;

    private static final int PAGE = 4096;
    private static final int HEADER_BYTES = 64;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final short ET_EXEC = 2;
    private static final short EM_AARCH64 = 183;

    private record Segment(long address, byte[] bytes, int flags) {}

    private final List<Segment> segments = new ArrayList<>();

    /// Adds a segment at a page-aligned address.
    ElfFile segment(long address, byte[] bytes, int flags) {
        segments.add(new Segment(address, bytes, flags));
        return this;
    }

    /// {@return the bytes of the file}
    byte[] bytes(long entry) {
        int offset = PAGE;
        for (Segment segment : segments) {
            offset += rounded(segment.bytes.length);
        }
        ByteBuffer out = ByteBuffer.allocate(offset).order(ByteOrder.LITTLE_ENDIAN);
        out.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).position(16);
        out.putShort(ET_EXEC).putShort(EM_AARCH64).putInt(1);
        out.putLong(entry).putLong(HEADER_BYTES).putLong(0).putInt(0);
        out.putShort((short) HEADER_BYTES);
        out.putShort((short) PROGRAM_HEADER_BYTES).putShort((short) segments.size());
        out.position(HEADER_BYTES);
        offset = PAGE;
        for (Segment segment : segments) {
            out.putInt(1).putInt(segment.flags);
            out.putLong(offset).putLong(segment.address).putLong(segment.address);
            out.putLong(segment.bytes.length).putLong(segment.bytes.length).putLong(PAGE);
            out.put(offset, segment.bytes);
            offset += rounded(segment.bytes.length);
        }
        return out.array();
    }

    private static int rounded(int length) {
        return (length + PAGE - 1) / PAGE * PAGE;
    }
}
