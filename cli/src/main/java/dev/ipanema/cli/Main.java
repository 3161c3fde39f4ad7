package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The entry point of `./ipanema`: finds the command, runs it, and turns whatever goes wrong into one sentence and an
/// exit code.
///
/// | exit code | meaning |
/// |---|---|
/// | 0 | fine |
/// | 1 | a finding: something disagreed, failed or was refused by the simulated system |
/// | 2 | usage: an unknown command or option, unreadable input |
/// | 70 | a defect of this program |
/// | 124 | the time given by `--timeout` ran out |
///
/// A command class is loaded only when its command is asked for.
public final class Main {
    /// Exit code after a defect of this program (`EX_SOFTWARE` of sysexits.h).
    static final int DEFECT = 70;

    private Main() {}

    /// Runs a command and ends the process with its exit code.
    public static void main(String[] args) {
        PrintWriter out = writer(FileDescriptor.out);
        PrintWriter err = writer(FileDescriptor.err);
        // The JVM's own stream would buffer what a guest is typed.
        InputStream in = new FileInputStream(FileDescriptor.in);
        OutputStream console = new FileOutputStream(FileDescriptor.out);
        int code = run(args, new Streams(out, err, in, console, new FileOutputStream(FileDescriptor.err)));
        out.flush();
        err.flush();
        System.exit(code);
    }

    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), false);
    }

    /// Runs a command with the given streams.
    ///
    /// @return the exit code
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        return run(args, Streams.of(out, err));
    }

    /// Runs a command with the given streams.
    ///
    /// @return the exit code
    static int run(String[] args, Streams streams) {
        PrintWriter out = streams.out();
        PrintWriter err = streams.err();
        try {
            return dispatch(args, streams);
        } catch (BadInput e) {
            return refuse(e, out, err);
        } catch (OutOfMemoryError e) {
            return fail(err, "the Java heap is exhausted; give more by IPANEMA_JAVA_OPTS=-Xmx…", e);
        } catch (RuntimeException | Error e) {
            return defect(e, out, err);
        }
    }

    private static int dispatch(String[] args, Streams streams) {
        PrintWriter out = streams.out();
        if (args.length == 0) {
            printHelp(streams.err());
            return BadInput.USAGE;
        }
        String name = args[0];
        return switch (name) {
            case "--help", "-h" -> help(out);
            case "help" -> args.length > 1 ? execute(new String[] {args[1], "--help"}, streams) : help(out);
            case "--version", "-V" -> {
                out.println("ipanema " + Version.text());
                yield 0;
            }
            default -> execute(args, streams);
        };
    }

    private static int help(PrintWriter out) {
        printHelp(out);
        return 0;
    }

    private static int execute(String[] args, Streams streams) {
        String name = args[0];
        Command command = Commands.create(name);
        if (command == null) {
            String hint = hintFor(name);
            throw new BadInput(
                    "unknown command '" + name + "'" + (hint == null ? ", see ipanema --help" : ": " + hint));
        }
        for (String argument : args) {
            String hint = hintFor(argument);
            if (hint != null) {
                throw new BadInput("unknown option '" + argument + "': " + hint);
            }
        }
        String[] rest = new String[args.length - 1];
        System.arraycopy(args, 1, rest, 0, rest.length);
        command.attach(streams, List.of(args));
        return command.takeSimple(rest)
                ? command.call()
                : GeneralParser.execute(name, command, rest, streams.out(), streams.err());
    }

    /// {@return what a user who typed `argument` probably meant, null when nothing comes to mind}
    private static @Nullable String hintFor(String argument) {
        // kvmtool's long form of -k means the image; here it could as well be taken for the kernel KVM follows.
        if (argument.equals("--kernel") || argument.startsWith("--kernel=")) {
            return "did you mean -k IMAGE or --policy VERSION";
        }
        return null;
    }

    static int refuse(BadInput e, PrintWriter out, PrintWriter err) {
        out.flush();
        err.println("ipanema: " + firstLine(e.getMessage()));
        if (debug()) {
            e.printStackTrace(err);
        }
        return e.exitCode();
    }

    private static int fail(PrintWriter err, String sentence, Throwable cause) {
        err.println("ipanema: " + sentence);
        if (debug()) {
            cause.printStackTrace(err);
        }
        return BadInput.FINDING;
    }

    static int defect(Throwable e, PrintWriter out, PrintWriter err) {
        out.flush();
        err.println("ipanema: this is a defect of ipanema (" + e.getClass().getSimpleName() + ": "
                + firstLine(e.getMessage()) + "); please report it with the output of the same command under"
                + " IPANEMA_DEBUG=1");
        if (debug()) {
            e.printStackTrace(err);
        }
        return DEFECT;
    }

    private static boolean debug() {
        return "1".equals(System.getenv("IPANEMA_DEBUG"));
    }

    static String firstLine(@Nullable String message) {
        if (message == null) {
            return "no message";
        }
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end).stripTrailing();
    }

    private static void printHelp(PrintWriter out) {
        out.println("Usage: ipanema COMMAND [OPTIONS] [ARGUMENTS]");
        out.println("KVM/arm64's memory virtualization on a simulated AArch64 machine.");
        out.println();
        for (String name : Commands.NAMES) {
            out.printf("  %-14s%s%n", name, Commands.summary(name));
        }
        out.println();
        out.println("ipanema COMMAND --help tells about one command. IPANEMA_DEBUG=1 adds stack traces.");
    }
}
