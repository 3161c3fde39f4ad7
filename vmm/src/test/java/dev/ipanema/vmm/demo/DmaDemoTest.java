package dev.ipanema.vmm.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.FindingKind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class DmaDemoTest {
    private static List<DemoPart> copy(String host, CachePolicy policy) {
        return Rehearsal.run("dma", host, "linux-7.3", Rehearsal.caches(policy)).parts();
    }

    @ParameterizedTest
    @EnumSource
    void aDeviceThatSnoopsNeedsNothing(CachePolicy policy) {
        DemoPart snooping = copy("gb200", policy).getFirst();

        assertThat(snooping.defect()).isFalse();
        assertThat(Rehearsal.findings(snooping)).isEmpty();
        assertThat(Rehearsal.seen(snooping)).containsExactly("read 3", "3");
    }

    @ParameterizedTest
    @EnumSource
    void maintenanceIsEnoughOnWhateverHardware(CachePolicy policy) {
        DemoPart maintained = copy("altra", policy).get(1);

        assertThat(maintained.defect()).isFalse();
        assertThat(Rehearsal.findings(maintained)).isEmpty();
        assertThat(Rehearsal.seen(maintained)).containsExactly("read 3", "3");
    }

    /// FWB is about what processors do: a device that does not snoop is the same everywhere.
    @ParameterizedTest
    @ValueSource(strings = {"gb200", "altra"})
    void withoutMaintenanceDeviceAndGuestMissEachOthersBytes(String host) {
        DemoPart part = copy(host, CachePolicy.LAZY).getLast();

        assertThat(part.defect()).isTrue();
        assertThat(Rehearsal.seen(part)).containsExactly("read 1", "2, what it held before");
        assertThat(Rehearsal.kinds(part)).containsExactlyInAnyOrder(FindingKind.DMA_STALE, FindingKind.STALE_READ);
    }

    @Test
    void hardwareThatWritesBackAtOnceHidesIt() {
        DemoPart part = copy("gb200", CachePolicy.EAGER).getLast();

        assertThat(part.defect()).isFalse();
        assertThat(Rehearsal.seen(part)).containsExactly("read 3", "3");
    }
}
