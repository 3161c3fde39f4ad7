package dev.ipanema.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// What all commands share: the streams of the process. Data goes to [#out()], messages to [#err()].
///
/// A command returns its exit code from `call`; it refuses input by throwing
/// [dev.ipanema.base.text.BadInput], which becomes one line on the standard error stream.
abstract class Command implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    /// {@return where data goes}
    final PrintWriter out() {
        return line().getOut();
    }

    /// {@return where messages go}
    final PrintWriter err() {
        return line().getErr();
    }

    /// {@return whether both output streams of the process are a terminal, so that progress may be shown}
    static boolean interactive() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }

    private picocli.CommandLine line() {
        if (spec == null) {
            throw new IllegalStateException("The command was not started by Main");
        }
        return spec.commandLine();
    }
}
