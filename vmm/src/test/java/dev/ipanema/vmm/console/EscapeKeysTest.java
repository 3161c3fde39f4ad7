package dev.ipanema.vmm.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.vmm.console.EscapeKeys.Action;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EscapeKeysTest {
    private final StringBuilder guest = new StringBuilder();
    private final List<Action> actions = new ArrayList<>();
    private final EscapeKeys keys = new EscapeKeys(value -> guest.append((char) value), actions::add);

    private void type(String text) {
        text.chars().forEach(keys::accept);
    }

    @Test
    void ordinaryKeysAndCtrlCGoToTheGuest() {
        type("ls\r\u0003");

        assertThat(guest).hasToString("ls\r\u0003");
        assertThat(actions).isEmpty();
    }

    @Test
    void lettersBehindCtrlAAreActions() {
        type("\u0001h\u0001dx\u0001x");

        assertThat(actions).containsExactly(Action.HELP, Action.DUMP, Action.QUIT);
        assertThat(guest).hasToString("x");
    }

    @Test
    void ctrlAItselfCanBeSent() {
        type("\u0001a\u0001\u0001");

        assertThat(guest).hasToString("\u0001\u0001");
    }

    @Test
    void unknownLetterIsSwallowed() {
        type("\u0001qz");

        assertThat(guest).hasToString("z");
        assertThat(actions).isEmpty();
    }
}
