package dev.ipanema.cli;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;

/// The terminal on standard input in raw mode: each key goes to the guest at once, Ctrl-C included, and is not echoed.
/// `stty` of POSIX does it, which costs nothing where there is no terminal. [#close()] restores what was set before;
/// so does the end of the process by a signal, when its hooks call it.
final class RawTerminal implements AutoCloseable {
    private static final File TERMINAL = new File("/dev/tty");

    private final String saved;
    private boolean closed;

    private RawTerminal(String saved) {
        this.saved = saved;
    }

    /// Switches the terminal to raw mode.
    ///
    /// @throws IOException when there is no terminal or no `stty`
    static RawTerminal open() throws IOException {
        String saved = stty("-g").strip();
        stty("-icanon", "-echo", "-iexten", "-isig", "-icrnl", "-inlcr", "-igncr", "-ixon", "min", "1", "time", "0");
        return new RawTerminal(saved);
    }

    private static String stty(String... arguments) throws IOException {
        String[] command = new String[arguments.length + 1];
        command[0] = "stty";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command)
                .redirectInput(TERMINAL)
                .redirectError(Redirect.DISCARD)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        try {
            if (process.waitFor() != 0) {
                throw new IOException("stty cannot set the terminal");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("stty was interrupted", e);
        }
        return output;
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            stty(saved);
        } catch (IOException e) {
            // The terminal has gone; nothing is left to restore.
            System.getLogger(RawTerminal.class.getName()).log(System.Logger.Level.DEBUG, "stty", e);
        }
    }
}
