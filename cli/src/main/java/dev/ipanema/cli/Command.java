package dev.ipanema.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/// What all commands share: the streams of the process. Data goes to [#out()], messages to [#err()].
///
/// A command returns its exit code from `call`; it refuses input by throwing
/// [dev.ipanema.base.text.BadInput], which becomes one line on the standard error stream.
abstract class Command implements Callable<Integer> {
    private @Nullable Streams streams;
    private List<String> words = List.of();

    /// Gives the command its streams and what it was called with, before it is called.
    ///
    /// @param given the name and the arguments
    final void attach(Streams givenStreams, List<String> given) {
        streams = givenStreams;
        words = List.copyOf(given);
    }

    /// {@return the command's name and its arguments, as they were given}
    final List<String> words() {
        return words;
    }

    /// {@return the streams}
    final Streams streams() {
        Streams attached = streams;
        if (attached == null) {
            throw new IllegalStateException("The command was not started by Main");
        }
        return attached;
    }

    /// {@return where data goes}
    final PrintWriter out() {
        return streams().out();
    }

    /// {@return where messages go}
    final PrintWriter err() {
        return streams().err();
    }

    /// Takes arguments without the general parser, whose classes are so old (version 49) that no AOT cache holds them:
    /// loading and verifying them takes longer than many a command.
    ///
    /// @return false when the general parser has to read them; nothing has been taken then
    boolean takeSimple(String[] arguments) {
        return false;
    }

    @Override
    public abstract Integer call();

    /// {@return whether input and output of the process are a terminal}
    static boolean interactive() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }
}
