package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Runs the tool on Debian's kernels and firmware for a test, and keeps what it printed.
final class GuestRunner {
    private final StringWriter err = new StringWriter();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /// {@return the file that `guests path` names} What is not in the cache is skipped, but for continuous integration,
    /// which fetches it.
    static String guest(String name) {
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

    /// Runs a command without input; what an earlier one has printed is forgotten.
    ///
    /// @return the exit code
    int run(List<String> args) {
        out.reset();
        err.getBuffer().setLength(0);
        return Main.run(
                args.toArray(new String[0]),
                new Streams(
                        new PrintWriter(out, true, StandardCharsets.UTF_8),
                        new PrintWriter(err, true),
                        new ByteArrayInputStream(new byte[0]),
                        out,
                        new ByteArrayOutputStream()));
    }

    /// {@return what went to the standard output, a guest's console as a rule}
    String output() {
        return out.toString(StandardCharsets.UTF_8);
    }

    /// {@return what went to the standard error stream}
    String messages() {
        return err.toString();
    }
}
