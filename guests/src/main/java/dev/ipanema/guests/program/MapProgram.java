package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.CacheOp;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A Linux program that maps the first 64 KiB of a file, shared, and uses them as a process uses memory: what `dd` and
/// `devmem` do not do to a device's `resource` files. It is run as `map FILE`.
///
/// | exit status | is |
/// |---|---|
/// | 0 | an unaligned access, a pair, a SIMD register across a cache line and DC ZVA have worked |
/// | 1 | the file cannot be opened |
/// | 2 | it cannot be mapped |
/// | 3 to 6 | one of the four has read back something else |
///
/// What the mapping does not allow ends with a signal: SIGBUS for an unaligned access to Device memory. Source of the
/// numbers: Linux `include/uapi/asm-generic/unistd.h`, `fcntl.h`, `mman-common.h`; the form: ELF-64 Object File Format
/// 1.5.
public final class MapProgram {
    private static final long BASE = 0x40_0000L;
    private static final int HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int ENTRY = HEADER + PROGRAM_HEADER;
    private static final int EXECUTABLE = 2;
    private static final int MACHINE_AARCH64 = 183;
    private static final int LOAD = 1;
    private static final int READ_EXECUTE = 5;
    private static final int PAGE = 1 << 16;

    private static final int OPENAT = 56;
    private static final int EXIT = 93;
    private static final int MMAP = 222;
    private static final int AT_FDCWD = -100;
    private static final int O_RDWR = 2;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    /// On a stack at the entry: argc, the program's name, the first argument.
    private static final int FIRST_ARGUMENT = 2 * Long.BYTES;

    private static final long VALUE = 0x0123_4567_89ab_cdefL;
    private static final long OTHER = 0x0f1e_2d3c_4b5a_6978L;
    private static final int LINE = 64;

    private final Assembler asm = new Assembler(BASE + ENTRY);
    private final Label exit = asm.label("exit");

    private MapProgram() {}

    /// {@return the program, a static ELF executable}
    public static byte[] elf() {
        return new MapProgram().build();
    }

    private byte[] build() {
        status(1);
        asm.ldr(Reg.X1, Reg.SP, FIRST_ARGUMENT).movImm(Reg.X0, AT_FDCWD).movImm(Reg.X2, O_RDWR);
        call(OPENAT);
        status(2);
        asm.mov(Reg.X4, Reg.X0).movImm(Reg.X0, 0).movImm(Reg.X1, PAGE).movImm(Reg.X2, PROT_READ_WRITE);
        asm.movImm(Reg.X3, MAP_SHARED).movImm(Reg.X5, 0);
        call(MMAP);
        asm.mov(Reg.X20, Reg.X0).movImm(Reg.X21, VALUE).movImm(Reg.X22, OTHER);

        status(3);
        asm.add(Reg.X9, Reg.X20, 1).str(Reg.X21, Reg.X9).ldr(Reg.X10, Reg.X9);
        expect(Reg.X10, Reg.X21);
        status(4);
        asm.stp(Reg.X21, Reg.X22, Reg.X20, LINE).ldp(Reg.X10, Reg.X11, Reg.X20, LINE);
        expect(Reg.X10, Reg.X21);
        expect(Reg.X11, Reg.X22);
        status(5);
        asm.emit("LDUR_Q", Reg.q(0), Reg.X20, LINE).emit("STUR_Q", Reg.q(0), Reg.X20, 2 * LINE - 3);
        asm.emit("LDUR_Q", Reg.q(1), Reg.X20, 2 * LINE - 3).emit("STUR_Q", Reg.q(1), Reg.X20, 0);
        asm.ldp(Reg.X10, Reg.X11, Reg.X20, 0);
        expect(Reg.X10, Reg.X21);
        expect(Reg.X11, Reg.X22);
        status(6);
        asm.cache(CacheOp.DC_ZVA, Reg.X20).ldp(Reg.X10, Reg.X11, Reg.X20, 0);
        expect(Reg.X10, Reg.XZR);
        expect(Reg.X11, Reg.XZR);

        status(0);
        asm.bind(exit).mov(Reg.X0, Reg.X19).movImm(Reg.X8, EXIT).svc(0);
        return file(asm.bytes());
    }

    /// The exit status of what goes wrong from here on.
    private void status(int status) {
        asm.movImm(Reg.X19, status);
    }

    /// A system call must not return an errno.
    private void call(int number) {
        asm.movImm(Reg.X8, number).svc(0).cmp(Reg.X0, 0).b("lt", exit);
    }

    private void expect(Reg actual, Reg expected) {
        asm.cmp(actual, expected).b("ne", exit);
    }

    private static byte[] file(byte[] code) {
        ByteBuffer elf = ByteBuffer.allocate(ENTRY + code.length).order(ByteOrder.LITTLE_ENDIAN);
        // Identification: 64 bits, little-endian, version 1, System V.
        elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0);
        elf.putShort((short) EXECUTABLE).putShort((short) MACHINE_AARCH64).putInt(1);
        elf.putLong(BASE + ENTRY).putLong(HEADER).putLong(0).putInt(0);
        elf.putShort((short) HEADER).putShort((short) PROGRAM_HEADER).putShort((short) 1);
        // No sections.
        elf.putShort((short) 0).putShort((short) 0).putShort((short) 0);
        elf.putInt(LOAD).putInt(READ_EXECUTE).putLong(0).putLong(BASE).putLong(BASE);
        elf.putLong(elf.capacity()).putLong(elf.capacity()).putLong(PAGE);
        return elf.put(code).array();
    }
}
