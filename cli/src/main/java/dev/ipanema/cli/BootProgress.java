package dev.ipanema.cli;

import java.io.PrintWriter;

/// The line on the standard error stream that says that a guest is at work, until it says something itself: rewritten
/// in place on a terminal, else one more line each ten seconds.
final class BootProgress {
    private static final long FIRST_NANOS = 500_000_000L;
    private static final long TERMINAL_NANOS = 250_000_000L;
    private static final long FILE_NANOS = 10_000_000_000L;
    private static final long MILLION = 1_000_000;
    private static final String ERASE = "\r\u001b[K";

    private final PrintWriter err;
    private final boolean terminal;
    private final long start = System.nanoTime();
    private long next;
    private boolean shown;
    private boolean done;

    /// @param terminal whether the line can be rewritten
    BootProgress(PrintWriter err, boolean terminal) {
        this.err = err;
        this.terminal = terminal;
        next = start + (terminal ? FIRST_NANOS : FILE_NANOS);
    }

    /// Shows the line when it is time.
    ///
    /// @param output whether the guest has written something, which ends this line for good
    void update(long instructions, boolean output) {
        if (done) {
            return;
        }
        if (output) {
            finish();
            return;
        }
        long now = System.nanoTime();
        if (now - next < 0) {
            return;
        }
        next = now + (terminal ? TERMINAL_NANOS : FILE_NANOS);
        shown = true;
        err.printf(
                terminal ? ERASE + "%s" : "%s%n",
                "ipanema: booting, %.1f s, %d M instructions, no output yet"
                        .formatted((now - start) / 1e9, instructions / MILLION));
        err.flush();
    }

    /// Takes the line away.
    void finish() {
        if (shown && terminal && !done) {
            err.print(ERASE);
            err.flush();
        }
        done = true;
    }
}
