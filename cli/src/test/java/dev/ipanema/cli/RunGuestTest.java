package dev.ipanema.cli;

import static dev.ipanema.arm.a64.Reg.W0;
import static dev.ipanema.arm.a64.Reg.W2;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `ipanema run` with an image: its console, what is expected of it, and what is refused.
@Timeout(120)
class RunGuestTest {
    private static final long ENTRY = 0x4008_0000L;
    private static final long UART = 0x0900_0000L;
    private static final int UARTFR = 0x18;
    private static final int RXFE_BIT = 4;
    private static final long SYSTEM_OFF = 0x8400_0008L;
    private static final long SYSTEM_RESET = 0x8400_0009L;
    private static final String STATISTICS = "insns \\d+ wall \\d+\\.\\d{3} mips \\d+\\.\\d exits \\d+ faults \\d+\n";

    private final StringWriter err = new StringWriter();
    private final ByteArrayOutputStream console = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    private Path echo = Path.of("echo.bin");

    /// A guest that prints a prompt and gives back what it reads, until it reads a full stop.
    @BeforeEach
    void writeGuest() throws IOException {
        Assembler a = new Assembler(ENTRY);
        a.movImm(X1, UART);
        for (char each : "ready> ".toCharArray()) {
            a.movImm(X0, each);
            a.str(X0, X1, 0);
        }
        Label wait = a.here();
        a.ldr(W2, X1, UARTFR);
        a.tbnz(X2, RXFE_BIT, wait);
        a.ldr(W0, X1, 0);
        a.str(W0, X1, 0);
        a.sub(X0, X0, '.');
        a.cbnz(X0, wait);
        a.movImm(X0, SYSTEM_OFF);
        a.hvc(0);
        echo = Files.write(folder.resolve("echo.bin"), a.bytes());
    }

    private int run(String input, String... args) {
        List<String> all = new ArrayList<>(List.of("run"));
        all.addAll(List.of(args));
        PrintWriter messages = new PrintWriter(err, true);
        ByteArrayInputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.ISO_8859_1));
        PrintWriter out = new PrintWriter(console, true, StandardCharsets.UTF_8);
        return Main.run(
                all.toArray(new String[0]), new Streams(out, messages, in, console, new ByteArrayOutputStream()));
    }

    private String consoleText() {
        return console.toString(StandardCharsets.ISO_8859_1);
    }

    @Test
    void inputGoesToTheGuestAndItsBytesComeBackAsTheyAre() {
        int code = run("h\u00e4\u0001x.", "-k", echo.toString(), "--timeout", "60");

        assertThat(code).as(err.toString()).isZero();
        assertThat(consoleText()).isEqualTo("ready> h\u00e4\u0001x.");
        assertThat(err.toString()).matches(STATISTICS);
    }

    @Test
    void expectedTextsAreAnsweredAndEndTheRun() {
        int code = run(
                "",
                echo.toString(),
                "--expect",
                "ready> ",
                "--send",
                "abc",
                "--expect",
                "bc",
                "--send",
                "\\x44",
                "--expect",
                "D",
                "--timeout",
                "60");

        assertThat(code).as(err.toString()).isZero();
        assertThat(consoleText()).isEqualTo("ready> abcD");
        assertThat(err.toString()).matches(STATISTICS);
    }

    @Test
    void aGuestThatEndsBeforeTheTextWasSeenIsExit1() {
        int code = run("", echo.toString(), "--expect", "> ", "--send", ".", "--expect", "never", "--timeout", "60");

        assertThat(code).isEqualTo(1);
        assertThat(err.toString())
                .startsWith("ipanema: ")
                .contains("'never' was not seen")
                .contains("insns ");
    }

    @Test
    void aTextThatDoesNotComeIsExit124WithWhereTheGuestWas() {
        int code = run("", echo.toString(), "--expect", "never", "--timeout", "1");

        assertThat(code).isEqualTo(124);
        assertThat(err.toString()).contains("'never' was not seen", "vCPU 0: ", "pc 0x400800");
    }

    @Test
    void aResetEndsTheRunWithNoReboot() throws IOException {
        Assembler a = new Assembler(ENTRY);
        a.movImm(X0, SYSTEM_RESET);
        a.hvc(0);
        Path image = Files.write(folder.resolve("reset.bin"), a.bytes());

        assertThat(run("", image.toString(), "--no-reboot", "--timeout", "60")).isEqualTo(1);
        assertThat(err.toString()).startsWith("ipanema: The guest asked for a reset");
    }

    @Test
    void theDeviceTreeIsWrittenAndTakenBack() throws IOException {
        Path tree = folder.resolve("guest.dtb");

        assertThat(run(".", echo.toString(), "--dump-dtb", tree.toString(), "--timeout", "60"))
                .isZero();
        assertThat(run(".", echo.toString(), "--dtb", tree.toString(), "--timeout", "60"))
                .as(err.toString())
                .isZero();
        assertThat(Files.size(tree)).isPositive();
    }

    @Test
    void addressesAreNamedByAFileOfSymbols() throws IOException {
        Path map = Files.writeString(folder.resolve("System.map"), "%016x T _text%n".formatted(ENTRY));

        run("", echo.toString(), "--map", map.toString(), "--timeout", "1");

        assertThat(err.toString()).contains(" _text+0x");
    }

    @Test
    void aDeterministicRunRepeatsExactly() {
        String[] args = {
            echo.toString(),
            "--deterministic",
            "-c",
            "2",
            "--expect",
            "> ",
            "--send",
            "abc",
            "--expect",
            "abc",
            "--timeout",
            "60"
        };

        assertThat(run("never read", args)).as(err.toString()).isZero();
        String first = err.toString().replaceFirst("wall .* exits", "exits");
        String text = consoleText();
        err.getBuffer().setLength(0);
        console.reset();
        assertThat(run("never read", args)).isZero();

        assertThat(text).isEqualTo("ready> abc");
        assertThat(consoleText()).isEqualTo(text);
        assertThat(err.toString().replaceFirst("wall .* exits", "exits")).isEqualTo(first);
    }

    @Test
    void firmwareStartsAtTheBeginningOfFlash() throws IOException {
        Assembler a = new Assembler(0);
        a.movImm(X1, UART);
        a.movImm(X0, 'F');
        a.str(X0, X1, 0);
        a.movImm(X0, SYSTEM_OFF);
        a.hvc(0);
        Path bios = Files.write(folder.resolve("bios.fd"), a.bytes());

        assertThat(run("", "--bios", bios.toString(), "--timeout", "60"))
                .as(err.toString())
                .isZero();
        assertThat(consoleText()).isEqualTo("F");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "-k ECHO -c 0 | -c: 1 to 64 vCPUs",
                "-k ECHO -c 65 | -c: 1 to 64 vCPUs",
                "-k ECHO -c 9 --irqchip gicv2 | -c: 1 to 8 vCPUs are possible with gicv2",
                "-k ECHO --irqchip gicv9 | there are gicv2, gicv3, gicv3-its",
                "-k ECHO -i NONE | no such file",
                "-k ECHO -i BIG -m 1M | an initrd of 2097152 bytes is larger than the guest's memory of 1M",
                "-k ECHO --dtb ECHO | --dtb: not a flattened device tree",
                "-k ECHO --map ECHO | not a line of a System.map",
                "-k ECHO -d NONE | does not exist",
                "-k ECHO --device dance | 'dance' is unknown",
                "-k ECHO --device blk | 'path=…' is missing",
                "-k ECHO --device rng,mood=good | 'mood' is unknown",
                "-k ECHO --device rng,transport=usb | there are mmio and pci",
                "-k ECHO --device net,mac=1:2 | is not the address of a card",
                "-k ECHO --send a | --expect",
                "-k ECHO --expect a --send \\q | --send: a backslash",
                "-k ECHO --exec true | --exec needs the initrd",
                "-k ECHO --wait-gdb | --gdb, which is not given",
                "-k ECHO --gdb udp:1 | --gdb: ",
                "-i BIG | are about an image (-k)",
                "--expect a | are about an image (-k)",
                "-k ECHO --bios EMPTY | firmware of 0 bytes",
                "-k ELF | AArch64",
                "-k ECHO -m 300G | -m: guest memory is up to",
                "-k ECHO --caches on | --caches: 'on' is unknown",
                "-k ECHO --coherence x.json | add --caches modelled",
                "-k ECHO --fail-on finding | add --caches modelled",
                "-k ECHO --caches modelled --fail-on stale | --fail-on: 'stale' is unknown; there is finding",
                "-k ECHO --caches modelled --coherence precise --coherence precise | precise at most once",
                "-k ECHO --caches modelled --coherence no/such/folder/x.json | x.json: cannot be written",
                "-k ECHO --dump-stage2 no/such/folder/x.txt | x.txt: cannot be written",
                "-k ECHO --caches modelled --coherence a --coherence b | give one file",
                "--caches modelled,policy=random | a seed is needed",
                "-k ECHO --skip-maintenance map,unmapp | 'unmapp' is unknown; KVM's are map, exec, set-way",
            })
    void whatCannotBeIsOneSentence(String line, String sentence) throws IOException {
        Files.write(folder.resolve("BIG"), new byte[2 << 20]);
        Files.write(folder.resolve("EMPTY"), new byte[0]);
        byte[] elf = new byte[64];
        System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}, 0, elf, 0, 7);
        elf[18] = 62;
        Files.write(folder.resolve("ELF"), elf);
        String[] args = line.strip().split(" ", -1);
        for (int i = 0; i < args.length; i++) {
            if (args[i].matches("ECHO|NONE|BIG|EMPTY|ELF")) {
                args[i] = folder.resolve(args[i].equals("ECHO") ? "echo.bin" : args[i])
                        .toString();
            }
        }

        int code = run("", args);

        assertThat(code).as(err.toString()).isBetween(1, 2);
        assertThat(err.toString()).startsWith("ipanema: ").hasLineCount(1).contains(sentence);
    }
}
