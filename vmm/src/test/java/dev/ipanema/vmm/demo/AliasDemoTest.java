package dev.ipanema.vmm.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.FindingKind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class AliasDemoTest {
    private static final String WRITE_BACK = "Normal-WB (stage 1 Normal-WB, stage 2 NORMAL_WB)";

    private static List<DemoPart> alias(String host, String policy, CachePolicy caches) {
        return Rehearsal.run("alias", host, policy, Rehearsal.caches(caches)).parts();
    }

    @Test
    void ramHasTwoValuesWithoutFwb() {
        DemoPart ram = alias("altra", "linux-7.3", CachePolicy.LAZY).getFirst();

        assertThat(ram.defect()).isTrue();
        assertThat(Rehearsal.seen(ram)).containsExactly("0x0", "0xcac4000000000001");
        assertThat(Rehearsal.kinds(ram))
                .containsExactlyInAnyOrder(FindingKind.MISMATCHED_ALIAS, FindingKind.STALE_READ);
        assertThat(ram.steps().get(1).type()).isEqualTo("Normal-NC (stage 1 Normal-NC, stage 2 NORMAL_WB)");
    }

    @Test
    void theAliasesAreFoundWhereHardwareHidesThem() {
        DemoPart ram = alias("altra", "linux-7.3", CachePolicy.EAGER).getFirst();

        assertThat(ram.defect()).isTrue();
        assertThat(Rehearsal.seen(ram)).containsExactly("0xcac4000000000001", "0x4c00000000000002");
        assertThat(Rehearsal.kinds(ram)).containsExactly(FindingKind.MISMATCHED_ALIAS);
    }

    @Test
    void gpuMemoryIsNotGivenToGuestsWithoutFwb() {
        DemoPart gpu = alias("altra", "linux-7.3", CachePolicy.LAZY).getLast();

        assertThat(gpu.defect()).isFalse();
        assertThat(gpu.steps())
                .singleElement()
                .satisfies(step -> assertThat(step.what()).contains("refuses the slot"));
    }

    @ParameterizedTest
    @EnumSource
    void fwbMakesBothAliasesWriteBack(CachePolicy policy) {
        List<DemoPart> parts = alias("gb200", "linux-7.3", policy);

        assertThat(parts).hasSize(2).allSatisfy(part -> {
            assertThat(part.defect()).isFalse();
            assertThat(Rehearsal.findings(part)).isEmpty();
            assertThat(Rehearsal.seen(part)).containsExactly("0xcac4000000000001", "0x4c00000000000002");
            assertThat(part.steps())
                    .extracting(DemoStep::type)
                    .containsOnly(WRITE_BACK, "Normal-WB (stage 1 Normal-NC, stage 2 NORMAL_WB)");
            assertThat(part.outcome()).contains("FEAT_S2FWB made both aliases Normal-WB");
        });
    }

    @Test
    void beforeTheSeriesGpuMemoryIsADeviceByBothAliases() {
        DemoPart gpu = alias("gb200", "linux-6.16", CachePolicy.LAZY).getLast();

        assertThat(gpu.defect()).isFalse();
        assertThat(Rehearsal.findings(gpu)).isEmpty();
        assertThat(gpu.outcome()).contains("stage 2 (DEVICE_nGnRE) made Device-nGnRE and Device-nGnRE");
    }
}
