package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private int run(String... args) {
        return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    @Test
    void noCommandPrintsTheCommandsAndExits2() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString()).contains("explain", "replay", "check-table");
    }

    @Test
    void unknownCommandIsOneLine() {
        assertThat(run("dance")).isEqualTo(2);
        assertThat(err.toString()).hasLineCount(1).startsWith("ipanema: unknown command 'dance'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"replay", "check-table", "explain"})
    void unknownOptionIsOneLine(String command) {
        assertThat(run(command, "--mood")).isEqualTo(2);
        assertThat(err.toString()).hasLineCount(1).startsWith("ipanema: ").contains("'--mood'");
    }

    @Test
    void kernelOptionIsAnsweredWithWhatWasMeant() {
        assertThat(run("replay", "--kernel", "linux-7.3")).isEqualTo(2);
        assertThat(err.toString()).hasLineCount(1).contains("did you mean -k IMAGE or --policy VERSION");
    }

    @Test
    void kernelOptionWithValueIsAnsweredToo() {
        assertThat(run("replay", "--kernel=linux-7.3")).isEqualTo(2);
        assertThat(err.toString()).contains("did you mean -k IMAGE or --policy VERSION");
    }

    @ParameterizedTest
    @ValueSource(strings = {"replay", "check-table", "explain"})
    void helpOfACommandGoesToStandardOutput(String command) {
        assertThat(run(command, "--help")).isZero();
        assertThat(out.toString()).contains("Usage: ipanema " + command);
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void unknownPolicyListsTheKnownOnes() {
        assertThat(run("replay", "--policy", "linux-1.0")).isEqualTo(2);
        assertThat(err.toString()).hasLineCount(1).contains("linux-1.0", "linux-7.3");
    }

    @Test
    void missingFileIsOneLine() {
        assertThat(run("replay", folder.resolve("none.jsonl").toString())).isEqualTo(2);
        assertThat(err.toString()).hasLineCount(1).contains("no such file");
    }

    @Test
    void malformedJsonNamesLineAndColumn() throws IOException {
        Path file = Files.writeString(folder.resolve("bad.jsonl"), "{\n");

        assertThat(run("replay", file.toString())).isEqualTo(2);
        assertThat(err.toString()).hasLineCount(1).contains("line 1, column");
    }

    @Test
    void badFilterIsOneLine() {
        assertThat(run("replay", "--filter", "[")).isEqualTo(2);
        assertThat(err.toString()).hasLineCount(1).contains("is not a regular expression");
    }

    @Test
    void unsupportedScenarioIsNamedAndNoSuccess() throws IOException {
        Path file = Files.writeString(
                folder.resolve("own.jsonl"),
                "{\"id\":\"own\",\"kernel\":\"6.17.13\",\"host\":{\"cpu\":\"max\",\"pa_bits\":48,\"fwb\":1,\"dic\":1,"
                        + "\"idc\":1,\"vm_mte\":0},\"steps\":[{\"do\":\"dance\"}]}\n");

        assertThat(run("replay", file.toString())).isEqualTo(1);
        assertThat(out.toString())
                .contains("unsupported own: scenario.steps[0].do has the unknown value 'dance'")
                .endsWith("replayed 1 agreed 0 disagreed 0 unsupported 1\n");
    }

    @Test
    void tableThatDisagreesExits1AndCounts() throws IOException {
        Path file = Files.writeString(
                folder.resolve("prot.csv"),
                "map_writable,device,logging,write_fault,exec_fault,map_non_cacheable,dic,W\n"
                        + "1,0,0,0,0,0,0,1\n1,0,0,0,0,0,0,0\n");

        assertThat(run("check-table", file.toString())).isEqualTo(1);
        assertThat(out.toString()).endsWith(file + " rows 2 agreed 1 disagreed 1\n");
    }
}
