package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Reg;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// What stands in the first page of the memory that the [ProbePayload] probes.
public final class ProbePage {
    /// The first word; the second is one more.
    public static final long FIRST_WORD = 0x1122_3344_5566_7788L;

    /// What the unaligned load at [ProbePayload#UNALIGNED_OFFSET] loads.
    public static final long UNALIGNED_WORD = 0x2208_0706_0504_0302L;

    /// What the code at [ProbePayload#CODE_OFFSET] leaves in X1.
    public static final long CODE_RESULT = 0x5a5a;

    /// Bytes of the page.
    public static final int SIZE = 4096;

    private static final byte[] CONTENT = build();

    private ProbePage() {}

    /// {@return the 4096 bytes of the page}
    public static byte[] content() {
        return CONTENT.clone();
    }

    private static byte[] build() {
        ByteBuffer page = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        page.putLong(0, FIRST_WORD);
        page.putLong(Long.BYTES, FIRST_WORD + 1);
        page.putLong(ProbePayload.UNALIGNED_OFFSET, UNALIGNED_WORD);
        page.put(
                ProbePayload.CODE_OFFSET,
                new Assembler(0).movImm(Reg.X1, CODE_RESULT).ret().bytes());
        return page.array();
    }
}
