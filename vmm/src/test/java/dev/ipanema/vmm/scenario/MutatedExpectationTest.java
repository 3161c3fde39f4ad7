package dev.ipanema.vmm.scenario;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Changes one value of an expectation at a time and wants a disagreement: no field of `expect` is passed over.
class MutatedExpectationTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int RECORDINGS = 400;
    private static final int EACH_FIELD = 3;

    private final Map<String, Integer> mutations = new TreeMap<>();

    @Test
    void everyChangedValueDisagrees() throws IOException {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        List<String> lines = recordings();
        Collections.shuffle(lines, new Random(seed));

        for (String line : lines.subList(0, RECORDINGS)) {
            ObjectNode scenario = (ObjectNode) JSON.readTree(line);
            for (JsonNode step : scenario.get("steps")) {
                JsonNode expect = step.get("expect");
                if (expect != null) {
                    mutate(scenario, expect, step.get("do").stringValue());
                }
            }
        }

        assertThat(mutations.keySet())
                .as("-Dipanema.seed=%d", seed)
                .contains(
                        "set_user_memory_region.errno",
                        "run.result[]",
                        "run.leaf.level",
                        "run.leaf.type",
                        "run.leaf.s2ap",
                        "run.leaf.xn",
                        "run.stage2_calls[]",
                        "run.memory",
                        "run.mmio[].ipa",
                        "run.kvm_run.errno",
                        "run.guest_exception.far");
    }

    private static List<String> recordings() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(ScenarioFile.class.getResourceAsStream("cases.jsonl.gz")), UTF_8))) {
            return new ArrayList<>(reader.lines().toList());
        }
    }

    private void mutate(ObjectNode scenario, JsonNode node, String path) {
        if (node instanceof ObjectNode object) {
            for (String name : List.copyOf(object.propertyNames())) {
                JsonNode value = object.get(name);
                String place = path + "." + name;
                if (value.isContainer()) {
                    mutate(scenario, value, place);
                } else if (mutations.merge(place, 1, Integer::sum) <= EACH_FIELD) {
                    object.set(name, changed(value));
                    expectDisagreement(scenario, place);
                    object.set(name, value);
                }
            }
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                JsonNode value = array.get(i);
                String place = path + "[]";
                if (value.isContainer()) {
                    mutate(scenario, value, place);
                } else if (mutations.merge(place, 1, Integer::sum) <= EACH_FIELD) {
                    array.set(i, changed(value));
                    expectDisagreement(scenario, place);
                    array.set(i, value);
                }
            }
        }
    }

    private static JsonNode changed(JsonNode value) {
        if (value.isIntegralNumber()) {
            return JSON.valueToTree(value.longValue() + 1);
        }
        String text = value.stringValue();
        return JSON.valueToTree(
                text.startsWith("0x")
                        ? "0x" + Long.toHexString(Long.parseUnsignedLong(text.substring(2), 16) ^ 1)
                        : text + "X");
    }

    private static void expectDisagreement(ObjectNode scenario, String place) {
        Verdict verdict =
                new Replay(null, null, 1, null).run(ScenarioReader.read(JSON.readTree(scenario.toString()), "mutated"));

        assertThat(verdict.status()).as("%s of %s", place, scenario.get("id")).isEqualTo(Verdict.Status.DISAGREED);
    }
}
