package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.SysReg;
import java.util.function.Consumer;

/// The frame around properties in the [GpuDriver]: one line each, whether the property holds, does not, or ended in an
/// exception.
///
/// | register | |
/// |---|---|
/// | X25, X26 | properties that hold and that do not |
/// | X27 | where to go on after an exception, 0 while no property is tried |
/// | X28 | the name of the property |
final class DriverSuite {
    private static final int VECTORS_ALIGNMENT = 0x800;
    private static final int VECTOR_COUNT = 16;
    private static final int VECTOR_SIZE = 0x80;
    private static final int STACK = 0x1000;

    private final Assembler asm;
    private final DriverConsole console;
    private final Label vectors;
    private final Label stack;
    private final Label holds;
    private final Label differs;
    private final Label badStatus;

    DriverSuite(Assembler asm, DriverConsole console) {
        this.asm = asm;
        this.console = console;
        this.vectors = asm.label("vectors");
        this.stack = asm.label("stack");
        this.holds = asm.label("report-ok");
        this.differs = asm.label("report-values");
        this.badStatus = asm.label("report-status");
    }

    /// What a property says when it does not hold.
    ///
    /// @param values with X0 the value found and X1 the one expected
    /// @param status with X0 the status of a copy
    record Failures(Label values, Label status) {}

    /// Sets stack, vectors and counters.
    void start() {
        asm.adr(Reg.X0, stack)
                .mov(Reg.SP, Reg.X0)
                .adr(Reg.X0, vectors)
                .msr(SysReg.VBAR_EL1, Reg.X0)
                .isb();
        asm.movImm(Reg.X25, 0).movImm(Reg.X26, 0).movImm(Reg.X27, 0);
    }

    /// Tries a property.
    ///
    /// @param code its code, which may change X0 to X18 and falls through when the property holds
    void property(String name, Consumer<Failures> code) {
        Label text = asm.label();
        Label next = asm.label();
        Label values = asm.label();
        Label status = asm.label();
        asm.adr(Reg.X28, text).adr(Reg.X27, next);
        code.accept(new Failures(values, status));
        asm.bl(holds).b(next);
        asm.bind(values).bl(differs).b(next);
        asm.bind(status).bl(badStatus).b(next);
        asm.bind(text).asciz(name).align(Integer.BYTES).bind(next);
    }

    /// Fails unless a register, which is neither X0 nor X1, has a value.
    void expect(Reg register, long value, Failures failures) {
        asm.mov(Reg.X0, register).movImm(Reg.X1, value).cmp(Reg.X0, Reg.X1).b("ne", failures.values());
    }

    /// Prints how many properties hold.
    void summary() {
        asm.movImm(Reg.X27, 0);
        console.print("gpu: ");
        console.printDecimal(Reg.X25);
        console.print(" ok, ");
        console.printDecimal(Reg.X26);
        console.print(" failed\n");
    }

    /// Puts functions, vectors and stack here.
    ///
    /// @param off switches the machine off
    void functions(Label off) {
        asm.bind(holds).mov(Reg.X9, Reg.X30).add(Reg.X25, Reg.X25, 1);
        console.printAt(Reg.X28);
        console.print(" ok\n");
        asm.br(Reg.X9);
        failure(differs, () -> {
            word("got=", Reg.X10);
            word(" expected=", Reg.X11);
        });
        failure(badStatus, () -> {
            console.print("status=");
            console.printDecimal(Reg.X10);
        });
        exceptions(off);
        asm.align(Long.BYTES * 2).zero(STACK).bind(stack);
    }

    private void word(String name, Reg value) {
        console.print(name);
        console.printHex(value);
    }

    /// Reports with X0 and X1 of the property in X10 and X11.
    private void failure(Label entry, Runnable what) {
        asm.bind(entry).mov(Reg.X9, Reg.X30).mov(Reg.X10, Reg.X0).mov(Reg.X11, Reg.X1);
        asm.add(Reg.X26, Reg.X26, 1);
        console.printAt(Reg.X28);
        console.print(" FAIL ");
        what.run();
        console.print("\n");
        asm.br(Reg.X9);
    }

    private void exceptions(Label off) {
        Label taken = asm.label("exception");
        Label unexpected = asm.label();
        asm.align(VECTORS_ALIGNMENT).bind(vectors);
        for (int i = 0; i < VECTOR_COUNT; i++) {
            asm.b(taken).zero(VECTOR_SIZE - Integer.BYTES);
        }
        asm.bind(taken).adr(Reg.X0, stack).mov(Reg.SP, Reg.X0).cbz(Reg.X27, unexpected);
        asm.add(Reg.X26, Reg.X26, 1);
        console.printAt(Reg.X28);
        syndrome();
        asm.msr(SysReg.ELR_EL1, Reg.X27).eret();
        asm.bind(unexpected);
        console.print("gpu: exception");
        syndrome();
        asm.b(off);
    }

    private void syndrome() {
        asm.mrs(Reg.X10, SysReg.ESR_EL1).mrs(Reg.X11, SysReg.FAR_EL1).mrs(Reg.X12, SysReg.ELR_EL1);
        word(" FAIL esr=", Reg.X10);
        word(" far=", Reg.X11);
        word(" elr=", Reg.X12);
        console.print("\n");
    }
}
