package dev.ipanema.vmm.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.FindingKind;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The sequences are: both operations, DC CVAU only, IC IVAU only, barriers only.
@Timeout(60)
class JitDemoTest {
    private static final String NEW = "the new code ran";
    private static final String OLD = "the OLD code ran";

    @ParameterizedTest
    @CsvSource({"gb200, neoverse-v2, 1111", "altra, neoverse-n1, 1010", "gb200, cortex-a76, 1010"})
    void oldCodeRunsWhereMaintenanceIsMissing(String host, String cpu, String fresh) {
        DemoPart part = Rehearsal.run("jit", host, cpu, "linux-7.3").parts().getFirst();

        assertThat(Rehearsal.seen(part)).containsExactlyElementsOf(words(fresh));
        assertThat(part.defect()).isEqualTo(fresh.contains("0"));
    }

    @ParameterizedTest
    @CsvSource({
        "cortex-a76-idc,     1000",
        "cortex-a76+idc,     1010",
        "cortex-a76+dic-idc, 1100",
        "cortex-a76+dic+idc, 1111",
        "neoverse-v2-dic,    1010"
    })
    void eachBitOfCtrSavesOneOperation(String cpu, String fresh) {
        DemoPart part = Rehearsal.run("jit", "gb200", cpu, "linux-7.3").parts().getFirst();

        assertThat(Rehearsal.seen(part)).containsExactlyElementsOf(words(fresh));
        assertThat(Rehearsal.kinds(part)).isEqualTo(fresh.contains("0") ? Set.of(FindingKind.STALE_FETCH) : Set.of());
    }

    @ParameterizedTest
    @EnumSource
    void bothOperationsAreEnoughOnWhateverHardware(CachePolicy policy) {
        DemoPart part = Rehearsal.run("jit", "altra", "linux-7.3", Rehearsal.caches(policy))
                .parts()
                .getFirst();

        assertThat(Rehearsal.seen(part).getFirst()).isEqualTo(NEW);
    }

    private static List<String> words(String fresh) {
        return fresh.strip().chars().mapToObj(c -> c == '1' ? NEW : OLD).toList();
    }
}
