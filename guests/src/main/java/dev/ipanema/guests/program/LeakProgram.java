package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Reg;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A tenant with memory of a device at [#MEMORY], which it maps write-back: one that leaves something
/// there, or the next one, which looks what is there.
///
/// | report | is |
/// |---|---|
/// | [#TRANSLATION] | PAR_EL1 of the memory |
/// | [#WORD] to [#WORD] + 3 | what the memory holds at the end, 8 bytes each |
public final class LeakProgram extends CacheProgram {
    /// PAR_EL1 of the memory.
    public static final int TRANSLATION = FIRST;

    /// The first 8 bytes of the memory.
    public static final int WORD = FIRST + 1;

    /// How many reports of 8 bytes there are.
    public static final int WORDS = 4;

    private final long[] secret;

    private LeakProgram(long[] secret) {
        this.secret = secret;
    }

    /// {@return a tenant that leaves something}
    ///
    /// @param secret 32 bytes
    public static LeakProgram writing(byte[] secret) {
        if (secret.length != WORDS * Long.BYTES) {
            throw new IllegalArgumentException("A secret has 32 bytes, not " + secret.length);
        }
        long[] words = new long[WORDS];
        ByteBuffer.wrap(secret).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(words);
        return new LeakProgram(words);
    }

    /// {@return a tenant that looks}
    public static LeakProgram reading() {
        return new LeakProgram(new long[0]);
    }

    @Override
    void body() {
        mmuOn();
        asm.movImm(Reg.X9, MEMORY);
        mark("store_secret");
        // Aligned: stage 2 may make a device of it.
        for (int i = 0; i < secret.length; i++) {
            asm.movImm(Reg.X1, secret[i]).str(Reg.X1, Reg.X9, (long) i * Long.BYTES);
        }
        asm.dsb(ISH);
        reportTranslation(TRANSLATION, Reg.X9);
        mark("look");
        for (int i = 0; i < WORDS; i++) {
            asm.ldr(Reg.X1, Reg.X9, (long) i * Long.BYTES);
            report(WORD + i, Reg.X1);
        }
    }
}
