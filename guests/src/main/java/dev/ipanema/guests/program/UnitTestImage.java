package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import java.util.Locale;

/// Small test images in kvm-unit-tests' form: headerless, entered at EL1 with X0 = device tree, reporting on a PL011 at
/// [#UART], ended by PSCI SYSTEM_OFF. They try a runner of such images.
public enum UnitTestImage {
    /// Two checks that hold.
    PASS,
    /// A check that holds and one that does not.
    FAIL,
    /// Finds that it cannot run.
    SKIP,
    /// A check that is known to fail, and does.
    XFAIL,
    /// Never ends.
    HANG,
    /// Switches itself off without a word.
    SILENT,
    /// Checks that X0 points to a device tree, and that its command line holds the word [#WORD].
    ARGUMENTS,
    /// Checks that PSCI CPU_ON starts a second vCPU.
    SECOND_CPU,
    /// Checks that written code runs: see [CacheSelfTest].
    CACHES,
    /// The same without any cache maintenance: passes where the processor needs none.
    CACHES_NEGLECTED;

    /// Where the images stand.
    public static final long BASE = 0x4008_0000L;

    /// The serial port.
    public static final long UART = 0x0900_0000L;

    /// What [#ARGUMENTS] looks for, 8 characters; it must begin at a multiple of 4 in the command line.
    public static final String WORD = "argument";

    private static final long PSCI_CPU_ON = 0xc400_0003L;
    /// Big-endian in memory, read by a little-endian load.
    private static final long FDT_MAGIC = 0xedfe_0dd0L;
    private static final int FDT_BYTES = 1 << 12;
    private static final int SPINS = 100_000_000;
    private static final int EXIT_PASS = UnitTestProgram.EXIT_PASS;
    private static final int EXIT_FAIL = UnitTestProgram.EXIT_FAIL;
    private static final int EXIT_SKIP = UnitTestProgram.EXIT_SKIP;

    /// {@return the image's file name}
    public String file() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-') + ".flat";
    }

    /// {@return the image}
    public byte[] flat() {
        UnitTestProgram image = new UnitTestProgram();
        Program program = new Program(image, image.asm);
        switch (this) {
            case PASS -> program.exit("PASS: one\nPASS: two\nSUMMARY: 2 tests\n", EXIT_PASS);
            case FAIL -> program.exit("PASS: one\nFAIL: two\nSUMMARY: 2 tests, 1 unexpected failures\n", EXIT_FAIL);
            case SKIP -> program.exit("SKIP: nothing to test here\nSUMMARY: 1 tests, 1 skipped\n", EXIT_SKIP);
            case XFAIL -> program.exit("XFAIL: known\nSUMMARY: 1 tests, 1 expected failures\n", EXIT_PASS);
            case HANG -> program.hang();
            case SILENT -> image.off();
            case ARGUMENTS -> program.arguments();
            case SECOND_CPU -> program.secondCpu();
            case CACHES, CACHES_NEGLECTED -> new CacheSelfTest(image, this == CACHES).write(CacheSelfTest.ROUNDS);
        }
        return image.bytes();
    }

    /// What the images do. X19 is the serial port.
    private record Program(UnitTestProgram image, Assembler asm) {
        void print(String text) {
            image.print(text);
        }

        void exit(String text, int status) {
            image.exit(text, status);
        }

        void hang() {
            print("PASS: before the end\n");
            Label here = asm.here();
            asm.wfi().b(here);
        }

        /// The device tree holds a property's value at a multiple of 4.
        void arguments() {
            Label failed = asm.label();
            Label next = asm.label();
            asm.ldr(Reg.W3, Reg.X0, 0)
                    .movImm(Reg.X4, FDT_MAGIC)
                    .cmp(Reg.X3, Reg.X4)
                    .b("ne", failed);
            print("PASS: X0 is the device tree\n");
            asm.movImm(Reg.X5, wordAt(0)).movImm(Reg.X6, wordAt(4)).add(Reg.X7, Reg.X0, FDT_BYTES);
            Label loop = asm.here();
            asm.ldr(Reg.W3, Reg.X0, 0).cmp(Reg.X3, Reg.X5).b("ne", next);
            asm.ldr(Reg.W4, Reg.X0, 4).cmp(Reg.X4, Reg.X6).b("ne", next);
            exit("PASS: the command line is there\n", EXIT_PASS);
            asm.bind(next).add(Reg.X0, Reg.X0, 4).cmp(Reg.X0, Reg.X7).b("ne", loop);
            asm.bind(failed);
            exit("FAIL: the command line is there\n", EXIT_FAIL);
        }

        private static long wordAt(int offset) {
            long word = 0;
            for (int i = 3; i >= 0; i--) {
                word = word << 8 | WORD.charAt(offset + i);
            }
            return word;
        }

        void secondCpu() {
            Label secondary = asm.label();
            Label flag = asm.label();
            Label failed = asm.label();
            asm.movImm(Reg.X0, PSCI_CPU_ON)
                    .movImm(Reg.X1, 1)
                    .adr(Reg.X2, secondary)
                    .movImm(Reg.X3, 0);
            asm.hvc(0).cbnz(Reg.X0, failed);
            asm.adr(Reg.X4, flag).movImm(Reg.X5, SPINS);
            Label wait = asm.here();
            Label running = asm.label();
            asm.ldar(Reg.X6, Reg.X4)
                    .cbnz(Reg.X6, running)
                    .sub(Reg.X5, Reg.X5, 1)
                    .cbnz(Reg.X5, wait);
            asm.bind(failed);
            exit("FAIL: the second vCPU runs\n", EXIT_FAIL);
            asm.bind(running);
            exit("PASS: the second vCPU runs\n", EXIT_PASS);
            asm.bind(secondary).adr(Reg.X4, flag).movImm(Reg.X6, 1).stlr(Reg.X6, Reg.X4);
            Label here = asm.here();
            asm.wfi().b(here);
            asm.align(8).bind(flag).quad(0);
        }
    }
}
