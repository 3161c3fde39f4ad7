package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.CacheOp;

/// A driver of a copy engine at [#DEVICE] that lets it copy from one write-back buffer to another, as a
/// driver of a device does that is not dma-coherent, or with that maintenance left out.
///
/// The registers are those of the emulated GPU's copy engine, which `devices.gpu.CopyEngine` describes.
///
/// | report | is |
/// |---|---|
/// | [#TRANSLATION] | PAR_EL1 of the buffers |
/// | [#STATUS] | what the engine said of the copy |
/// | [#LOADED] | what the guest then loads from the destination: [#NEW], or [#DESTINATION_OLD] |
/// | [#COPIED] | what it loads after an invalidation: what was copied, [#NEW] or [#SOURCE_OLD] |
public final class DmaProgram extends CacheProgram {
    /// PAR_EL1 of the buffers.
    public static final int TRANSLATION = FIRST;

    /// What the engine said: [#DONE].
    public static final int STATUS = FIRST + 1;

    /// What the destination held for the guest.
    public static final int LOADED = FIRST + 2;

    /// What the engine has copied.
    public static final int COPIED = FIRST + 3;

    /// The status of a copy that has been done.
    public static final long DONE = 1;

    /// What the source holds in memory and in the caches before.
    public static final long SOURCE_OLD = 1;

    /// What the destination holds before.
    public static final long DESTINATION_OLD = 2;

    /// What the guest stores to the source.
    public static final long NEW = 3;

    private static final int SOURCE = 0x10;
    private static final int DESTINATION = 0x18;
    private static final int LENGTH = 0x20;
    private static final int FLAGS = 0x24;
    private static final int LAUNCH = 0x28;
    private static final int RESULT = 0x2c;
    private static final int POLLS = 1000;

    private final boolean maintains;

    /// @param maintains whether the driver cleans the source before the copy, and invalidates the
    ///     destination before and after it
    public DmaProgram(boolean maintains) {
        this.maintains = maintains;
    }

    /// X9 the source, X10 the destination, X11 the registers.
    @Override
    void body() {
        mmuOn();
        mark("prepare");
        asm.movImm(Reg.X9, DATA).movImm(Reg.X10, DATA + PAGE).movImm(Reg.X11, DEVICE);
        asm.movImm(Reg.X1, SOURCE_OLD).str(Reg.X1, Reg.X9);
        asm.movImm(Reg.X1, DESTINATION_OLD).str(Reg.X1, Reg.X10).dsb(ISH);
        asm.cache(CacheOp.DC_CIVAC, Reg.X9).cache(CacheOp.DC_CIVAC, Reg.X10).dsb(ISH);
        asm.ldr(Reg.X1, Reg.X10).movImm(Reg.X1, NEW).str(Reg.X1, Reg.X9);
        if (maintains) {
            asm.cache(CacheOp.DC_CVAC, Reg.X9).cache(CacheOp.DC_CIVAC, Reg.X10);
        }
        asm.dsb(ISH);
        copy();
        if (maintains) {
            asm.cache(CacheOp.DC_IVAC, Reg.X10).dsb(ISH);
        }
        mark("look");
        asm.ldr(Reg.X1, Reg.X10);
        report(LOADED, Reg.X1);
        asm.cache(CacheOp.DC_IVAC, Reg.X10).dsb(ISH).ldr(Reg.X1, Reg.X10);
        report(COPIED, Reg.X1);
        reportTranslation(TRANSLATION, Reg.X9);
    }

    private void copy() {
        mark("copy");
        Label done = asm.label();
        asm.str(Reg.X9, Reg.X11, SOURCE).str(Reg.X10, Reg.X11, DESTINATION);
        register(LENGTH, LINE);
        register(FLAGS, 0);
        register(LAUNCH, 1);
        asm.movImm(Reg.X3, POLLS);
        Label loop = asm.here();
        asm.ldr(Reg.W0, Reg.X11, RESULT).cbnz(Reg.X0, done);
        asm.sub(Reg.X3, Reg.X3, 1).cbnz(Reg.X3, loop);
        asm.bind(done).dsb(ISH);
        report(STATUS, Reg.X0);
    }

    private void register(int offset, int value) {
        asm.movImm(Reg.X1, value).str(Reg.W1, Reg.X11, offset);
    }
}
