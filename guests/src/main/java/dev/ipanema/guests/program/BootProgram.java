package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.CacheOp;

/// A boot loader and what it loads. The loader runs with MMU and caches on, copies the payload to
/// [#DATA], where an older one lies ([#oldPayload]), switches MMU and caches off and calls it. The
/// payload stores to a variable, and reads it when MMU and caches are on again.
///
/// The rules are those of the boot protocol: what is entered with the MMU off has to be cleaned to the
/// point of coherency, and what was stored with the MMU off has to be invalidated before it is read
/// through the caches. Source: Linux `Documentation/arch/arm64/booting.rst`,
/// `arch/arm64/kernel/head.S`.
///
/// | report | is |
/// |---|---|
/// | [#LOADER_TRANSLATION] | PAR_EL1 of the payload's memory in the loader |
/// | [#PAYLOAD_TRANSLATION] | the same with the MMU off |
/// | [#VERSION] | which payload ran: [#NEW], or [#OLD] |
/// | [#VARIABLE] | what the variable held at the end; only of the new payload, which stores [#NEW] |
public final class BootProgram extends CacheProgram {
    /// PAR_EL1 of the payload's memory in the loader.
    public static final int LOADER_TRANSLATION = FIRST;

    /// PAR_EL1 of the payload's memory with the MMU off.
    public static final int PAYLOAD_TRANSLATION = FIRST + 1;

    /// Which payload ran.
    public static final int VERSION = FIRST + 2;

    /// What the variable held.
    public static final int VARIABLE = FIRST + 3;

    /// The version of the payload that lies there before.
    public static final long OLD = 1;

    /// The version of the payload that is loaded.
    public static final long NEW = 2;

    private static final long VARIABLE_ADDRESS = DATA + PAGE;

    private final boolean cleans;
    private final boolean invalidates;
    private final Label payload = asm.label("payload");
    private final Label payloadEnd = asm.label("payload-end");

    /// @param cleans whether the loader cleans what it has written
    /// @param invalidates whether the payload invalidates what it has written
    public BootProgram(boolean cleans, boolean invalidates) {
        this.cleans = cleans;
        this.invalidates = invalidates;
    }

    /// {@return what lies at [#DATA] before: a payload that returns [#OLD]}
    public static byte[] oldPayload() {
        return new Assembler(DATA).movImm(Reg.X0, OLD).ret().bytes();
    }

    @Override
    void body() {
        Label end = asm.label();
        mmuOn();
        load();
        mmuOff();
        mark("enter");
        asm.blr(Reg.X9);
        report(VERSION, Reg.X0);
        asm.mov(Reg.X20, Reg.X0);
        reportTranslation(PAYLOAD_TRANSLATION, Reg.X9);
        asm.cmp(Reg.X20, NEW).b("ne", end);
        mmuOn();
        mark("read_variable");
        asm.movImm(Reg.X10, VARIABLE_ADDRESS).ldr(Reg.X1, Reg.X10);
        report(VARIABLE, Reg.X1);
        asm.bind(end);
    }

    /// The loader: X9 is where the payload goes, X10 the variable, which the payload expects to be 0.
    private void load() {
        mark("load");
        asm.movImm(Reg.X9, DATA).movImm(Reg.X10, VARIABLE_ADDRESS);
        asm.adr(Reg.X1, payload).adr(Reg.X2, payloadEnd).mov(Reg.X3, Reg.X9);
        Label copy = asm.here();
        asm.ldrPost(Reg.X4, Reg.X1, Long.BYTES).strPost(Reg.X4, Reg.X3, Long.BYTES);
        asm.cmp(Reg.X1, Reg.X2).b("cc", copy);
        asm.str(Reg.XZR, Reg.X10);
        if (cleans) {
            asm.mov(Reg.X1, Reg.X9);
            maintain(CacheOp.DC_CVAC, Reg.X1, Reg.X3);
            asm.cache(CacheOp.DC_CVAC, Reg.X10);
        }
        asm.dsb(ISH);
        reportTranslation(LOADER_TRANSLATION, Reg.X9);
        asm.cache(CacheOp.IC_IALLU, Reg.XZR).dsb(ISH).isb();
    }

    /// The payload; position-independent.
    @Override
    void functions() {
        asm.align(LINE).bind(payload);
        asm.movImm(Reg.X0, NEW).movImm(Reg.X10, VARIABLE_ADDRESS).str(Reg.X0, Reg.X10);
        asm.dsb(ISH);
        if (invalidates) {
            asm.cache(CacheOp.DC_IVAC, Reg.X10).dsb(ISH);
        }
        asm.ret().align(LINE).bind(payloadEnd);
    }
}
