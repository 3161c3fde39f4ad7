package dev.ipanema.differential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.pauth.PacKey;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pointer authentication against `qemu-system-aarch64` (package qemu-system-arm), where a program at EL1 chooses the
/// keys and the sizes of addresses. QEMU 7.2 has FEAT_PAuth with QARMA5, so that is the model compared.
///
/// The program reads cases, writes results behind them, and ends by semihosting there and by HVC here.
class PointerAuthenticationTest {
    private static final String PROGRAM = "qemu-system-aarch64";
    private static final long SEED = Long.getLong("ipanema.seed", 4711);
    private static final int CASES = Boolean.getBoolean("ipanema.long") ? 100_000 : 3_000;
    private static final String MODEL = "max-pauth+pauth";
    private static final long RAM = 0x4000_0000L;
    private static final long CODE = 0x4008_0000L;
    private static final long INPUT = 0x4010_0000L;
    private static final int RAM_SIZE = 64 << 20;

    /// A case: ten registers of keys, TCR_EL1, a pointer, a modifier.
    private static final int INPUT_LONGS = 13;

    private static final String[] SIGN = {"PACIA", "PACIB", "PACDA", "PACDB"};
    private static final String[] CHECK = {"AUTIA", "AUTIB", "AUTDA", "AUTDB"};
    private static final int RESULT_LONGS = 3 * SIGN.length + 3;

    /// Semihosting: HLT #0xf000 with the operation in W0 and its block in X1.
    private static final int SEMIHOSTING = 0xd45e_0000;

    private static final int SYS_OPEN = 1;
    private static final int SYS_WRITE = 5;
    private static final int SYS_EXIT = 0x18;
    private static final long STOPPED_RUN_TIME_APPLICATION_EXIT = 0x20026;

    @TempDir
    private static Path folder = Path.of("");

    private final long[] cases = cases();
    private final long output = INPUT + 8L * cases.length;
    private final long outputBytes = 8L * RESULT_LONGS * CASES;

    private static long[] cases() {
        SplittableRandom random = new SplittableRandom(SEED);
        long[] cases = new long[INPUT_LONGS * CASES];
        for (int at = 0; at < cases.length; at++) {
            cases[at] = random.nextLong();
        }
        for (int at = 0; at < cases.length; at += INPUT_LONGS) {
            cases[at + 10] = tcr(random);
            if (random.nextInt(4) != 0) {
                cases[at + 11] = cases[at + 11] >> random.nextInt(40);
            }
            cases[at + 11] = withBit63(cases[at + 11]);
        }
        return cases;
    }

    /// Bit 63 as bit 55. Where they differ, QEMU takes the size of an address, and whether its top byte is ignored,
    /// from
    /// the half of bit 55; `AddPAC` of the Arm ARM looks at both halves.
    private static long withBit63(long pointer) {
        return (pointer & Long.MAX_VALUE) | (pointer << 8 & Long.MIN_VALUE);
    }

    /// T0SZ and T1SZ of 36 to 48 bits, any TBI and TBID, 4 KiB granules.
    private static long tcr(SplittableRandom random) {
        return random.nextInt(16, 29)
                | (long) random.nextInt(16, 29) << 16
                | 2L << 30
                | (long) random.nextInt(4) << 37
                | (long) random.nextInt(4) << 51;
    }

    private Assembler program() {
        Assembler asm = new Assembler(CODE);
        asm.mrs(Reg.X0, SysReg.SCTLR_EL1);
        asm.movImm(Reg.X1, SctlrEl1.ENIA | SctlrEl1.ENIB | SctlrEl1.ENDA | SctlrEl1.ENDB);
        asm.orr(Reg.X0, Reg.X0, Reg.X1).msr(SysReg.SCTLR_EL1, Reg.X0);
        asm.movImm(Reg.X19, INPUT).movImm(Reg.X20, output).movImm(Reg.X21, CASES);
        Label loop = asm.here();
        int offset = 0;
        for (PacKey key : PacKey.values()) {
            asm.ldr(Reg.X0, Reg.X19, offset).msr(key.low(), Reg.X0);
            asm.ldr(Reg.X0, Reg.X19, offset + 8).msr(key.high(), Reg.X0);
            offset += 16;
        }
        asm.ldr(Reg.X0, Reg.X19, offset).msr(SysReg.TCR_EL1, Reg.X0).isb();
        asm.ldr(Reg.X1, Reg.X19, offset + 8).ldr(Reg.X2, Reg.X19, offset + 16);
        for (int i = 0; i < SIGN.length; i++) {
            asm.mov(Reg.X3, Reg.X1).emit(SIGN[i], Reg.X3, Reg.X2).strPost(Reg.X3, Reg.X20, 8);
            asm.emit(CHECK[i], Reg.X3, Reg.X2).strPost(Reg.X3, Reg.X20, 8);
            asm.mov(Reg.X3, Reg.X1).emit(CHECK[i], Reg.X3, Reg.X2).strPost(Reg.X3, Reg.X20, 8);
        }
        asm.mov(Reg.X3, Reg.X1).emit("XPACI", Reg.X3).strPost(Reg.X3, Reg.X20, 8);
        asm.mov(Reg.X3, Reg.X1).emit("XPACD", Reg.X3).strPost(Reg.X3, Reg.X20, 8);
        asm.emit("PACGA", Reg.X3, Reg.X1, Reg.X2).strPost(Reg.X3, Reg.X20, 8);
        asm.add(Reg.X19, Reg.X19, 8 * INPUT_LONGS).subs(Reg.X21, Reg.X21, 1).b("NE", loop);
        return asm;
    }

    private byte[] data() {
        ByteBuffer data = ByteBuffer.allocate(8 * cases.length).order(ByteOrder.LITTLE_ENDIAN);
        data.asLongBuffer().put(cases);
        return data.array();
    }

    private byte[] ours() {
        byte[] code = program().hvc(0).bytes();
        try (PhysicalMemory memory = PhysicalMemory.builder()
                        .ram("ram", RAM, RAM_SIZE)
                        .maxResident(RAM_SIZE)
                        .build();
                Machine machine = new Machine(memory, CpuModel.parse(MODEL), 1, ExclusivePolicy.WORK, () -> 0)) {
            memory.write(Agent.LOADER, MemoryAttributes.NORMAL_WB, CODE, code, 0, code.length);
            byte[] data = data();
            memory.write(Agent.LOADER, MemoryAttributes.NORMAL_WB, INPUT, data, 0, data.length);
            CpuContext ctx = new CpuContext(machine.cpuModel());
            ctx.set(SysReg.HCR_EL2, HcrEl2.RW | HcrEl2.API | HcrEl2.APK);
            ctx.setPc(CODE);
            machine.processingElement(0).run(ctx, Long.MAX_VALUE);
            byte[] results = new byte[(int) outputBytes];
            memory.read(Agent.LOADER, MemoryAttributes.NORMAL_WB, output, results, 0, results.length);
            return results;
        }
    }

    private byte[] theirs() throws IOException, InterruptedException {
        Assembler asm = program();
        Label block = asm.label("block");
        Label name = asm.label("name");
        asm.adr(Reg.X1, block).adr(Reg.X2, name).str(Reg.X2, Reg.X1);
        asm.movImm(Reg.X2, 4).str(Reg.X2, Reg.X1, 8);
        asm.movImm(Reg.X2, 3).str(Reg.X2, Reg.X1, 16);
        asm.movImm(Reg.X0, SYS_OPEN).raw(SEMIHOSTING);
        asm.str(Reg.X0, Reg.X1).movImm(Reg.X2, output).str(Reg.X2, Reg.X1, 8);
        asm.movImm(Reg.X2, outputBytes).str(Reg.X2, Reg.X1, 16);
        asm.movImm(Reg.X0, SYS_WRITE).raw(SEMIHOSTING);
        asm.movImm(Reg.X2, STOPPED_RUN_TIME_APPLICATION_EXIT).str(Reg.X2, Reg.X1);
        asm.movImm(Reg.X2, 0).str(Reg.X2, Reg.X1, 8);
        asm.movImm(Reg.X0, SYS_EXIT).raw(SEMIHOSTING);
        asm.bind(name).asciz(":tt").align(8).bind(block).zero(24);
        byte[] elf = new ElfFile()
                .segment(CODE, asm.bytes(), ElfFile.READ_EXECUTE)
                .segment(INPUT, data(), ElfFile.READ_WRITE)
                .bytes(CODE);
        Path file = Files.write(folder.resolve("pauth.elf"), elf);
        Process process = new ProcessBuilder(
                        PROGRAM,
                        "-M",
                        "virt",
                        "-cpu",
                        "max",
                        "-nodefaults",
                        "-display",
                        "none",
                        "-monitor",
                        "none",
                        "-serial",
                        "none",
                        "-semihosting-config",
                        "enable=on,target=native",
                        "-kernel",
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            byte[] results = process.getInputStream().readAllBytes();
            process.waitFor();
            return results;
        } finally {
            process.destroyForcibly();
        }
    }

    private static boolean isInstalled() throws InterruptedException {
        try {
            Process process = new ProcessBuilder(PROGRAM, "--version")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void codesChecksAndStrippedPointersAreThoseOfTheSecondImplementation() throws IOException, InterruptedException {
        boolean installed = isInstalled();
        if ("true".equals(System.getenv("CI"))) {
            assertThat(installed).as(PROGRAM + " is installed").isTrue();
        }
        assumeTrue(installed, PROGRAM + " (package qemu-system-arm) is not installed: nothing is compared");
        System.out.println("ipanema.seed=" + SEED + ", " + CASES + " cases");

        List<String> differences = differences(ours(), theirs());

        assertThat(differences).isEmpty();
    }

    private List<String> differences(byte[] ours, byte[] theirs) {
        assertThat(theirs).hasSize(ours.length);
        ByteBuffer our = ByteBuffer.wrap(ours).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer their = ByteBuffer.wrap(theirs).order(ByteOrder.LITTLE_ENDIAN);
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < ours.length / 8 && differences.size() < 20; i++) {
            long a = our.getLong(8 * i);
            long b = their.getLong(8 * i);
            int at = i / RESULT_LONGS * INPUT_LONGS;
            if (a != b) {
                differences.add("result %d of pointer %016x, TCR_EL1 %016x: ours %016x, theirs %016x"
                        .formatted(i % RESULT_LONGS, cases[at + 11], cases[at + 10], a, b));
            }
        }
        return differences;
    }
}
