package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.SysReg;

/// Measurements of the [GpuDriver] by CNTVCT_EL0. X22 is the coherent memory and X23 its size.
final class DriverMeasure {
    private static final int TOUCH_SHIFT = 21;
    private static final int BUFFER = 1 << 16;
    private static final int STRIDE = 264;
    private static final int ITERATIONS = 2_000_000;
    private static final int WARM_UP = 100_000;
    private static final int ROUNDS = 3;

    /// Where in GPU memory the loop works.
    private static final int LOCAL = 0x10_0000;

    private final Assembler asm;
    private final DriverConsole console;
    private final Label loop;
    private final Label buffer;

    DriverMeasure(Assembler asm, DriverConsole console) {
        this.asm = asm;
        this.console = console;
        this.loop = asm.label("loop");
        this.buffer = asm.label("loop-buffer");
    }

    /// Reads from every 2 MiB.
    void touch() {
        asm.lsr(Reg.X10, Reg.X23, TOUCH_SHIFT).mov(Reg.X11, Reg.X22).movImm(Reg.X12, 1L << TOUCH_SHIFT);
        asm.mov(Reg.X13, Reg.X10).isb().mrs(Reg.X14, SysReg.CNTVCT_EL0);
        Label next = asm.here();
        asm.ldr(Reg.X0, Reg.X11)
                .add(Reg.X11, Reg.X11, Reg.X12)
                .sub(Reg.X13, Reg.X13, 1)
                .cbnz(Reg.X13, next);
        asm.isb().mrs(Reg.X15, SysReg.CNTVCT_EL0).sub(Reg.X15, Reg.X15, Reg.X14);
        console.print("touch: ");
        console.printDecimal(Reg.X10);
        console.print(" blocks, ");
        console.printDecimal(Reg.X15);
        console.print(" ticks\n");
    }

    /// Runs one loop on main memory and on GPU memory, in turns.
    void speed() {
        asm.adr(Reg.X13, buffer).movImm(Reg.X14, LOCAL).add(Reg.X14, Reg.X22, Reg.X14);
        run(Reg.X13, WARM_UP, Reg.X15);
        run(Reg.X14, WARM_UP, Reg.X16);
        for (int i = 0; i < ROUNDS; i++) {
            run(Reg.X13, ITERATIONS, Reg.X15);
            run(Reg.X14, ITERATIONS, Reg.X16);
            console.print("speed: ram ");
            console.printDecimal(Reg.X15);
            console.print(" ticks, gpu ");
            console.printDecimal(Reg.X16);
            console.print(" ticks\n");
        }
    }

    private void run(Reg at, int iterations, Reg ticks) {
        asm.mov(Reg.X2, at).movImm(Reg.X0, iterations).bl(loop).mov(ticks, Reg.X0);
    }

    /// Puts function and buffer here. X0 iterations over the [#BUFFER] bytes at X2; X0 becomes the ticks.
    void functions() {
        asm.bind(loop).movImm(Reg.X1, 0).movImm(Reg.X3, 0).isb().mrs(Reg.X7, SysReg.CNTVCT_EL0);
        Label next = asm.here();
        asm.ldr(Reg.X4, Reg.X2, Reg.X3).add(Reg.X4, Reg.X4, Reg.X0).str(Reg.X4, Reg.X2, Reg.X3);
        asm.add(Reg.X6, Reg.X2, Reg.X3).ldp(Reg.X5, Reg.X6, Reg.X6, 16).add(Reg.X1, Reg.X1, Reg.X4);
        asm.add(Reg.X3, Reg.X3, STRIDE).and(Reg.X3, Reg.X3, BUFFER / 2 - 8);
        asm.subs(Reg.X0, Reg.X0, 1).b("ne", next);
        asm.isb().mrs(Reg.X0, SysReg.CNTVCT_EL0).sub(Reg.X0, Reg.X0, Reg.X7).ret();
    }

    /// Puts the buffer here.
    void data() {
        asm.align(DriverMmu.TABLE).bind(buffer).zero(BUFFER);
    }
}
