package dev.ipanema.base.text;

/// Input from outside (a command line, an image, a scenario file) that is refused: one sentence that names what and
/// where. The commands print the message alone, without a stack trace, and exit with [#exitCode()].
public final class BadInput extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// Exit code of a usage error or an unreadable input.
    public static final int USAGE = 2;

    /// Exit code of an input that was understood and found wanting.
    public static final int FINDING = 1;

    private final int exitCode;

    /// A usage error, exit code 2.
    public BadInput(String message) {
        this(message, USAGE);
    }

    /// A refusal with an exit code of the caller's choice.
    public BadInput(String message, int exitCode) {
        super(message, null, false, false);
        this.exitCode = exitCode;
    }

    /// {@return the process exit code that this refusal asks for}
    public int exitCode() {
        return exitCode;
    }
}
