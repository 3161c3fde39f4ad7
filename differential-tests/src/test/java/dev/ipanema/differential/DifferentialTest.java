package dev.ipanema.differential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ipanema.arm.a64.A64Feature;
import dev.ipanema.arm.a64.Encoding;
import dev.ipanema.arm.a64.EncodingTable;
import dev.ipanema.arm.cpu.CpuModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every instruction of the encoding table against `qemu-aarch64` (package qemu-user), on random states.
///
/// | property | meaning |
/// |---|---|
/// | `ipanema.seed` | the seed to repeat |
/// | `ipanema.rows` | a regular expression of row names: only these are wanted and mixed |
/// | `ipanema.count` | sequences for each wanted row |
/// | `ipanema.long` | 100 and more for each row, 10^6 in all |
class DifferentialTest {
    private static final boolean LONG = Boolean.getBoolean("ipanema.long");
    private static final long SEED = Long.getLong("ipanema.seed", LONG ? System.nanoTime() : 20261124);
    private static final @Nullable String ROWS = System.getProperty("ipanema.rows");
    private static final int SAMPLE = 32_000;
    private static final int LONG_TOTAL = 1_000_000;
    private static final int LONG_PER_ROW = 100;
    private static final int CHOSEN_PER_ROW = 500;

    /// The model under test: every feature that a guest can have here.
    private static final String MODEL = "max";

    private static final int SHOWN = 25;

    @TempDir
    private static Path folder = Path.of("");

    @BeforeAll
    static void secondImplementationIsInstalled() {
        String version = QemuUser.version();
        if ("true".equals(System.getenv("CI"))) {
            assertThat(version)
                    .as("qemu-aarch64 (package qemu-user) is installed")
                    .isNotNull();
        }
        assumeTrue(version != null, "qemu-aarch64 (package qemu-user) is not installed: nothing is compared");
        System.out.println("qemu-aarch64 " + version);
    }

    @Test
    void everyRowDoesWhatTheSecondImplementationDoes() {
        CpuModel model = CpuModel.parse(MODEL);
        List<Encoding> rows =
                SequenceGenerator.rows(ROWS == null ? ".*" : ROWS, NotCompared.list(), A64Feature.of(model));
        assertThat(rows).as("rows named " + ROWS).isNotEmpty();
        int total = total(rows.size());
        System.out.println("ipanema.seed=" + SEED + ", " + rows.size() + " rows, " + total + " sequences");
        Map<String, Comparison.Difference> found;
        try (OurMachine ours = new OurMachine(model)) {
            found = compare(new Comparison(ours, new QemuUser(folder)), rows, total);
        }

        assertThat(found).as(text(found)).isEmpty();
    }

    @Test
    void aPlantedFaultIsFoundAndShrunkToItsInstruction() {
        CpuModel model = CpuModel.parse(MODEL);
        List<Encoding> rows =
                SequenceGenerator.rows("ADD_.*|EOR_.*|LDR_X_.*", NotCompared.list(), A64Feature.of(model));
        List<Sequence> sequences = sequences(new SequenceGenerator(new SplittableRandom(1), rows), rows, 0, 1000);
        try (OurMachine ours = new OurMachine(model)) {
            Comparison comparison = new Comparison(batch -> withFault(ours, batch), new QemuUser(folder));

            List<Comparison.Difference> differences = comparison.differences(sequences);

            assertThat(differences).isNotEmpty();
            for (Comparison.Difference difference : differences) {
                assertThat(comparison.shrink(difference).sequence().rows()).containsExactly("EOR_REG_X");
            }
        }
    }

    @Test
    void eachLineOfTheListNamesRowsThatExist() {
        for (NotCompared.Entry entry : NotCompared.list().entries()) {
            assertThat(EncodingTable.table().rows())
                    .as(entry.toString())
                    .anyMatch(row -> entry.rows().matcher(row.name()).matches());
        }
    }

    /// Flips a bit of X7 behind each EOR that writes it.
    private static List<State> withFault(Implementation ours, List<Sequence> batch) {
        List<State> states = ours.run(batch);
        for (int i = 0; i < states.size(); i++) {
            for (int n = 0; n < batch.get(i).words().length; n++) {
                boolean writesX7 = (batch.get(i).words()[n] & 31) == 7;
                if (batch.get(i).rows().get(n).equals("EOR_REG_X") && writesX7) {
                    states.get(i).x[7] ^= 1L << 40;
                }
            }
        }
        return states;
    }

    private static int total(int rows) {
        Integer count = Integer.getInteger("ipanema.count");
        if (count != null) {
            return count * rows;
        }
        if (ROWS != null) {
            return CHOSEN_PER_ROW * rows;
        }
        return LONG ? Math.max(LONG_TOTAL, LONG_PER_ROW * rows) : SAMPLE;
    }

    private static Map<String, Comparison.Difference> compare(Comparison comparison, List<Encoding> rows, int total) {
        SequenceGenerator generator = new SequenceGenerator(new SplittableRandom(SEED), rows);
        Map<String, Comparison.Difference> found = new LinkedHashMap<>();
        for (int done = 0; done < total; done += Layout.BATCH) {
            List<Sequence> batch = sequences(generator, rows, done, Math.min(Layout.BATCH, total - done));
            for (Comparison.Difference difference : comparison.differences(batch)) {
                if (found.size() < SHOWN) {
                    Comparison.Difference small = comparison.shrink(difference);
                    found.putIfAbsent(String.join("+", small.sequence().rows()), small);
                }
            }
        }
        return found;
    }

    /// The rows take turns.
    private static List<Sequence> sequences(SequenceGenerator generator, List<Encoding> rows, int from, int count) {
        List<Sequence> sequences = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            sequences.add(generator.of(rows.get((from + i) % rows.size())));
        }
        return sequences;
    }

    private static String text(Map<String, Comparison.Difference> found) {
        StringBuilder text = new StringBuilder("disagreements, seed " + SEED);
        found.forEach((rows, difference) -> text.append(System.lineSeparator())
                .append(rows)
                .append(System.lineSeparator())
                .append(Report.of(difference)));
        return text.toString();
    }
}
