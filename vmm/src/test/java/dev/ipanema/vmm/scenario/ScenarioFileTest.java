package dev.ipanema.vmm.scenario;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class ScenarioFileTest {
    private static final String HOST =
            "\"host\":{\"cpu\":\"max\",\"pa_bits\":48,\"fwb\":1,\"dic\":1,\"idc\":1,\"vm_mte\":0}";

    private static String scenario(String steps) {
        return "{\"id\":\"t\",\"kernel\":\"6.17.13\"," + HOST + ",\"steps\":[" + steps + "]}";
    }

    private static ScenarioFile file(String text) {
        return ScenarioFile.open("t.jsonl", new ByteArrayInputStream(text.getBytes(UTF_8)));
    }

    private static byte[] gzip(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(text.getBytes(UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @Test
    void packedRecordingsAreCompleteAndKnown() {
        int count = 0;
        try (ScenarioFile file = ScenarioFile.packed()) {
            for (Scenario each = file.next(); each != null; each = file.next()) {
                assertThat(each.unsupported()).as(each.id()).isEmpty();
                count++;
            }
        }

        assertThat(count).isEqualTo(11881);
    }

    @Test
    void malformedJsonNamesLineAndColumn() {
        ScenarioFile file = file("\n{\"id\": }\n");

        assertThatThrownBy(file::next)
                .isInstanceOf(BadInput.class)
                .hasMessageStartingWith("t.jsonl: line 2, column 8: malformed JSON: ");
    }

    @Test
    void textBehindTheObjectIsMalformed() {
        ScenarioFile file = file(scenario("") + " x");

        assertThatThrownBy(file::next).isInstanceOf(BadInput.class).hasMessageContaining("line 1, column");
    }

    @Test
    void scenarioWithoutStepsIsRefused() {
        ScenarioFile file = file(scenario(""));

        assertThatThrownBy(file::next).isInstanceOf(BadInput.class).hasMessageEndingWith("nothing to run");
    }

    @Test
    void idThatWouldSteerATerminalIsRefused() {
        ScenarioFile file = file("{\"id\":\"\\u001b[2J\"}");

        assertThatThrownBy(file::next).isInstanceOf(BadInput.class).hasMessageEndingWith("control characters");
    }

    @Test
    void truncatedGzipIsOneSentence() {
        byte[] whole = gzip((scenario("{\"do\":\"vcpu_init\"}") + "\n").repeat(400));
        byte[] half = Arrays.copyOf(whole, whole.length / 2);
        ScenarioFile file = ScenarioFile.open("t.jsonl.gz", new ByteArrayInputStream(half));

        assertThatThrownBy(() -> {
                    while (file.next() != null) {
                        // reads up to the damage
                    }
                })
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("damaged or ends early");
    }

    @Test
    void fileNamedGzThatIsNoGzipIsRefused() {
        ByteArrayInputStream text = new ByteArrayInputStream("{}".getBytes(UTF_8));

        assertThatThrownBy(() -> ScenarioFile.open("t.jsonl.gz", text))
                .isInstanceOf(BadInput.class)
                .hasMessage("t.jsonl.gz: is not a gzip file");
    }

    @Test
    void unknownStepIsNamed() {
        Scenario scenario = file(scenario("{\"do\":\"dance\"}")).next();

        assertThat(scenario.unsupported()).contains("scenario.steps[0].do has the unknown value 'dance'");
    }

    @Test
    void unknownFieldIsNamed() {
        Scenario scenario = file(scenario("{\"do\":\"vcpu_init\",\"expect\":{\"rc\":0,\"mood\":1}}"))
                .next();

        assertThat(scenario.unsupported()).containsExactly("scenario.steps[0].expect has the unknown field 'mood'");
    }

    @Test
    void unknownOperationIsNamed() {
        Scenario scenario = file(scenario("{\"do\":\"run\",\"op\":\"fly\",\"s1\":\"WB\",\"ipa\":\"0x80000000\"}"))
                .next();

        assertThat(scenario.unsupported()).containsExactly("scenario.steps[0].op has the unknown value 'fly'");
    }

    @Test
    void missingFieldIsNamedWithItsPlace() {
        ScenarioFile file = file(scenario("{\"do\":\"leaf\"}"));

        assertThatThrownBy(file::next)
                .isInstanceOf(BadInput.class)
                .hasMessage("t.jsonl:1: scenario.steps[0] lacks the field 'ipa'");
    }

    @Test
    void unknownFormatVersionIsRefused() {
        ScenarioFile file = file("{\"format\":2}\n");

        assertThatThrownBy(file::next).isInstanceOf(BadInput.class).hasMessageContaining("format version 2");
    }

    @Test
    void addressesAreLabelsWindowOffsetsOrNumbers() {
        String step = "{\"do\":\"munmap\",\"hva\":\"%s\",\"size\":\"0x1000\"}";
        Scenario scenario = file(scenario(String.join(
                        ",",
                        step.formatted("S+0x200000"),
                        step.formatted("A+0x1"),
                        step.formatted("0xffff000000000000"))))
                .next();

        assertThat(scenario.steps())
                .map(each -> ((Step.Munmap) each).hva().toString())
                .containsExactly("S+0x200000", "A+0x1", "0xffff000000000000");
    }
}
