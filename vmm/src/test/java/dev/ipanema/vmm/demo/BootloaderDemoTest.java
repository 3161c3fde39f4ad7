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
class BootloaderDemoTest {
    private static List<DemoPart> boot(String host, CachePolicy policy) {
        return Rehearsal.run("bootloader", host, "linux-7.3", Rehearsal.caches(policy))
                .parts();
    }

    @ParameterizedTest
    @EnumSource
    void theRightLoaderIsRightOnWhateverHardware(CachePolicy policy) {
        DemoPart right = boot("altra", policy).getFirst();

        assertThat(right.defect()).isFalse();
        assertThat(Rehearsal.findings(right)).isEmpty();
        assertThat(Rehearsal.seen(right)).containsExactly("the new payload runs", "2");
    }

    @Test
    void whatIsNotCleanedIsNotWhatRuns() {
        DemoPart part = boot("altra", CachePolicy.LAZY).get(1);

        assertThat(part.defect()).isTrue();
        assertThat(Rehearsal.seen(part)).containsExactly("the OLD payload runs");
        assertThat(part.steps().getLast().type()).isEqualTo("Normal-NC (stage 1 Normal-NC, stage 2 NORMAL_WB)");
        assertThat(Rehearsal.kinds(part)).containsExactly(FindingKind.STALE_FETCH);
    }

    @Test
    void whatIsNotInvalidatedIsNotWhatIsRead() {
        DemoPart part = boot("altra", CachePolicy.LAZY).get(2);

        assertThat(part.defect()).isTrue();
        assertThat(Rehearsal.seen(part)).containsExactly("the new payload runs", "0");
        assertThat(Rehearsal.kinds(part)).containsExactly(FindingKind.STALE_READ);
    }

    @ParameterizedTest
    @EnumSource
    void fwbHidesBothMistakes(CachePolicy policy) {
        assertThat(boot("gb200", policy)).hasSize(3).allSatisfy(part -> {
            assertThat(part.defect()).isFalse();
            assertThat(Rehearsal.findings(part)).isEmpty();
            assertThat(part.outcome()).contains("with FEAT_S2FWB");
        });
    }
}
