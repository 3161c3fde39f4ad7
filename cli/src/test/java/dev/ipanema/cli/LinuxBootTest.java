package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ipanema.images.catalog.BusyboxInitrd;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Unmodified kernels and firmware of Debian, as `./ipanema guests fetch` has left them in the cache. What is not there
/// is skipped, but for continuous integration, which fetches it.
@Timeout(900)
class LinuxBootTest {
    private static final String STATISTICS = "(?s).*insns (\\d+) wall .*";

    private final StringWriter err = new StringWriter();
    private final ByteArrayOutputStream console = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    /// {@return the file that `guests path` names}
    private static String guest(String name) {
        StringWriter path = new StringWriter();
        StringWriter messages = new StringWriter();
        int code = guests("path", name, path, messages);
        if (code != 0 && System.getenv("CI") != null) {
            assertThat(guests("fetch", name, new StringWriter(), messages))
                    .as(messages.toString())
                    .isZero();
            code = guests("path", name, path, messages);
        }
        assumeTrue(code == 0, messages::toString);
        return path.toString().strip();
    }

    private static int guests(String verb, String name, StringWriter out, StringWriter messages) {
        return Main.run(
                new String[] {"guests", verb, name}, new PrintWriter(out, true), new PrintWriter(messages, true));
    }

    private int run(String... args) {
        List<String> all = new ArrayList<>(List.of("run", "--timeout", "400"));
        all.addAll(List.of(args));
        console.reset();
        err.getBuffer().setLength(0);
        PrintWriter out = new PrintWriter(console, true, StandardCharsets.UTF_8);
        return Main.run(
                all.toArray(new String[0]),
                new Streams(
                        out,
                        new PrintWriter(err, true),
                        new ByteArrayInputStream(new byte[0]),
                        console,
                        new ByteArrayOutputStream()));
    }

    private int boot(String kernel, String... more) {
        List<String> args = new ArrayList<>(
                List.of("-k", guest(kernel), "-i", guest("busybox"), "-m", "512M", "-p", "console=ttyAMA0"));
        args.addAll(List.of(more));
        return run(args.toArray(new String[0]));
    }

    private String consoleText() {
        return console.toString(StandardCharsets.UTF_8);
    }

    /// Says what a boot took, and where it ended when it failed.
    @AfterEach
    void report(TestInfo test) {
        String[] lines = err.toString().strip().split("\n");
        System.out.println(test.getDisplayName() + ": " + lines[lines.length - 1]);
    }

    private void reachesShell(String kernel, String... more) {
        List<String> args = new ArrayList<>(List.of(more));
        args.addAll(
                List.of("--expect", BusyboxInitrd.PROMPT, "--send", "echo $((40 + 2)) $(nproc)\n", "--expect", "42 "));

        int code = boot(kernel, args.toArray(new String[0]));

        assertThat(code).as("%s%n%s", consoleText(), err).isZero();
        assertThat(err.toString()).matches(STATISTICS);
    }

    @ParameterizedTest
    @CsvSource({"linux-6.12, 1, gb200", "linux-7.3, 4, gb200", "linux-6.12, 4, altra"})
    void debiansKernelReachesTheShell(String kernel, int cpus, String host) {
        reachesShell(kernel, "-c", Integer.toString(cpus), "--host", host);
    }

    @ParameterizedTest
    @CsvSource({"gb200, gicv3-its", "max, gicv2"})
    void debiansKernelFindsThePerformanceMonitors(String host, String irqchip) {
        // 7 counters: six and the cycle counter.
        int code = boot(
                "linux-6.12",
                "--host",
                host,
                "--irqchip",
                irqchip,
                "--expect",
                "hw perfevents: enabled with armv8_pmuv3 PMU driver, 7 ");

        assertThat(code).as("%s%n%s", consoleText(), err).isZero();
    }

    @Tag("long")
    @ParameterizedTest
    @CsvSource({
        "linux-6.1, 1, gb200",
        "linux-6.1, 4, altra",
        "linux-6.18, 1, altra",
        "linux-6.18, 4, gb200",
        "linux-7.3, 1, altra",
        "linux-6.12, 1, max",
        "linux-6.12, 4, a710",
    })
    void everyKernelReachesTheShell(String kernel, int cpus, String host) {
        reachesShell(kernel, "-c", Integer.toString(cpus), "--host", host);
    }

    @Tag("long")
    @ParameterizedTest
    @CsvSource({"linux-6.16", "linux-6.17", "series-v7/3", "series-v7/5"})
    void ordinaryGuestsDoNotSeeThePolicy(String policy) {
        reachesShell("linux-6.12", "--policy", policy);
    }

    @Test
    void commandsStatusAndOutputAreTheGuests() {
        int code =
                boot("linux-6.12", "-i", guest("linux-6.12-modules"), "--exec", "uname -m; echo to stderr >&2; exit 7");

        assertThat(code).as("%s%n%s", consoleText(), err).isEqualTo(7);
        assertThat(consoleText()).isEqualTo("aarch64\n");
    }

    @Test
    void twoDeterministicBootsAreTheSame() {
        String[] args = {"-c", "4", "--deterministic", "--expect", BusyboxInitrd.PROMPT};

        assertThat(boot("linux-6.12", args)).as(err.toString()).isZero();
        String text = consoleText();
        String count = err.toString().replaceAll(STATISTICS, "$1");
        assertThat(boot("linux-6.12", args)).as(err.toString()).isZero();

        assertThat(err.toString().replaceAll(STATISTICS, "$1")).isEqualTo(count);
        assertThat(consoleText()).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"u-boot, =>", "edk2, Shell>"})
    void firmwareReachesItsPrompt(String name, String prompt) {
        int code = run("--bios", guest(name), "-m", "512M", "--expect", prompt);

        assertThat(code).as("%s%n%s", consoleText(), err).isZero();
    }
}
