package dev.ipanema.vmm.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.Finding;
import dev.ipanema.machine.cache.FindingKind;
import dev.ipanema.machine.cache.Missing;
import dev.ipanema.machine.memory.Agent;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LeakDemoTest {
    private static final String SECRET = "\"Tenant A's secret is 0x5eed5eed.\"";
    private static final String ZEROES = "32 bytes of 0";

    private static DemoPart leak(String host, String policy) {
        return Rehearsal.run("leak", host, policy, Rehearsal.LAZY).parts().getFirst();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gb200", "altra", "gh200"})
    void beforeTheSeriesTheNextTenantReadsTheSecret(String host) {
        DemoPart part = leak(host, "linux-6.16");

        assertThat(part.defect()).isTrue();
        assertThat(Rehearsal.seen(part)).containsExactly(SECRET, ZEROES, SECRET);
        assertThat(part.steps().getLast().type()).isEqualTo("Device-nGnRE (stage 1 Normal-WB, stage 2 DEVICE_nGnRE)");
        assertThat(Rehearsal.kinds(part))
                .containsExactlyInAnyOrder(FindingKind.MISMATCHED_ALIAS, FindingKind.STALE_READ);
    }

    @Test
    void theFindingHasTheBytesAndWhoZeroedThem() {
        List<Finding> stale = Rehearsal.findings(leak("gb200", "linux-6.16")).stream()
                .filter(finding -> finding.kind() == FindingKind.STALE_READ)
                .toList();

        // Four loads of 8 bytes.
        assertThat(stale).hasSize(4);
        Finding first = stale.getFirst();
        assertThat(first.agent()).isEqualTo(Agent.PE);
        assertThat(first.seen().replace(" ", "")).as("Tenant A").isEqualTo("54656e616e742041");
        assertThat(first.other().replace(" ", "")).isEqualTo("0000000000000000");
        assertThat(first.missing()).isEqualTo(Missing.CLEAN_TO_POC);
        assertThat(Objects.requireNonNull(first.writer()).agent()).isEqualTo(Agent.VMM);
    }

    @Test
    void hardwareThatWritesBackAtOnceHidesIt() {
        DemoReport report = Rehearsal.run("leak", "gb200", "linux-6.16", Rehearsal.caches(CachePolicy.EAGER));

        DemoPart part = report.parts().getFirst();
        assertThat(report.defect()).isFalse();
        assertThat(Rehearsal.seen(part)).containsExactly(SECRET, ZEROES, ZEROES);
        assertThat(Rehearsal.kinds(part)).containsExactly(FindingKind.MISMATCHED_ALIAS);
        assertThat(report.notes()).singleElement().asString().contains("hides it");
    }

    @ParameterizedTest
    @CsvSource({
        "gb200, series-v7/2",
        "gb200, series-v7/3",
        "altra, series-v7/2",
        "altra, series-v7/3",
        "altra, series-v7/4",
        "altra, series-v7/5",
        "altra, linux-6.17",
        "altra, linux-7.3",
        "a710, linux-7.3"
    })
    void whatStageTwoCannotFollowIsRefused(String host, String policy) {
        DemoPart part = leak(host, policy);

        assertThat(part.defect()).isFalse();
        assertThat(part.steps())
                .singleElement()
                .satisfies(step -> assertThat(step.what()).contains("-EINVAL"));
        assertThat(part.reasons())
                .last()
                .asString()
                .contains("the VM_PFNMAP VMA is cacheable and stage 2 cannot follow it");
        assertThat(Rehearsal.findings(part)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"series-v7/4", "series-v7/5", "linux-6.17", "linux-6.18", "linux-7.3"})
    void whereStageTwoFollowsTheVmaTheNextTenantReadsZeroes(String policy) {
        DemoPart part = leak("gb200", policy);

        assertThat(part.defect()).isFalse();
        assertThat(Rehearsal.seen(part)).containsExactly(SECRET, ZEROES, ZEROES);
        assertThat(part.steps().getLast().type()).isEqualTo("Normal-WB (stage 1 Normal-WB, stage 2 NORMAL_WB)");
        assertThat(Rehearsal.findings(part)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void theCureHoldsOnWhateverHardware(CachePolicy policy) {
        DemoReport report = Rehearsal.run("leak", "gb200", "linux-7.3", Rehearsal.caches(policy));

        assertThat(report.defect()).isFalse();
        assertThat(Rehearsal.findings(report.parts().getFirst())).isEmpty();
    }

    @Test
    void withoutModelledCachesNothingIsSeen() {
        DemoReport report = Rehearsal.run("leak", "gb200", "linux-6.16", (CacheOptions) null);

        assertThat(report.defect()).isFalse();
        assertThat(report.caches()).isNull();
        assertThat(report.notes()).singleElement().asString().contains("not modelled");
    }
}
