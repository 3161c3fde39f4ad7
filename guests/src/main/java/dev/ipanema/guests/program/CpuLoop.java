package dev.ipanema.guests.program;

import static dev.ipanema.arm.a64.Reg.SP;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X19;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X20;
import static dev.ipanema.arm.a64.Reg.X29;
import static dev.ipanema.arm.a64.Reg.X3;
import static dev.ipanema.arm.a64.Reg.X30;
import static dev.ipanema.arm.a64.Reg.X4;
import static dev.ipanema.arm.a64.Reg.X5;
import static dev.ipanema.arm.a64.Reg.X6;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Condition;
import dev.ipanema.arm.a64.Label;
import java.util.Locale;

/// Loops that measure how fast a processing element executes one kind of code. Each runs as often as X0 says, 1 or
/// more,
/// and ends with `HVC #0` and a result in X1 that depends on every iteration.
///
/// X2 is the address of [#BUFFER_BYTES] of memory, a multiple of 4 KiB; SP is set.
public enum CpuLoop {
    /// Arithmetic, logic, shifts and selects, 12 instructions an iteration.
    INTEGER,
    /// A load, a store and a load of a pair at a stride over the buffer, 10 instructions an iteration.
    MEMORY,
    /// Two nested calls with frames on the stack, 18 instructions an iteration.
    CALL,
    /// Conditional branches on pseudo-random bits.
    BRANCH;

    /// Bytes of memory that X2 points to.
    public static final int BUFFER_BYTES = 1 << 16;

    private static final long MULTIPLIER = 6364136223846793005L;
    private static final long INCREMENT = 1442695040888963407L;
    private static final int STRIDE = 264;

    /// {@return the name that `bench cpu` prints}
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// {@return the program, to be placed at `base` and entered there}
    public byte[] program(long base) {
        Assembler asm = new Assembler(base);
        switch (this) {
            case INTEGER -> integer(asm);
            case MEMORY -> memory(asm);
            case CALL -> call(asm);
            case BRANCH -> branch(asm);
        }
        return asm.bytes();
    }

    private static void integer(Assembler asm) {
        asm.movImm(X1, 1).movImm(X3, 0x1234_5678L).movImm(X4, 3);
        Label loop = asm.here();
        asm.add(X1, X1, X3)
                .eor(X3, X3, X1)
                .lsl(X5, X3, 7)
                .sub(X4, X4, X5)
                .and(X6, X4, 0xffff)
                .orr(X3, X3, X6)
                .lsr(X5, X1, 9)
                .add(X1, X1, X5)
                .cmp(X1, X3)
                .csel(X4, X4, X1, Condition.HI)
                .subs(X0, X0, 1)
                .b("ne", loop)
                .hvc(0);
    }

    private static void memory(Assembler asm) {
        asm.movImm(X1, 0).movImm(X3, 0);
        Label loop = asm.here();
        asm.ldr(X4, X2, X3)
                .add(X4, X4, X0)
                .str(X4, X2, X3)
                .add(X6, X2, X3)
                .ldp(X5, X6, X6, 16)
                .add(X1, X1, X4)
                .add(X3, X3, STRIDE)
                .and(X3, X3, BUFFER_BYTES / 2 - 8)
                .subs(X0, X0, 1)
                .b("ne", loop)
                .hvc(0);
    }

    private static void call(Assembler asm) {
        Label outer = asm.label("outer");
        Label inner = asm.label("inner");
        asm.mov(X19, X0).movImm(X20, 0);
        Label loop = asm.here();
        asm.mov(X0, X19)
                .bl(outer)
                .add(X20, X20, X0)
                .subs(X19, X19, 1)
                .b("ne", loop)
                .mov(X1, X20)
                .hvc(0);
        asm.bind(outer)
                .stpPre(X29, X30, SP, -16)
                .mov(X29, SP)
                .bl(inner)
                .add(X0, X0, 1)
                .ldpPost(X29, X30, SP, 16)
                .ret();
        asm.bind(inner)
                .stpPre(X29, X30, SP, -16)
                .add(X3, X0, X0)
                .eor(X0, X3, X0)
                .mov(X29, SP)
                .add(X0, X0, 5)
                .ldpPost(X29, X30, SP, 16)
                .ret();
    }

    private static void branch(Assembler asm) {
        Label even = asm.label("even");
        Label low = asm.label("low");
        Label next = asm.label("next");
        asm.movImm(X1, 0).movImm(X3, 12345).movImm(X4, MULTIPLIER).movImm(X5, INCREMENT);
        Label loop = asm.here();
        asm.madd(X3, X3, X4, X5)
                .tbz(X3, 40, even)
                .add(X1, X1, 3)
                .b(next)
                .bind(even)
                .tbnz(X3, 45, low)
                .add(X1, X1, 7)
                .cbnz(X1, next)
                .bind(low)
                .eor(X1, X1, X3)
                .bind(next)
                .subs(X0, X0, 1)
                .b("ne", loop)
                .hvc(0);
    }
}
