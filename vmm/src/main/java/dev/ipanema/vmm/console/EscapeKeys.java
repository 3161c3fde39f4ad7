package dev.ipanema.vmm.console;

import java.util.function.Consumer;
import java.util.function.IntConsumer;

/// The escape key of a terminal that is connected to a guest: Ctrl-A and a letter, as QEMU has it. Everything else
/// goes to the guest.
public final class EscapeKeys {
    /// What is printed for Ctrl-A h.
    public static final String HELP = """
        Ctrl-A h    this help
        Ctrl-A x    end the guest
        Ctrl-A d    print the guest's stage-2 tables
        Ctrl-A a    send Ctrl-A to the guest
        """;

    private static final int CTRL_A = 1;

    private final IntConsumer guest;
    private final Consumer<Action> actions;
    private boolean escaped;

    /// What a user can ask for.
    public enum Action {
        /// End the guest.
        QUIT,
        /// Print the stage-2 tables.
        DUMP,
        /// Print [#HELP].
        HELP
    }

    /// @param guest takes the bytes that are not escapes
    public EscapeKeys(IntConsumer guest, Consumer<Action> actions) {
        this.guest = guest;
        this.actions = actions;
    }

    /// Takes one byte of the terminal's input.
    public void accept(int value) {
        if (!escaped) {
            if (value == CTRL_A) {
                escaped = true;
            } else {
                guest.accept(value);
            }
            return;
        }
        escaped = false;
        switch (value) {
            case 'x' -> actions.accept(Action.QUIT);
            case 'd' -> actions.accept(Action.DUMP);
            case 'h', '?' -> actions.accept(Action.HELP);
            case 'a', CTRL_A -> guest.accept(CTRL_A);
            default -> {
                // As QEMU does, an unknown key is swallowed with its escape.
            }
        }
    }
}
