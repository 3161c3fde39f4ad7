package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Condition;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;

/// Printing on a PL011, as code of a bare-metal program. X19 holds the address of the serial port.
///
/// Everything here changes X0 to X7 and X30 at most.
final class DriverConsole {
    private static final int NIBBLE = 4;
    private static final int TOP_NIBBLE = 60;
    private static final int DIGITS = 32;

    private final Assembler asm;
    private final Label string;
    private final Label hex;
    private final Label decimal;

    DriverConsole(Assembler asm) {
        this.asm = asm;
        this.string = asm.label("print-string");
        this.hex = asm.label("print-hex");
        this.decimal = asm.label("print-decimal");
    }

    /// Prints a text; changes X1, X2 and X30 only.
    void print(String text) {
        Label data = asm.label();
        Label behind = asm.label();
        asm.adr(Reg.X1, data).bl(string).b(behind);
        asm.bind(data).asciz(text).align(4).bind(behind);
    }

    /// Prints the text that a register points to; changes X1, X2 and X30 only.
    void printAt(Reg text) {
        asm.mov(Reg.X1, text).bl(string);
    }

    /// Prints a register as a hexadecimal number.
    void printHex(Reg value) {
        asm.mov(Reg.X0, value).bl(hex);
    }

    /// Prints a register as a decimal number.
    void printDecimal(Reg value) {
        asm.mov(Reg.X0, value).bl(decimal);
    }

    /// Puts the functions here.
    void functions() {
        stringFunction();
        hexFunction();
        decimalFunction();
    }

    private void stringFunction() {
        Label end = asm.label();
        Label loop = asm.bind(string).here();
        asm.ldrb(Reg.W2, Reg.X1, 0).cbz(Reg.X2, end);
        asm.strb(Reg.W2, Reg.X19, 0).add(Reg.X1, Reg.X1, 1).b(loop);
        asm.bind(end).ret();
    }

    /// X0 without leading zeros: X3 is the distance of the digit from bit 0.
    private void hexFunction() {
        asm.bind(hex).movImm(Reg.X2, '0').strb(Reg.W2, Reg.X19, 0);
        asm.movImm(Reg.X2, 'x').strb(Reg.W2, Reg.X19, 0).movImm(Reg.X3, TOP_NIBBLE);
        Label skip = asm.here();
        Label digit = asm.label();
        asm.emit("LSRV_X", Reg.X4, Reg.X0, Reg.X3).cbnz(Reg.X4, digit).cbz(Reg.X3, digit);
        asm.sub(Reg.X3, Reg.X3, NIBBLE).b(skip);
        Label end = asm.label();
        asm.bind(digit).emit("LSRV_X", Reg.X4, Reg.X0, Reg.X3).and(Reg.X4, Reg.X4, 0xf);
        asm.add(Reg.X5, Reg.X4, '0').add(Reg.X6, Reg.X4, 'a' - 10).cmp(Reg.X4, 10);
        asm.csel(Reg.X5, Reg.X5, Reg.X6, Condition.CC).strb(Reg.W5, Reg.X19, 0).cbz(Reg.X3, end);
        asm.sub(Reg.X3, Reg.X3, NIBBLE).b(digit);
        asm.bind(end).ret();
    }

    /// X0, its digits from the last on, written down on the stack.
    private void decimalFunction() {
        asm.bind(decimal).sub(Reg.SP, Reg.SP, DIGITS).mov(Reg.X3, Reg.SP).movImm(Reg.X4, 10);
        Label loop = asm.here();
        asm.udiv(Reg.X5, Reg.X0, Reg.X4).mul(Reg.X6, Reg.X5, Reg.X4).sub(Reg.X6, Reg.X0, Reg.X6);
        asm.add(Reg.X6, Reg.X6, '0').strb(Reg.W6, Reg.X3, 0).add(Reg.X3, Reg.X3, 1);
        asm.mov(Reg.X0, Reg.X5).cbnz(Reg.X0, loop).mov(Reg.X7, Reg.SP);
        Label out = asm.here();
        asm.sub(Reg.X3, Reg.X3, 1).ldrb(Reg.W6, Reg.X3, 0).strb(Reg.W6, Reg.X19, 0);
        asm.cmp(Reg.X3, Reg.X7).b("ne", out).add(Reg.SP, Reg.SP, DIGITS).ret();
    }
}
