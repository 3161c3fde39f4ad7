package dev.ipanema.machine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.machine.memory.Agent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CoherenceMonitorTest {
    private static final long PA = 0x8000_1044L;
    private static final int LINE = 64;

    private final CoherenceMonitor monitor = new CoherenceMonitor();

    private static Finding staleFetch(long pa) {
        Alias alias = new Alias("PE", 0, null, true);
        return new Finding(
                FindingKind.STALE_FETCH,
                Agent.PE,
                0,
                pa,
                0,
                0,
                pa,
                4,
                "",
                "",
                alias,
                alias,
                null,
                Missing.INVALIDATE_INSTRUCTIONS);
    }

    @Test
    void staleFetchIsFoundWhenNobodyMaintainsItsLine() {
        monitor.suspect(staleFetch(PA));
        monitor.suspect(staleFetch(PA));
        monitor.maintained(PA + LINE, LINE);

        assertThat(monitor.findings()).containsExactly(new CoherenceMonitor.Counted(staleFetch(PA), 2));
        assertThat(monitor.total()).isEqualTo(2);
    }

    @Test
    void staleFetchBeforeItsMaintenanceIsNone() {
        monitor.suspect(staleFetch(PA));
        monitor.maintained(PA & -LINE, LINE);

        assertThat(monitor.findings()).isEmpty();
        assertThat(monitor.total()).isZero();
    }

    @Test
    void maintenanceWithoutAnAddressIsOfEveryLine() {
        monitor.suspect(staleFetch(PA));
        monitor.maintained(0, 0);

        assertThat(monitor.findings()).isEmpty();
    }

    @Test
    void maintenanceDoesNotUndoWhatWasFound() {
        monitor.report(staleFetch(PA));
        monitor.maintained(PA, LINE);

        assertThat(monitor.findings()).hasSize(1);
    }

    @Test
    void listenersAreToldOnceItIsFound() {
        List<Finding> told = new ArrayList<>();
        monitor.listen(told::add);
        monitor.suspect(staleFetch(PA));

        assertThat(told).isEmpty();
        assertThat(monitor.total()).isEqualTo(1);
        assertThat(told).containsExactly(staleFetch(PA));
    }
}
