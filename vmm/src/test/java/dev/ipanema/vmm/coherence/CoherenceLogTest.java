package dev.ipanema.vmm.coherence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.ipanema.machine.cache.Alias;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CoherenceMonitor;
import dev.ipanema.machine.cache.Finding;
import dev.ipanema.machine.cache.FindingKind;
import dev.ipanema.machine.cache.Missing;
import dev.ipanema.machine.cache.Writer;
import dev.ipanema.machine.memory.Agent;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CoherenceLogTest {
    private final CacheModel caches = new CacheModel(CacheOptions.DEFAULT, 0);
    private String base = "early";
    private final CoherenceLog log =
            new CoherenceLog(caches, (vcpu, address) -> Optional.of(base + "-" + vcpu + "-" + address));

    private static Finding finding(FindingKind kind, long pc, Writer writer) {
        Alias alias = new Alias("PE", 0, null, true);
        return new Finding(kind, Agent.PE, 0, pc, 1, 2, 3, 8, "00", "01", alias, alias, writer, Missing.CLEAN_TO_POC);
    }

    @Test
    void symbolsAreThoseOfTheTimeOfTheFinding() {
        caches.monitor().report(finding(FindingKind.STALE_READ, 4, new Writer(Agent.PE, 1, 8, false)));
        base = "late";

        NamedFinding named = log.report().findings().getFirst();

        assertThat(named.symbol()).isEqualTo("early-0-4");
        assertThat(named.writerSymbol()).isEqualTo("early-1-8");
    }

    @Test
    void agentsWithoutInstructionsHaveNoSymbol() {
        caches.monitor().report(finding(FindingKind.STALE_READ, 0, new Writer(Agent.VMM, -1, 0, true)));

        NamedFinding named = log.report().findings().getFirst();

        assertThat(named.symbol()).isEmpty();
        assertThat(named.writerSymbol()).isEmpty();
    }

    @Test
    void eachPlaceIsNewOnceAndCountedInTheReport() {
        Finding finding = finding(FindingKind.STALE_READ, 4, new Writer(Agent.PE, 1, 8, false));
        caches.monitor().report(finding);
        caches.monitor().report(finding);

        assertThat(log.takeNew()).hasSize(1);
        assertThat(log.takeNew()).isEmpty();
        assertThat(log.report().findings())
                .singleElement()
                .extracting(NamedFinding::count)
                .isEqualTo(2L);
    }

    @Test
    void kindsAreSums() {
        Writer writer = new Writer(Agent.PE, 1, 8, false);
        caches.monitor().report(finding(FindingKind.STALE_READ, 4, writer));
        caches.monitor().report(finding(FindingKind.STALE_READ, 8, writer));
        caches.monitor().report(finding(FindingKind.LOST_WRITE, 4, writer));

        CoherenceReport report = log.report();

        assertThat(report.total()).isEqualTo(3);
        assertThat(report.unlisted()).isZero();
        assertThat(report.kinds()).containsOnly(entry(FindingKind.STALE_READ, 2L), entry(FindingKind.LOST_WRITE, 1L));
    }

    @Test
    void aSumListsAtMostWhatAMonitorKeepsAndCountsTheRest() {
        for (int i = 1; i <= CoherenceMonitor.MAX_FINDINGS - 1; i++) {
            caches.monitor().report(finding(FindingKind.STALE_READ, i, new Writer(Agent.VMM, -1, 0, true)));
        }
        CoherenceReport report = log.report();

        CoherenceReport sum = report.plus(report.of("other"));

        assertThat(sum.findings()).hasSize(CoherenceMonitor.MAX_FINDINGS);
        assertThat(sum.findings().getLast().subject()).isEqualTo("other");
        assertThat(sum.total()).isEqualTo(2 * (CoherenceMonitor.MAX_FINDINGS - 1));
        assertThat(sum.unlisted()).isEqualTo(CoherenceMonitor.MAX_FINDINGS - 2);
    }
}
