package dev.ipanema.vmm.scenario;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.text.BadInput;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Puts hostile values into the inputs of recordings, which may then disagree, be unsupported or be refused as bad
/// input, but must neither break the program nor run without end.
class HostileScenarioTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int MUTANTS = Boolean.getBoolean("ipanema.long") ? 20_000 : 1500;
    private static final String[] VALUES = {
        "0",
        "1",
        "-1",
        "3",
        "4095",
        "4096",
        "\"0x1000\"",
        "\"0x1fffff\"",
        "\"0x200000\"",
        "\"0x3ffffffff000\"",
        "\"0x40000000\"",
        "\"0x80000000\"",
        "2147483647",
        "2147483648",
        "-2147483648",
        "4294967295",
        "\"0xfffff000\"",
        "\"0xfffffffff000\"",
        "\"0x1000000000000\"",
        "\"0x10000000000000\"",
        "\"0x7fffffffffffffff\"",
        "\"0x7ffffffffffff000\"",
        "\"0x8000000000000000\"",
        "\"0xffffffffffffffff\"",
        "\"0xfffffffffffff000\"",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "1e3",
        "1.5",
        "null",
        "true",
        "[]",
        "{}",
        "[[[]]]",
        "\"\"",
        "\"S\"",
        "\"S+0x1000\"",
        "\"S+0xffffffffffffffff\"",
        "\"A\"",
        "\"A+0x7ffffffffffff000\"",
        "\"A+-1\"",
        "\"+\"",
        "\"rwx\"",
        "\"x\"",
        "\"nonsense\"",
        "\"1G\"",
        "\"4K\"",
        "\"8E\"",
        "\"0x\"",
        "\"shared\"",
        "\"private\"",
        "\"off\"",
        "\"max+mte\"",
        "\"ram\"",
        "\"nomap\"",
        "\"nomapvalid\"",
        "\"driver\"",
        "\"dev-mem\"",
        "\"memfd\"",
        "\"hugetlb-2M\"",
        "\"anonymous\"",
        "\"anonymous-thp\"",
        "\"at-mmap\"",
        "\"struct-page\"",
        "\"vcpu_init\"",
        "\"munmap\"",
    };

    private final Map<String, String> failures = new TreeMap<>();

    @Test
    @Timeout(300)
    void hostileValuesNeverBreakTheProgram() throws IOException {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        System.out.println("HostileScenarioTest -Dipanema.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        List<String> recordings = recordings();

        for (int i = 0; i < MUTANTS; i++) {
            ObjectNode scenario = (ObjectNode) JSON.readTree(recordings.get(random.nextInt(recordings.size())));
            int changes = 1 + random.nextInt(2);
            for (int j = 0; j < changes; j++) {
                change(scenario, random);
            }
            attempt(scenario.toString());
        }

        assertThat(failures).isEmpty();
    }

    /// Found with seed 13032794446397.
    @ParameterizedTest
    @ValueSource(longs = {0xffff_ffffL, 0xffff_f000L})
    void driverMemoryWithoutStructPagesIsUnsupported(long phys) {
        String scenario = """
            {"id":"hostile","kernel":"6.16.12",
            "host":{"pa_bits":48,"cpu":"neoverse-n1","fwb":0,"dic":0,"idc":0,"vm_mte":0},
            "steps":[{"do":"mmap","vma":"A","kind":{"name":"mixed_inspage_ram_WB","size":"0x400000",
            "share":"shared","prot":"rw","align":"2M","leaf":"4K","source":"driver","backing":"ram",
            "phys":%d,"vm_page_prot":"WB","pte_prot":"WB","populate":"at-mmap","pages":"struct-page",
            "vm_flags":["DONTEXPAND","DONTDUMP","MIXEDMAP"],"vm_pgoff":"0x44401"}}]}
            """.formatted(phys).replace("\n", "");

        assertThat(outcome(scenario)).isEqualTo(Verdict.Status.UNSUPPORTED);
    }

    private static List<String> recordings() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(ScenarioFile.class.getResourceAsStream("cases.jsonl.gz")), UTF_8))) {
            return new ArrayList<>(reader.lines().toList());
        }
    }

    private void attempt(String text) {
        try {
            outcome(text);
        } catch (BadInput e) {
            // Refused: as good an answer as a verdict.
        } catch (RuntimeException | Error e) {
            failures.putIfAbsent(e.getClass().getName() + " at " + e.getStackTrace()[0], e.getMessage() + ": " + text);
        }
    }

    private static Verdict.Status outcome(String text) {
        try (ScenarioFile file = ScenarioFile.open("hostile", new ByteArrayInputStream(text.getBytes(UTF_8)))) {
            Scenario scenario = file.next();
            return new Replay(null, null, 1, null).run(scenario).status();
        }
    }

    /// Changes, doubles or removes one of the inputs.
    private static void change(ObjectNode scenario, SplittableRandom random) {
        List<Runnable> changes = new ArrayList<>();
        collect(scenario, random, changes);
        changes.get(random.nextInt(changes.size())).run();
    }

    private static void collect(JsonNode node, SplittableRandom random, List<Runnable> changes) {
        if (node instanceof ObjectNode object) {
            for (String name : List.copyOf(object.propertyNames())) {
                if (!name.equals("expect") && !name.equals("id")) {
                    changes.add(() -> object.set(name, hostile(random)));
                    collect(object.get(name), random, changes);
                }
            }
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                int at = i;
                changes.add(() -> array.insert(random.nextInt(array.size() + 1), array.get(at)));
                collect(array.get(i), random, changes);
            }
        }
    }

    private static JsonNode hostile(SplittableRandom random) {
        return JSON.readTree(VALUES[random.nextInt(VALUES.length)]);
    }
}
