package dev.ipanema.vmm.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.Finding;
import dev.ipanema.machine.cache.FindingKind;
import dev.ipanema.machine.cache.Missing;
import dev.ipanema.machine.memory.Agent;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class MaintenanceDemoTest {
    private static final CacheOptions ADVERSARIAL = Rehearsal.caches(CachePolicy.ADVERSARIAL);

    private static DemoReport run(String host, @Nullable CacheOptions caches, Maintenance... leftOut) {
        return Rehearsal.maintenance(host, "linux-7.3", caches, Set.of(leftOut));
    }

    /// What the access saw that counts.
    private static String seen(DemoPart part) {
        return Rehearsal.seen(part).getLast();
    }

    /// Hosts without FEAT_S2FWB and DIC, without DIC, and with both; each with all policies.
    static Stream<Arguments> hostsAndPolicies() {
        return Stream.of("altra", "a710", "gb200")
                .flatMap(host -> Stream.of(CachePolicy.values()).map(policy -> Arguments.of(host, policy)));
    }

    @ParameterizedTest
    @MethodSource("hostsAndPolicies")
    void nothingIsWrongWhenNothingIsLeftOut(String host, CachePolicy policy) {
        DemoReport report = run(host, Rehearsal.caches(policy));

        assertThat(report.defect()).isFalse();
        assertThat(report.parts()).hasSameSizeAs(Maintenance.values()).allSatisfy(part -> {
            assertThat(seen(part)).isIn("2", "the new code runs");
            assertThat(Rehearsal.findings(part)).isEmpty();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux-6.16", "series-v7/2", "linux-6.18"})
    void otherKernelsMaintainAsMuch(String policy) {
        DemoReport report = Rehearsal.maintenance("altra", policy, ADVERSARIAL, Set.of());

        assertThat(report.defect()).isFalse();
        assertThat(report.parts())
                .allSatisfy(part -> assertThat(Rehearsal.findings(part)).isEmpty());
    }

    @ParameterizedTest
    @CsvSource({
        "MAP,       0,                 STALE_READ,  PE,  CLEAN_TO_POC",
        "EXEC,      the OLD code runs, STALE_FETCH, PE,  INVALIDATE_INSTRUCTIONS",
        "SET_WAY,   0,                 STALE_READ,  PE,  CLEAN_TO_POC",
        "TOGGLE,    0,                 STALE_READ,  PE,  INVALIDATE_TO_POC",
        "REINIT,    0,                 STALE_READ,  PE,  CLEAN_TO_POC",
        "UNMAP,     0,                 STALE_READ,  VMM, INVALIDATE_TO_POC",
        "DIRTY_LOG, 0,                 STALE_READ,  PE,  CLEAN_TO_POC"
    })
    void eachKindIsNeeded(Maintenance maintenance, String wrong, FindingKind kind, Agent agent, Missing missing) {
        DemoReport report = run("altra", ADVERSARIAL, maintenance);

        assertThat(report.defect()).isTrue();
        DemoPart part = report.parts().getFirst();
        assertThat(report.parts()).hasSize(1);
        assertThat(seen(part)).isEqualTo(wrong);
        assertThat(part.steps().getFirst().what()).startsWith("does NOT ");
        List<Finding> found = Rehearsal.findings(part).stream()
                .filter(finding -> finding.kind() == kind)
                .toList();
        assertThat(found).singleElement().satisfies(finding -> {
            assertThat(finding.agent()).isEqualTo(agent);
            assertThat(finding.missing()).isEqualTo(missing);
            assertThat(finding.pa()).isNotZero();
            assertThat(finding.pc() != 0).isEqualTo(agent == Agent.PE);
        });
    }

    /// Whether a line is filled before the guest stores past it is what the others leave open.
    @ParameterizedTest
    @EnumSource(
            value = Maintenance.class,
            names = {"TOGGLE", "UNMAP"},
            mode = EnumSource.Mode.EXCLUDE)
    void mostAreNeededOnHardwareThatFillsNothingByItself(Maintenance maintenance) {
        assertThat(run("altra", Rehearsal.LAZY, maintenance).defect()).isTrue();
    }

    @Test
    void severalAreLeftOutEachInItsOwnSituation() {
        DemoReport report = run("altra", ADVERSARIAL, Maintenance.UNMAP, Maintenance.MAP);

        assertThat(report.parts())
                .extracting(part -> part.title().split(":", 2)[0])
                .containsExactly("map", "unmap");
        assertThat(report.parts()).allMatch(DemoPart::defect);
    }

    @ParameterizedTest
    @EnumSource
    void hardwareThatIsCoherentNeedsNone(Maintenance maintenance) {
        DemoPart part = run("gb200", ADVERSARIAL, maintenance).parts().getFirst();

        assertThat(part.defect()).isFalse();
        assertThat(part.outcome()).contains("nothing to do");
        assertThat(Rehearsal.findings(part)).isEmpty();
    }

    @Test
    void withoutModelledCachesNothingIsSeen() {
        DemoReport report = Rehearsal.maintenance("altra", "linux-7.3", null, EnumSet.allOf(Maintenance.class));

        assertThat(report.defect()).isFalse();
        assertThat(report.parts()).hasSameSizeAs(Maintenance.values());
        assertThat(report.notes()).singleElement().asString().contains("not modelled");
    }
}
