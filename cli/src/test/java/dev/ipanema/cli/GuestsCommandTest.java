package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.images.catalog.GuestCache;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class GuestsCommandTest {
    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();

    @Test
    void listNamesEveryGuestAndWhatIsThere() {
        run("list");

        assertThat(out.toString().lines().map(line -> line.split(" +", 3)[0]))
                .containsExactly(
                        "NAME",
                        "linux-6.1",
                        "linux-6.12",
                        "linux-6.18",
                        "linux-7.3",
                        "busybox",
                        "u-boot",
                        "edk2",
                        "xen");
        assertThat(out.toString()).contains("linux-6.1   -  ");
    }

    @Test
    void listAsJsonHasTheCacheAndNoFilesWhereNothingWasFetched() {
        GuestsCommand command = command();
        assertThat(GeneralParser.execute(
                        "guests",
                        command,
                        new String[] {"list", "--json"},
                        new PrintWriter(out, true),
                        new PrintWriter(out, true)))
                .isZero();

        JsonNode json = JsonMapper.shared().readTree(out.toString());

        assertThat(json.get("cache").asString()).isEqualTo(directory.toString());
        assertThat(json.get("guests").size()).isEqualTo(8);
        assertThat(json.get("guests").get(0).get("version").isNull()).isTrue();
        assertThat(json.get("guests").get(0).get("files").size()).isZero();
    }

    @Test
    void pathOfWhatWasNotFetchedSaysHowTo() {
        assertThatThrownBy(() -> run("path", "linux-6.12-modules"))
                .isInstanceOf(BadInput.class)
                .hasMessage("linux-6.12 has not been fetched: ipanema guests fetch linux-6.12");
    }

    @Test
    void unknownNamesAndActionsAreRefused() {
        assertThatThrownBy(() -> run("path", "linux-2.6"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("there is no guest 'linux-2.6'");
        assertThatThrownBy(() -> run("remove", "busybox"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("guests remove: list, fetch NAME and path NAME are possible");
        assertThatThrownBy(() -> run("fetch")).isInstanceOf(BadInput.class).hasMessageContaining("which one?");
    }

    private void run(String... arguments) {
        GuestsCommand command = command();
        assertThat(command.takeSimple(arguments)).isTrue();
        assertThat(command.call()).isZero();
    }

    private GuestsCommand command() {
        GuestsCommand command = new GuestsCommand(
                new GuestCache(directory),
                (state, progress) -> {
                    throw new BadInput("no archive in a test");
                },
                () -> false);
        command.attach(Streams.of(new PrintWriter(out, true), new PrintWriter(out, true)), List.of("guests"));
        return command;
    }
}
