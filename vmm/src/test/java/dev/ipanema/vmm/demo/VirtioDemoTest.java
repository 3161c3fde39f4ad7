package dev.ipanema.vmm.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.Finding;
import dev.ipanema.machine.cache.FindingKind;
import dev.ipanema.machine.memory.Agent;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class VirtioDemoTest {
    private static List<DemoPart> drive(String host, CachePolicy policy) {
        return Rehearsal.run("virtio", host, "linux-7.3", Rehearsal.caches(policy))
                .parts();
    }

    @ParameterizedTest
    @EnumSource
    void ringsThatBothMapWriteBackWork(CachePolicy policy) {
        DemoPart cached = drive("altra", policy).getFirst();

        assertThat(cached.defect()).isFalse();
        assertThat(Rehearsal.findings(cached)).isEmpty();
        assertThat(Rehearsal.seen(cached))
                .containsExactly("index 1, bytes from the device", "index 2, bytes from the device");
    }

    @Test
    void ringsThatTheGuestMapsUncachedDoNot() {
        DemoPart uncached = drive("altra", CachePolicy.LAZY).getLast();

        assertThat(uncached.defect()).isTrue();
        assertThat(Rehearsal.seen(uncached))
                .containsExactly("index 0, the buffer as it was", "index 0, the buffer as it was");
        assertThat(Rehearsal.kinds(uncached))
                .containsExactlyInAnyOrder(FindingKind.MISMATCHED_ALIAS, FindingKind.STALE_READ);
    }

    @Test
    void bothSidesReadStaleRings() {
        DemoPart uncached = drive("altra", CachePolicy.LAZY).getLast();

        assertThat(Rehearsal.findings(uncached))
                .filteredOn(finding -> finding.kind() == FindingKind.STALE_READ)
                .extracting(Finding::agent)
                .contains(Agent.PE, Agent.VMM);
    }

    @ParameterizedTest
    @EnumSource
    void fwbHidesIt(CachePolicy policy) {
        DemoPart uncached = drive("gb200", policy).getLast();

        assertThat(uncached.defect()).isFalse();
        assertThat(Rehearsal.findings(uncached)).isEmpty();
        assertThat(uncached.steps().getFirst().type()).isEqualTo("Normal-WB (stage 1 Normal-NC, stage 2 NORMAL_WB)");
        assertThat(uncached.outcome()).contains("FEAT_S2FWB made the rings Normal-WB");
    }
}
