package dev.ipanema.machine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CacheMaintenanceTest {
    private final CacheMaintenance maintenance =
            new CacheMaintenance(PhysicalMemory.builder().build());

    @Test
    void operationsAreCountedWithTheirLengths() {
        maintenance.dcCleanInvalPoc(Agent.KVM, 0x1000, 4096);
        maintenance.dcCleanInvalPoc(Agent.PE, 0x2040, 64);
        maintenance.icInvalPou(Agent.PE, 0x2040, 64);

        assertThat(maintenance.calls(CacheOperation.DC_CLEAN_INVAL_POC)).isEqualTo(2);
        assertThat(maintenance.bytes(CacheOperation.DC_CLEAN_INVAL_POC)).isEqualTo(4160);
        assertThat(maintenance.calls(CacheOperation.IC_INVAL_POU)).isEqualTo(1);
        assertThat(maintenance.calls(CacheOperation.DC_CLEAN_POU)).isZero();
    }

    @Test
    void listenerHearsEachOperationUntilItIsRemoved() {
        List<String> heard = new ArrayList<>();
        maintenance.listen(
                (operation, agent, pa, bytes) -> heard.add(operation + " " + agent + " " + pa + " " + bytes));

        maintenance.dcInvalPoc(Agent.PE, 64, 64);
        maintenance.dcCleanPoc(Agent.PE, 128, 64);
        maintenance.dcCleanPou(Agent.PE, 192, 64);
        maintenance.icInvalAll(Agent.PE);
        maintenance.icInvalAllInnerShareable(Agent.KVM);
        maintenance.listen(null);
        maintenance.icInvalAll(Agent.PE);

        assertThat(heard)
                .containsExactly(
                        "DC_INVAL_POC PE 64 64",
                        "DC_CLEAN_POC PE 128 64",
                        "DC_CLEAN_POU PE 192 64",
                        "IC_INVAL_ALL_POU PE 0 0",
                        "IC_INVAL_ALL_POU_IS KVM 0 0");
    }
}
