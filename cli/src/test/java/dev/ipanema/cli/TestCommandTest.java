package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.guests.program.UnitTestImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestCommandTest {
    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void images() throws IOException {
        for (UnitTestImage image : UnitTestImage.values()) {
            Files.write(directory.resolve(image.file()), image.flat());
        }
    }

    @Test
    void folderRunsAsItsConfigurationSays() throws IOException {
        configure();

        int code = run("test", directory.toString());

        assertThat(out.toString()).isEqualTo("""
            PASS good (2 tests)
            FAIL bad (2 tests, 1 unexpected failures)
            SKIP none (1 tests, 1 skipped)
            SKIP other (arm only)
            PASS args (2 tests)
            2 passed, 1 failed, 2 skipped
            """);
        assertThat(code).isEqualTo(1);
    }

    @Test
    void ktapHasASubtestForEachCheck() throws IOException {
        configure();

        run("test", "--ktap", "-g", "quick", directory.toString());

        assertThat(out.toString()).isEqualTo("""
            KTAP version 1
            1..2
              KTAP version 1
              1..2
              ok 1 one
              ok 2 two
            ok 1 good # 2 tests
              KTAP version 1
              1..2
              ok 1 one
              not ok 2 two
            not ok 2 bad # 2 tests, 1 unexpected failures
            # Totals: pass:1 fail:1 xfail:0 xpass:0 skip:0 error:0
            """);
    }

    @Test
    void imageAloneRunsWithoutAConfiguration() {
        int code = run("test", directory.resolve("pass.flat").toString());

        assertThat(out.toString()).isEqualTo("PASS pass (2 tests)\n1 passed, 0 failed, 0 skipped\n");
        assertThat(code).isZero();
    }

    @Test
    void imageBesideAConfigurationRunsAsThatSays() throws IOException {
        configure();

        run("test", directory.resolve("arguments.flat").toString());

        assertThat(out.toString()).startsWith("PASS args (2 tests)\n");
    }

    @Test
    void testsOfNodefaultRunOnlyWhenAskedFor() throws IOException {
        configure();

        run("test", "-t", "slow", directory.toString());

        assertThat(out.toString()).startsWith("FAIL slow (timeout; duration=1s)\n");
    }

    @Test
    void consolesGoToTheFolderOfLogs() throws IOException {
        Path logs = directory.resolve("logs");

        run("test", "--logs", logs.toString(), directory.resolve("pass.flat").toString());

        assertThat(Files.readString(logs.resolve("pass.log"))).startsWith("PASS: one\n");
    }

    @Test
    void wrongInputIsRefusedInOneSentence() throws IOException {
        Files.writeString(directory.resolve("unittests.cfg"), "[a]\nfile = pass.flat\ntimeout = soon\n");

        assertThat(run("test", directory.toString())).isEqualTo(2);
        assertThat(run("test", directory.resolve("absent").toString())).isEqualTo(2);
        assertThat(run("test", "--max-smp", "0", directory.toString())).isEqualTo(2);
        assertThat(err.toString().lines())
                .hasSize(3)
                .anyMatch(line -> line.endsWith("unittests.cfg: [a]: timeout = soon is no duration such as 90s"))
                .anyMatch(line -> line.endsWith("absent: no such file"));
    }

    private void configure() throws IOException {
        Files.writeString(directory.resolve("unittests.cfg"), """
            [good]
            file = pass.flat
            groups = quick

            [bad]
            file = fail.flat
            groups = quick

            [none]
            file = skip.flat

            [other]
            file = pass.flat
            arch = arm

            [args]
            file = arguments.flat
            extra_params = -append 'the argument'

            [slow]
            file = hang.flat
            timeout = 1s
            groups = nodefault
            """);
    }

    private int run(String... arguments) {
        return Main.run(arguments, new PrintWriter(out, true), new PrintWriter(err, true));
    }
}
