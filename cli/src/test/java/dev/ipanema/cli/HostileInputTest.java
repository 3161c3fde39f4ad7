package dev.ipanema.cli;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files, sizes and guests that mean harm end with a sentence and the exit code of the contract.
@Timeout(60)
class HostileInputTest {
    private static final long ENTRY = 0x40080000L;
    private static final long UART = 0x09000000L;
    private static final long SYSTEM_OFF = 0x84000008L;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private int run(String... args) {
        return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    private int guest(Consumer<Assembler> code, String... more) throws IOException {
        Assembler assembler = new Assembler(ENTRY);
        code.accept(assembler);
        Path image = Files.write(folder.resolve("guest.bin"), assembler.bytes());
        String[] args = new String[more.length + 2];
        args[0] = "run";
        args[1] = image.toString();
        System.arraycopy(more, 0, args, 2, more.length);
        return run(args);
    }

    private static void off(Assembler a) {
        a.movImm(X0, SYSTEM_OFF);
        a.hvc(0);
    }

    @Test
    void helloWorldGoesToStandardOutput() throws IOException {
        int code = guest(a -> {
            a.movImm(X1, UART);
            for (char each : "hello\n".toCharArray()) {
                a.movImm(X0, each);
                a.str(X0, X1, 0);
            }
            off(a);
        });

        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString()).isEqualTo("hello\n");
    }

    @Test
    void loopEndsByTimeout() throws IOException {
        int code = guest(
                a -> {
                    Label here = a.here();
                    a.b(here);
                },
                "--timeout",
                "1");

        assertThat(code).isEqualTo(124);
        assertThat(err.toString()).startsWith("ipanema: ");
    }

    @Test
    void guestWithoutVectorsIsStuck() throws IOException {
        int code = guest(a -> a.quad(0), "--timeout", "30");

        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).contains("guest stuck");
    }

    @Test
    void pairFromNowhereEndsWithErrnoAndTrail() throws IOException {
        int code = guest(
                a -> {
                    a.movImm(X1, 0x1000_0000L);
                    a.ldp(X0, Reg.X2, X1, 0);
                },
                "--timeout",
                "30");

        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).contains("ENOSYS");
        assertThat(err.toString().lines().count()).as("lines with the trail").isGreaterThan(1);
    }

    @Test
    void tooLittleMemoryOfThisMachineEndsWithASentence() throws IOException {
        int code = guest(
                a -> {
                    a.movImm(X1, 0x4100_0000L);
                    a.movImm(X0, 0x1000L);
                    Label loop = a.here();
                    a.str(X0, X1, 0);
                    a.add(X1, X1, X0);
                    a.b(loop);
                },
                "--max-memory",
                "2M",
                "--timeout",
                "30");

        assertThat(code).as(err.toString()).isEqualTo(1);
        assertThat(err.toString()).startsWith("ipanema: ").doesNotContain("defect");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "4K", "2M", "8T", "-1", "x"})
    void impossibleGpuMemoryIsOneLine(String size) {
        assertThat(run("run", "--gpu-memory", size)).isEqualTo(2);
        assertThat(err.toString()).hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"format\":4294967297}", "{\"format\":1,\"id\":\"a\"}", "{\"format\":1.5}"})
    void formatLineThatIsNotVersion1IsOneLine(String line) throws IOException {
        Path file = Files.writeString(folder.resolve("own.jsonl"), line);

        assertThat(run("replay", file.toString())).isEqualTo(2);
        assertThat(err.toString()).hasLineCount(1).contains("own.jsonl:1");
    }

    @Test
    void tableWithoutRowsIsNoSuccess() throws IOException {
        Path file = Files.writeString(
                folder.resolve("prot.csv"),
                "map_writable,device,logging,write_fault,exec_fault,map_non_cacheable,dic,W\n");

        assertThat(run("check-table", file.toString())).isEqualTo(1);
        assertThat(err.toString()).contains("has no row");
    }

    @Test
    void tableWithByteOrderMarkIsRead() throws IOException {
        Path file = Files.writeString(
                folder.resolve("prot.csv"),
                "\ufeffmap_writable,device,logging,write_fault,exec_fault,map_non_cacheable,dic,W\n1,0,0,0,0,0,0,1\n");

        assertThat(run("check-table", file.toString())).isZero();
    }
}
