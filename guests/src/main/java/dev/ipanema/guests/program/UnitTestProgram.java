package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;

/// A test image under construction: code that starts at [UnitTestImage#BASE] and prints on the serial port, whose
/// address is in X19.
final class UnitTestProgram {
    /// Statuses of [#exit].
    static final int EXIT_PASS = 1;

    static final int EXIT_FAIL = 3;
    static final int EXIT_SKIP = 77 << 1 | 1;

    private static final long PSCI_SYSTEM_OFF = 0x8400_0008L;

    final Assembler asm = new Assembler(UnitTestImage.BASE);
    private final Label print = asm.label("print");

    UnitTestProgram() {
        asm.movImm(Reg.X19, UnitTestImage.UART);
    }

    /// Prints a text; changes X1, X2 and X30.
    void print(String text) {
        Label data = asm.label();
        Label behind = asm.label();
        asm.adr(Reg.X1, data).bl(print).b(behind);
        asm.bind(data).asciz(text).align(4).bind(behind);
    }

    /// Switches the machine off.
    void off() {
        asm.movImm(Reg.X0, PSCI_SYSTEM_OFF).hvc(0);
    }

    /// Prints a text and the exit status, and switches the machine off.
    void exit(String text, int status) {
        print(text + "\nEXIT: STATUS=" + status + "\n");
        off();
    }

    /// {@return the image}
    byte[] bytes() {
        asm.bind(print);
        Label end = asm.label();
        Label loop = asm.here();
        asm.ldrb(Reg.W2, Reg.X1, 0).cbz(Reg.X2, end);
        asm.strb(Reg.W2, Reg.X19, 0).add(Reg.X1, Reg.X1, 1).b(loop);
        asm.bind(end).ret();
        return asm.bytes();
    }
}
