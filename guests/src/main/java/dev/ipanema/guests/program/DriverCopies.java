package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.guests.program.DriverSuite.Failures;

/// What the GPU itself sees of memory, as code of the [GpuDriver]: its copy engine and its windows. X21 is BAR0, X22
/// the
/// coherent memory, X24 BAR2 and X29 its size.
///
/// The registers are those of the emulated GPU's copy engine, which `devices.gpu.CopyEngine` describes.
final class DriverCopies {
    private static final int ENGINE = 0x10_4000;
    private static final int CONTROL = 0x00;
    private static final int SOURCE = 0x10;
    private static final int DESTINATION = 0x18;
    private static final int LENGTH = 0x20;
    private static final int FLAGS = 0x24;
    private static final int LAUNCH = 0x28;
    private static final int RESULT = 0x2c;
    private static final int RING_BASE = 0x40;
    private static final int RING_ENTRIES = 0x48;
    private static final int PUT = 0x4c;
    private static final int SOURCE_LOCAL = 1;
    private static final int DESTINATION_LOCAL = 2;
    private static final int DESCRIPTOR_LENGTH = 16;
    private static final int DESCRIPTOR_FLAGS = 20;
    private static final int DESCRIPTOR_STATUS = 24;
    private static final int DESCRIPTOR_SIZE = 32;
    private static final int ENTRIES = 4;
    private static final int DONE = 1;
    private static final int APERTURE = 0x1704;
    private static final int POLLS = 20_000_000;

    private static final int BYTES = 0x3000;
    private static final long VALUE = 0x0123_4567_89ab_cdefL;
    private static final long OTHER = 0xfedc_ba98_7654_3210L;

    /// Where in GPU memory the copies go: behind what the properties use.
    private static final int LOCAL = 0x10_0000;

    private final Assembler asm;
    private final DriverSuite suite;
    private final Label ring;
    private final Label buffer;

    DriverCopies(Assembler asm, DriverSuite suite) {
        this.asm = asm;
        this.suite = suite;
        this.ring = asm.label("ring");
        this.buffer = asm.label("copy-buffer");
    }

    /// A copy each way, one by registers and one by the ring, between what the CPU has written before and reads
    /// afterwards, without cache maintenance.
    void copyEngine() {
        suite.property("copy-engine", failures -> {
            addresses();
            toLocal(failures);
            fromLocal(failures);
        });
    }

    /// What lies in BAR2: memory of its own that is not cacheable (RESMEM), or a window into the coherent memory.
    void secondBar() {
        Label none = asm.label();
        Label aperture = asm.label();
        asm.cbz(Reg.X29, none)
                .movImm(Reg.X0, DriverPci.APERTURE_SIZE)
                .cmp(Reg.X29, Reg.X0)
                .b("ls", aperture);
        suite.property("resmem", failures -> {
            asm.movImm(Reg.X2, VALUE).str(Reg.X2, Reg.X24).ldr(Reg.X3, Reg.X24);
            suite.expect(Reg.X3, VALUE, failures);
        });
        asm.b(none).bind(aperture);
        suite.property("aperture", failures -> {
            asm.movImm(Reg.X5, APERTURE).str(Reg.WZR, Reg.X21, Reg.X5);
            asm.movImm(Reg.X2, VALUE)
                    .movImm(Reg.X4, LOCAL)
                    .str(Reg.X2, Reg.X22, Reg.X4)
                    .dsb(DriverMmu.SY);
            asm.ldr(Reg.X3, Reg.X24, Reg.X4);
            suite.expect(Reg.X3, VALUE, failures);
        });
        asm.bind(none);
    }

    /// X13 the engine, X14 the buffer in system memory, X15 the place in GPU memory.
    private void addresses() {
        asm.movImm(Reg.X13, ENGINE).add(Reg.X13, Reg.X21, Reg.X13).adr(Reg.X14, buffer);
        asm.movImm(Reg.X15, LOCAL).add(Reg.X15, Reg.X22, Reg.X15);
    }

    private void toLocal(Failures failures) {
        ends(Reg.X14, VALUE);
        ends(Reg.X15, 0);
        asm.str(Reg.X14, Reg.X13, SOURCE).str(Reg.X15, Reg.X13, DESTINATION);
        register(LENGTH, BYTES);
        register(FLAGS, DESTINATION_LOCAL);
        asm.dsb(DriverMmu.SY);
        register(LAUNCH, 1);
        poll(() -> asm.ldr(Reg.W0, Reg.X13, RESULT), failures);
        expectEnds(Reg.X15, VALUE, failures);
    }

    private void fromLocal(Failures failures) {
        ends(Reg.X15, OTHER);
        asm.adr(Reg.X16, ring).str(Reg.X15, Reg.X16, 0).str(Reg.X14, Reg.X16, 8);
        asm.movImm(Reg.X2, BYTES).str(Reg.W2, Reg.X16, DESCRIPTOR_LENGTH);
        asm.movImm(Reg.X2, SOURCE_LOCAL).str(Reg.W2, Reg.X16, DESCRIPTOR_FLAGS);
        asm.str(Reg.WZR, Reg.X16, DESCRIPTOR_STATUS).str(Reg.X16, Reg.X13, RING_BASE);
        register(RING_ENTRIES, ENTRIES);
        register(CONTROL, 1);
        asm.dsb(DriverMmu.SY);
        register(PUT, 1);
        poll(() -> asm.ldr(Reg.W0, Reg.X16, DESCRIPTOR_STATUS), failures);
        expectEnds(Reg.X14, OTHER, failures);
    }

    private void register(int offset, int value) {
        asm.movImm(Reg.X2, value).str(Reg.W2, Reg.X13, offset);
    }

    /// Waits until a status is there.
    private void poll(Runnable load, Failures failures) {
        Label there = asm.label();
        asm.movImm(Reg.X4, POLLS);
        Label loop = asm.here();
        load.run();
        asm.cbnz(Reg.X0, there).sub(Reg.X4, Reg.X4, 1).cbnz(Reg.X4, loop);
        asm.bind(there).dsb(DriverMmu.SY).cmp(Reg.X0, DONE).b("ne", failures.status());
    }

    /// Writes the first and the last eight bytes.
    private void ends(Reg at, long value) {
        asm.movImm(Reg.X2, value)
                .movImm(Reg.X3, BYTES - Long.BYTES)
                .str(Reg.X2, at)
                .str(Reg.X2, at, Reg.X3);
    }

    private void expectEnds(Reg at, long value, Failures failures) {
        asm.movImm(Reg.X3, BYTES - Long.BYTES).ldr(Reg.X5, at).ldr(Reg.X6, at, Reg.X3);
        suite.expect(Reg.X5, value, failures);
        suite.expect(Reg.X6, value, failures);
    }

    /// Puts the buffers here.
    void data() {
        asm.align(DriverMmu.TABLE).bind(ring).zero(ENTRIES * DESCRIPTOR_SIZE);
        asm.align(DriverMmu.TABLE).bind(buffer).zero(BYTES);
    }
}
