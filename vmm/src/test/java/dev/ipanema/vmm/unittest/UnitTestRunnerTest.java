package dev.ipanema.vmm.unittest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.guests.program.UnitTestImage;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.boot.Irqchip;
import dev.ipanema.vmm.unittest.UnitTestResult.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitTestRunnerTest {
    @TempDir
    Path directory;

    private final StringBuilder console = new StringBuilder();

    @ParameterizedTest
    @CsvSource({
        "PASS, PASS, 2 tests",
        "FAIL, FAIL, '2 tests, 1 unexpected failures'",
        "SKIP, SKIP, '1 tests, 1 skipped'",
        "XFAIL, PASS, '1 tests, 1 expected failures'",
        "SILENT, FAIL, switched off without an exit status"
    })
    void verdictIsWhatTheImageReports(UnitTestImage image, Verdict verdict, String note) throws IOException {
        UnitTestResult result = run(image, 1, "", 60);

        assertThat(result.verdict()).isEqualTo(verdict);
        assertThat(result.note()).isEqualTo(note);
    }

    @Test
    void imageThatDoesNotEndFailsByItsTime() throws IOException {
        UnitTestResult result = run(UnitTestImage.HANG, 1, "", 1);

        assertThat(result.verdict()).isEqualTo(Verdict.FAIL);
        assertThat(result.note()).isEqualTo("timeout; duration=1s");
        assertThat(result.checks()).containsExactly(new ConsoleReport.Check("PASS", "before the end"));
        assertThat(result.details()).contains("pc 0x4008");
    }

    @Test
    void argumentsReachTheImage() throws IOException {
        assertThat(run(UnitTestImage.ARGUMENTS, 1, "the argument " + UnitTestImage.WORD, 60)
                        .verdict())
                .isEqualTo(Verdict.PASS);
        assertThat(run(UnitTestImage.ARGUMENTS, 1, "nothing", 60).verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void numberOfVcpusIsTheTests() throws IOException {
        assertThat(run(UnitTestImage.SECOND_CPU, 2, "", 60).verdict()).isEqualTo(Verdict.PASS);
        assertThat(run(UnitTestImage.SECOND_CPU, 1, "", 60).verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void consoleIsKeptAndPassedOn() throws IOException {
        UnitTestResult result = run(UnitTestImage.PASS, 1, "", 60);

        assertThat(result.console())
                .containsExactly("PASS: one", "PASS: two", "SUMMARY: 2 tests", "", "EXIT: STATUS=1");
        assertThat(console).startsWith("PASS: one\n");
    }

    @Test
    void missingImageFailsByName() {
        UnitTestResult result = runner().run(test(directory.resolve("absent.flat"), 1, "", 1, ""), value -> {});

        assertThat(result.verdict()).isEqualTo(Verdict.FAIL);
        assertThat(result.note()).endsWith("absent.flat: no such file");
    }

    @Test
    void testThatCannotRunHereIsSkippedWithItsReason() {
        UnitTestResult result = runner().run(test(directory.resolve("a.flat"), 1, "", 1, "arm only"), value -> {});

        assertThat(result.verdict()).isEqualTo(Verdict.SKIP);
        assertThat(result.note()).isEqualTo("arm only");
    }

    @ParameterizedTest
    @CsvSource({"'EXIT: STATUS=1', 1", "'EXIT: STATUS=155\r', 155", "' EXIT: STATUS=3', 3"})
    void exitStatusIsReadFromItsLine(String line, int status) {
        ConsoleReport report = report("noise\n" + line + "\n");

        assertThat(report.status()).hasValue(status);
    }

    @Test
    void unfinishedOrForeignLinesAreNoExitStatus() {
        assertThat(report("EXIT: STATUS=1").status()).isEmpty();
        assertThat(report("my EXIT: STATUS=1\n").status()).isEmpty();
        assertThat(report("EXIT: STATUS=99999999999999\n").status()).isEmpty();
    }

    @Test
    void summaryIsCountedWhereTheImagePrintsNone() {
        assertThat(report("PASS: a\nFAIL: b\nXPASS: c\nXFAIL: d\nINFO: e\n").summary())
                .contains("4 tests, 2 unexpected failures");
    }

    private static ConsoleReport report(String text) {
        ConsoleReport report = new ConsoleReport();
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            report.accept(each);
        }
        return report;
    }

    private UnitTestResult run(UnitTestImage image, int cpus, String arguments, long seconds) throws IOException {
        Path file = Files.write(directory.resolve(image.file()), image.flat());
        return runner().run(test(file, cpus, arguments, seconds, ""), value -> console.append((char) value));
    }

    private static UnitTest test(Path file, int cpus, String arguments, long seconds, String skip) {
        return new UnitTest("test", file, cpus, 16 * Sizes.MIB, arguments, Irqchip.GICV3_ITS, Set.of(), seconds, skip);
    }

    private static UnitTestRunner runner() {
        return new UnitTestRunner(HostProfile.parse("gb200"), KernelVersion.newest(), Ticker.system(), null, Set.of());
    }
}
