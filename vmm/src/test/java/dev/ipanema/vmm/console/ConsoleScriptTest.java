package dev.ipanema.vmm.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.vmm.console.ConsoleScript.Step;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsoleScriptTest {
    /// {@return everything that the script sends while the guest writes a text}
    private static String say(ConsoleScript script, String text) {
        StringBuilder sent = new StringBuilder();
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            sent.append(new String(script.accept(each & 0xff), StandardCharsets.ISO_8859_1));
        }
        return sent.toString();
    }

    @Test
    void textsAreAwaitedInOrderAndAnswered() {
        ConsoleScript script = new ConsoleScript(
                List.of(new Step("login:", "root\\n"), new Step("# ", "id\\x04"), new Step("uid=0", null)));

        assertThat(say(script, "uid=0 login: ")).isEqualTo("root\n");
        assertThat(script.missing()).contains("# ");
        assertThat(say(script, "# ")).isEqualTo("id\u0004");
        assertThat(script.isDone()).isFalse();
        assertThat(say(script, "uid=0")).isEmpty();
        assertThat(script.isDone()).isTrue();
        assertThat(script.missing()).isEmpty();
    }

    @Test
    void textThatBeginsAnewInsideItselfIsFound() {
        ConsoleScript script = new ConsoleScript(List.of(new Step("aab", null)));

        say(script, "aaab");

        assertThat(script.isDone()).isTrue();
    }

    @Test
    void whatWasMatchedOnceIsNotMatchedAgain() {
        ConsoleScript script = new ConsoleScript(List.of(new Step("abab", null), new Step("abx", null)));

        say(script, "ababx");

        assertThat(script.missing()).contains("abx");
    }

    @Test
    void textOutsideAsciiIsMatchedByItsBytes() {
        ConsoleScript script = new ConsoleScript(List.of(new Step("für", "ß")));

        assertThat(say(script, "Gerät für").getBytes(StandardCharsets.ISO_8859_1))
                .isEqualTo("ß".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void scriptWithoutStepsIsDone() {
        assertThat(new ConsoleScript(List.of()).isDone()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\\q", "a\\", "\\x1", "\\xgg"})
    void unknownEscapeIsRefusedBeforeTheGuestStarts(String send) {
        List<Step> steps = List.of(new Step("a", send));

        assertThatThrownBy(() -> new ConsoleScript(steps))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("--send");
    }

    @Test
    void emptyTextIsRefused() {
        assertThatThrownBy(() -> new Step("", null))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("--expect");
    }
}
