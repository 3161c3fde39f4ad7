package dev.ipanema.vmm.explain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.scenario.HostDescription;
import dev.ipanema.vmm.table.CsvFile;
import dev.ipanema.vmm.table.Row;
import dev.ipanema.vmm.table.TableCheck;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// What really happens to an access, against the specification's table of decisions: a seeded sample of its rows,
/// all of them with `-Dipanema.long=true`.
class ExplainerTest {
    private static final int ONE_IN = 10;

    private static final Map<String, String> POLICIES = Map.of(
            "outcome_7.3", "linux-7.3",
            "outcome_6.17", "linux-6.17",
            "outcome_v7_as_posted", "series-v7/5",
            "outcome_pre_series", "linux-6.16");

    @Test
    void accessesEndAsTheTableOfDecisionsSays() throws IOException {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        SplittableRandom random = new SplittableRandom(seed);
        boolean all = Boolean.getBoolean("ipanema.long");

        for (Row row : table().rows()) {
            if (all || random.nextInt(ONE_IN) == 0) {
                POLICIES.forEach((column, policy) -> check(row, column, policy, seed));
            }
        }
    }

    private static CsvFile table() throws IOException {
        try (InputStream stream = TableCheck.class.getResourceAsStream("fault-decision.csv")) {
            assertThat(stream).isNotNull();
            return CsvFile.parse("fault-decision.csv", new String(stream.readAllBytes(), UTF_8));
        }
    }

    private static void check(Row row, String column, String policy, long seed) {
        boolean fwb = row.bit("fwb");
        boolean dic = row.bit("dic");
        HostDescription host = new HostDescription("neoverse-n1", 48, fwb, dic, dic, false);
        ExplainRequest request = ExplainRequest.parse(
                row.text("vma_kind")
                        + (row.bit("cow_mapping") ? "" : ",SHARED")
                        + (row.bit("vm_allow_any_uncached") ? ",ALLOW_ANY_UNCACHED" : ""),
                row.text("vma_s1_attr").replace("DEVICE_", "").replace("NORMAL_", ""),
                row.bit("pfn_is_map_memory") ? "ram" : "nomap",
                "",
                row.text("access"));

        Explanation explanation = new Explainer(host).explain(request, KernelVersion.parse(policy));

        assertThat(outcome(row, explanation))
                .as("%s under %s, -Dipanema.seed=%d: %s", row, policy, seed, explanation)
                .isEqualTo(expected(row, column));
    }

    /// The table's words; it does not say what becomes of the mmap_lock, and it holds for writes to a private mapping
    /// of
    /// PFNs only behind a lookup, which refuses them.
    private static String expected(Row row, String column) {
        String text = row.text(column).replace("(mmap_lock leak)", "");
        boolean lookupFails = row.text("vma_kind").equals("PFNMAP")
                && row.bit("cow_mapping")
                && row.text("access").equals("write")
                && !row.text(column).contains("leak");
        return lookupFails ? "-EFAULT" : text;
    }

    private static String outcome(Row row, Explanation explanation) {
        if (explanation.leaf().mapped()) {
            boolean exec = explanation.leaf().xn() == 0;
            return "MAP " + explanation.leaf().type() + (exec ? " +X" : "");
        }
        if (explanation.errno() != 0) {
            return dev.ipanema.base.errno.Errno.render(explanation.errno());
        }
        return row.text("access").equals("exec") ? "SEA-IABT(-ENOEXEC)" : explanation.fault();
    }
}
