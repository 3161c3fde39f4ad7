package dev.ipanema.machine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.SetAndWay;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Operations that name no address, and a loss of power.
class SetAndWayTest {
    private static final MemoryAttributes WB = MemoryAttributes.NORMAL_WB;
    private static final MemoryAttributes NC = MemoryAttributes.NORMAL_NC;
    private static final long BASE = 0x8000_0000L;
    private static final int SETS = 256;
    private static final int WAYS = 4;
    private static final int LINES = 512;
    private static final int STEP = 64 * 37;

    private final PhysicalMemory memory = PhysicalMemory.builder()
            .caches(new CacheModel(CacheOptions.DEFAULT, 0), mapMemory -> true)
            .ram("ram", BASE, 16 << 20, true)
            .build();
    private final Origin pe0 = new Origin(Agent.PE, 0, false);
    private final Origin pe1 = new Origin(Agent.PE, 1, false);

    @AfterEach
    void close() {
        memory.close();
    }

    private static long pa(int i) {
        return BASE + (long) i * STEP;
    }

    private void everySetAndWay(CacheOperation operation, Origin origin, boolean last) {
        for (int set = 0; set < SETS; set++) {
            for (int way = 0; way < WAYS; way++) {
                memory.maintenance().bySetAndWay(operation, origin, new SetAndWay(last, set, SETS, way, WAYS));
            }
        }
    }

    @Test
    void everyLineIsCleanedByALoopOverSetsAndWaysOfTheLastLevel() {
        for (int i = 0; i < LINES; i++) {
            memory.store(pe0, WB, pa(i), 8, i + 1);
        }

        everySetAndWay(CacheOperation.DC_CLEAN_INVAL_POC, pe0, false);
        assertThat(memory.load(pe0, NC, pa(7), 8)).isZero();

        everySetAndWay(CacheOperation.DC_CLEAN_INVAL_POC, pe0, true);
        for (int i = 0; i < LINES; i++) {
            assertThat(memory.load(pe0, NC, pa(i), 8)).isEqualTo(i + 1);
        }
    }

    @Test
    void aLineIsInOneSetAndOneWay() {
        for (int i = 0; i < LINES; i++) {
            int places = 0;
            for (int set = 0; set < SETS; set++) {
                for (int way = 0; way < WAYS; way++) {
                    places += new SetAndWay(true, set, SETS, way, WAYS).holds(pa(i)) ? 1 : 0;
                }
            }
            assertThat(places).isOne();
        }
    }

    @Test
    void whatAnotherElementStoredLastStaysInItsCaches() {
        memory.store(pe0, WB, pa(1), 8, 1);
        // A page of which lines are invalidated is followed from then on, its writers with it.
        memory.maintenance().done(CacheOperation.DC_CLEAN_INVAL_POC, pe0, pa(1), 64);
        memory.store(pe0, WB, pa(1), 8, 3);

        everySetAndWay(CacheOperation.DC_CLEAN_POC, pe1, true);
        assertThat(memory.load(pe1, NC, pa(1), 8)).isEqualTo(1);

        everySetAndWay(CacheOperation.DC_CLEAN_POC, pe0, true);
        assertThat(memory.load(pe1, NC, pa(1), 8)).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLossOfPowerLeavesWhatWasCleaned(boolean cleaned) {
        memory.store(pe0, WB, pa(3), 8, 5);
        memory.store(pe0, WB, pa(200), 8, 6);
        if (cleaned) {
            memory.maintenance().done(CacheOperation.DC_CLEAN_POC, pe0, pa(3) & -64, 64);
        }

        memory.losePower();

        assertThat(memory.load(pe0, WB, pa(3), 8)).isEqualTo(cleaned ? 5 : 0);
        assertThat(memory.load(pe0, WB, pa(200), 8)).isZero();
        memory.store(pe0, WB, pa(200), 8, 7);
        assertThat(memory.load(pe0, NC, pa(200), 8)).isZero();
        assertThat(memory.load(pe0, WB, pa(200), 8)).isEqualTo(7);
    }
}
