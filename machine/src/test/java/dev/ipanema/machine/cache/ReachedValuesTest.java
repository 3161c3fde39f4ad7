package dev.ipanema.machine.cache;

import static dev.ipanema.machine.memory.CacheOperation.DC_CLEAN_INVAL_POC;
import static dev.ipanema.machine.memory.CacheOperation.DC_CLEAN_POC;
import static dev.ipanema.machine.memory.CacheOperation.DC_CLEAN_POU;
import static dev.ipanema.machine.memory.CacheOperation.DC_INVAL_POC;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.machine.cache.Step.Via;
import dev.ipanema.machine.cache.Step.Who;
import dev.ipanema.machine.memory.CacheOperation;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Each value that the architecture allows the last read of a program is reached by some policy, and no other.
class ReachedValuesTest {
    private static final int SEEDS = 64;
    private static final Step STORE_1 = Step.store(Who.PE0, Via.WB, 0, 1);
    private static final Step STORE_2_TO_MEMORY = Step.store(Who.PE1, Via.NC, 0, 2);
    private static final Step LOAD = Step.load(Who.PE0, Via.WB, 0);
    private static final Step LOAD_MEMORY = Step.load(Who.PE1, Via.NC, 0);
    private static final Step FETCH = Step.fetch(Who.PE0, Via.WB, 0);

    private final Oracles oracles = new Oracles();

    private static Step maintain(CacheOperation operation) {
        return Step.maintain(Who.PE0, operation, 0, 1);
    }

    /// {@return the values that the last step read, over all policies}
    private Set<Integer> reached(boolean idc, boolean mapMemory, Step... steps) {
        Set<Integer> values = new TreeSet<>();
        for (CachePolicy policy : CachePolicy.values()) {
            for (int seed = 0; seed < (policy == CachePolicy.RANDOM ? SEEDS : 1); seed++) {
                Setting setting = new Setting(policy, seed, idc, true, mapMemory, false, 4);
                Trial trial = new Trial(setting, Arrays.asList(steps));
                Trial.Outcome outcome = trial.run(oracles);
                assertThat(outcome.isAllowed()).as(trial.listing(outcome)).isTrue();
                values.add(outcome.reads().getLast()[0]);
            }
        }
        return values;
    }

    @Test
    void memoryReadAfterADirtyStore() {
        assertThat(reached(true, true, STORE_1, LOAD_MEMORY)).containsExactly(0, 1);
    }

    @Test
    void memoryReadAfterADirtyStoreThatDmaMakes() {
        assertThat(reached(true, true, Step.store(Who.DMA, Via.WB, 0, 1), LOAD_MEMORY))
                .containsExactly(0, 1);
    }

    @Test
    void dmaReadAfterADirtyStore() {
        assertThat(reached(true, true, STORE_1, Step.load(Who.DMA, Via.NC, 0))).containsExactly(0, 1);
        assertThat(reached(true, true, STORE_1, Step.load(Who.DMA, Via.WB, 0))).containsExactly(1);
    }

    @Test
    void memoryReadAfterAClean() {
        assertThat(reached(true, true, STORE_1, maintain(DC_CLEAN_POC), LOAD_MEMORY))
                .containsExactly(1);
    }

    @Test
    void coherentReadAfterAStoreToMapMemory() {
        assertThat(reached(true, true, STORE_2_TO_MEMORY, LOAD)).containsExactly(0, 2);
    }

    @Test
    void coherentReadAfterAStoreToMemoryThatNobodyMaps() {
        assertThat(reached(true, false, STORE_2_TO_MEMORY, LOAD)).containsExactly(2);
    }

    @Test
    void coherentReadAfterAStoreToMemoryThatWasRead() {
        assertThat(reached(true, false, LOAD, STORE_2_TO_MEMORY, LOAD)).containsExactly(0, 2);
    }

    @Test
    void coherentReadAfterInvalidation() {
        assertThat(reached(true, true, LOAD, STORE_2_TO_MEMORY, maintain(DC_INVAL_POC), LOAD))
                .containsExactly(2);
    }

    @Test
    void memoryReadAfterADirtyLineMetAStore() {
        assertThat(reached(true, true, STORE_1, STORE_2_TO_MEMORY, maintain(DC_CLEAN_INVAL_POC), LOAD_MEMORY))
                .containsExactly(1, 2);
    }

    @Test
    void coherentReadAfterADirtyLineMetAStore() {
        assertThat(reached(true, true, STORE_1, STORE_2_TO_MEMORY, LOAD)).containsExactly(1, 2);
    }

    @Test
    void coherentReadAfterADirtyLineWasInvalidated() {
        assertThat(reached(true, true, STORE_1, maintain(DC_INVAL_POC), LOAD)).containsExactly(0, 1);
    }

    @Test
    void neighbourOfADirtyCell() {
        Step other = Step.store(Who.PE1, Via.NC, 1, 2);
        Step loadOther = Step.load(Who.PE1, Via.NC, 1);

        assertThat(reached(true, true, STORE_1, other, maintain(DC_CLEAN_POC), loadOther))
                .contains(2);
    }

    @Test
    void cleanLineIsDroppedOrKeptButNeverWritten() {
        assertThat(reached(true, true, LOAD, STORE_2_TO_MEMORY, maintain(DC_CLEAN_POC), LOAD_MEMORY))
                .containsExactly(2);
        assertThat(reached(true, true, LOAD, STORE_2_TO_MEMORY, maintain(DC_CLEAN_POC), LOAD))
                .containsExactly(0, 2);
    }

    @Test
    void fetchAfterAStoreWithoutACleanWhereFetchesDoNotSeeTheDataCache() {
        assertThat(reached(false, true, STORE_1, FETCH)).containsExactly(0, 1);
        assertThat(reached(false, true, STORE_1, maintain(DC_CLEAN_POU), FETCH)).containsExactly(1);
    }

    @Test
    void fetchAfterAStoreWhereFetchesSeeTheDataCache() {
        assertThat(reached(true, true, STORE_1, FETCH)).containsExactly(1);
    }

    @Test
    void memoryReadAfterACleanToThePointOfUnification() {
        assertThat(reached(false, true, STORE_1, maintain(DC_CLEAN_POU), LOAD_MEMORY))
                .containsExactly(0, 1);
    }

    @Test
    void fetchAfterAStoreToMemory() {
        assertThat(reached(false, true, STORE_1, maintain(DC_CLEAN_POU), STORE_2_TO_MEMORY, FETCH))
                .containsExactly(1, 2);
    }

    @Test
    void powerLossShowsMemory() {
        // No policy writes back by itself just before: the worst for who forgot to clean.
        assertThat(reached(true, true, STORE_1, Step.powerLoss(), LOAD)).containsExactly(0);
        assertThat(reached(true, true, STORE_1, maintain(DC_CLEAN_POC), Step.powerLoss(), LOAD))
                .containsExactly(1);
    }

    @Test
    void writeThroughStoreIsInBothViews() {
        Step store = Step.store(Who.PE0, Via.WT, 0, 1);

        assertThat(reached(true, true, store, LOAD_MEMORY)).containsExactly(1);
        assertThat(reached(true, true, store, LOAD)).containsExactly(1);
    }
}
