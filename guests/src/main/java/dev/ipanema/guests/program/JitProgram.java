package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SysReg;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;

/// A program that writes a function, runs it, writes another in its place and runs that, as a
/// just-in-time compiler does: once for each [Maintenance] between the second write and the second run.
///
/// | report | is |
/// |---|---|
/// | [#CTR], [#CLIDR] | CTR_EL0 and CLIDR_EL1 |
/// | [#TRANSLATION] | PAR_EL1 of the code |
/// | [#RESULT] + n | what ran behind the n-th [Maintenance]: [#SECOND], or [#FIRST_RESULT] |
public final class JitProgram extends CacheProgram {
    /// CTR_EL0.
    public static final int CTR = FIRST;

    /// CLIDR_EL1.
    public static final int CLIDR = FIRST + 1;

    /// PAR_EL1 of the code.
    public static final int TRANSLATION = FIRST + 2;

    /// What the second function returned.
    public static final int RESULT = FIRST + 3;

    /// What the first function returns.
    public static final long FIRST_RESULT = 1;

    /// What the second function returns.
    public static final long SECOND = 2;

    /// What is done between a write of code and its run; the barriers are always there.
    public enum Maintenance {
        /// Both operations.
        BOTH("DC CVAU, IC IVAU"),
        /// Data only.
        CLEAN("DC CVAU"),
        /// Instructions only.
        INVALIDATE("IC IVAU"),
        /// Neither.
        NONE("barriers only");

        private final String text;

        Maintenance(String text) {
            this.text = text;
        }

        /// {@return its operations, for people}
        public String text() {
            return text;
        }

        /// {@return whether it has DC CVAU}
        public boolean cleans() {
            return this == BOTH || this == CLEAN;
        }

        /// {@return whether it has IC IVAU}
        public boolean invalidates() {
            return this == BOTH || this == INVALIDATE;
        }
    }

    /// Creates the program.
    public JitProgram() {}

    @Override
    void body() {
        mmuOn();
        asm.mrs(Reg.X0, SysReg.CTR_EL0);
        report(CTR, Reg.X0);
        asm.mrs(Reg.X0, SysReg.CLIDR_EL1);
        report(CLIDR, Reg.X0);
        for (Maintenance maintenance : Maintenance.values()) {
            asm.movImm(Reg.X9, DATA + (long) maintenance.ordinal() * PAGE);
            mark("write_and_run_" + maintenance.name().toLowerCase(Locale.ROOT));
            write(FIRST_RESULT, Maintenance.BOTH);
            asm.blr(Reg.X9);
            write(SECOND, maintenance);
            asm.blr(Reg.X9);
            report(RESULT + maintenance.ordinal(), Reg.X0);
        }
        reportTranslation(TRANSLATION, Reg.X9);
    }

    /// Writes a function to X9.
    private void write(long result, Maintenance maintenance) {
        asm.movImm(Reg.X1, function(result)).str(Reg.X1, Reg.X9);
        if (maintenance.cleans()) {
            asm.cache(CacheOp.DC_CVAU, Reg.X9);
        }
        asm.dsb(ISH);
        if (maintenance.invalidates()) {
            asm.cache(CacheOp.IC_IVAU, Reg.X9).dsb(ISH);
        }
        asm.isb();
    }

    /// {@return two instructions: `mov x0, #result` and `ret`}
    private static long function(long result) {
        Assembler code = new Assembler(0).movImm(Reg.X0, result).ret();
        return ByteBuffer.wrap(code.bytes()).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }
}
