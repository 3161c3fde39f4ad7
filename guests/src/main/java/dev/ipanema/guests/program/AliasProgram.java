package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Reg;

/// A program that has one page mapped twice, write-back and Non-cacheable (write-combining in Linux's
/// words), and stores through each alias what it then loads through the other, without cache
/// maintenance.
///
/// | report | is |
/// |---|---|
/// | [#CACHED_TRANSLATION], [#UNCACHED_TRANSLATION] | PAR_EL1 of the aliases |
/// | [#THROUGH_UNCACHED] | what was loaded Non-cacheable after the write-back store of [#CACHED_VALUE] |
/// | [#THROUGH_CACHED] | what was loaded write-back after the Non-cacheable store of [#UNCACHED_VALUE] |
public final class AliasProgram extends CacheProgram {
    /// PAR_EL1 of the write-back alias.
    public static final int CACHED_TRANSLATION = FIRST;

    /// PAR_EL1 of the Non-cacheable alias.
    public static final int UNCACHED_TRANSLATION = FIRST + 1;

    /// What was loaded through the Non-cacheable alias.
    public static final int THROUGH_UNCACHED = FIRST + 2;

    /// What was loaded through the write-back alias.
    public static final int THROUGH_CACHED = FIRST + 3;

    /// Stored through the write-back alias.
    public static final long CACHED_VALUE = 0xcac4_0000_0000_0001L;

    /// Stored through the Non-cacheable alias.
    public static final long UNCACHED_VALUE = 0x4c00_0000_0000_0002L;

    private final boolean ofDevice;

    /// @param ofDevice whether the page is one of [#MEMORY], else of [#DATA]
    public AliasProgram(boolean ofDevice) {
        this.ofDevice = ofDevice;
    }

    @Override
    void body() {
        mmuOn();
        asm.movImm(Reg.X9, ofDevice ? MEMORY : DATA).movImm(Reg.X10, ofDevice ? MEMORY_UNCACHED : DATA_UNCACHED);
        mark("store_cached");
        asm.movImm(Reg.X1, CACHED_VALUE).str(Reg.X1, Reg.X9).dsb(ISH);
        mark("load_uncached");
        asm.ldr(Reg.X2, Reg.X10);
        report(THROUGH_UNCACHED, Reg.X2);
        mark("store_uncached");
        asm.movImm(Reg.X1, UNCACHED_VALUE).str(Reg.X1, Reg.X10).dsb(ISH);
        mark("load_cached");
        asm.ldr(Reg.X2, Reg.X9);
        report(THROUGH_CACHED, Reg.X2);
        reportTranslation(CACHED_TRANSLATION, Reg.X9);
        reportTranslation(UNCACHED_TRANSLATION, Reg.X10);
    }
}
