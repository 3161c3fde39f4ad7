package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.images.catalog.BusyboxInitrd;
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

    private final GuestRunner runner = new GuestRunner();

    @TempDir
    private Path folder;

    private int run(String... args) {
        List<String> all = new ArrayList<>(List.of("run", "--timeout", "400"));
        all.addAll(List.of(args));
        return runner.run(all);
    }

    private int boot(String kernel, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "-k",
                GuestRunner.guest(kernel),
                "-i",
                GuestRunner.guest("busybox"),
                "-m",
                "512M",
                "-p",
                "console=ttyAMA0"));
        args.addAll(List.of(more));
        return run(args.toArray(new String[0]));
    }

    private String consoleText() {
        return runner.output();
    }

    /// Says what a boot took, and where it ended when it failed.
    @AfterEach
    void report(TestInfo test) {
        String[] lines = runner.messages().strip().split("\n");
        System.out.println(test.getDisplayName() + ": " + lines[lines.length - 1]);
    }

    private void reachesShell(String kernel, String... more) {
        List<String> args = new ArrayList<>(List.of(more));
        args.addAll(
                List.of("--expect", BusyboxInitrd.PROMPT, "--send", "echo $((40 + 2)) $(nproc)\n", "--expect", "42 "));

        int code = boot(kernel, args.toArray(new String[0]));

        assertThat(code).as("%s%n%s", consoleText(), runner.messages()).isZero();
        assertThat(runner.messages()).matches(STATISTICS);
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

        assertThat(code).as("%s%n%s", consoleText(), runner.messages()).isZero();
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
        int code = boot(
                "linux-6.12",
                "-i",
                GuestRunner.guest("linux-6.12-modules"),
                "--exec",
                "uname -m; echo to stderr >&2; exit 7");

        assertThat(code).as("%s%n%s", consoleText(), runner.messages()).isEqualTo(7);
        assertThat(consoleText()).isEqualTo("aarch64\n");
    }

    @Test
    void twoDeterministicBootsAreTheSame() {
        String[] args = {"-c", "4", "--deterministic", "--expect", BusyboxInitrd.PROMPT};

        assertThat(boot("linux-6.12", args)).as(runner.messages()).isZero();
        String text = consoleText();
        String count = runner.messages().replaceAll(STATISTICS, "$1");
        assertThat(boot("linux-6.12", args)).as(runner.messages()).isZero();

        assertThat(runner.messages().replaceAll(STATISTICS, "$1")).isEqualTo(count);
        assertThat(consoleText()).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"u-boot, =>", "edk2, Shell>"})
    void firmwareReachesItsPrompt(String name, String prompt) {
        int code = run("--bios", GuestRunner.guest(name), "-m", "512M", "--expect", prompt);

        assertThat(code).as("%s%n%s", consoleText(), runner.messages()).isZero();
    }
}
