package dev.ipanema.machine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.machine.cache.LineOracle.Possible;
import dev.ipanema.machine.cache.LineOracle.View;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Sets of allowed values, worked out by hand; cell 0 unless named.
class LineOracleTest {
    private static final int ZERO = 1;
    private static final int ONE = 1 << 1;
    private static final int TWO = 1 << 2;

    /// Fetches see the data cache.
    private final Possible unused = new LineOracle(true).reset(false);

    private final Possible mapped = new LineOracle(true).reset(true);

    /// Fetches see the point of unification.
    private final Possible withPou = new LineOracle(false).reset(false);

    @Test
    void dirtyLineMayBeWrittenBackAtAnyTime() {
        assertThat(unused.store(0, 1).allowed(View.MEMORY, 0)).isEqualTo(ZERO | ONE);
        assertThat(unused.store(0, 1).allowed(View.COHERENT, 0)).isEqualTo(ONE);
    }

    @Test
    void cleanMakesMemoryHoldTheStore() {
        assertThat(unused.store(0, 1).cleanToPoc().allowed(View.MEMORY, 0)).isEqualTo(ONE);
    }

    @Test
    void lineThatNobodyUsedIsNotFilled() {
        assertThat(unused.storeToMemory(0, 1).allowed(View.COHERENT, 0)).isEqualTo(ONE);
    }

    @Test
    void cleanLineMayHideAStoreToMemory() {
        assertThat(mapped.storeToMemory(0, 1).allowed(View.COHERENT, 0)).isEqualTo(ZERO | ONE);
    }

    @Test
    void invalidationShowsMemory() {
        assertThat(mapped.storeToMemory(0, 1).invalidate().allowed(View.COHERENT, 0))
                .isEqualTo(ONE);
    }

    @Test
    void cleanLineIsNeverWrittenBack() {
        Possible line = mapped.seen(View.COHERENT, 0, 0).storeToMemory(0, 1).cleanToPoc();

        assertThat(line.allowed(View.MEMORY, 0)).isEqualTo(ONE);
    }

    @Test
    void writeBackMayOverwriteAStoreToMemory() {
        Possible line = unused.store(0, 1).storeToMemory(0, 2).cleanAndInvalidate();

        assertThat(line.allowed(View.MEMORY, 0)).isEqualTo(ONE | TWO);
    }

    @Test
    void writeBackMayOverwriteTheRestOfTheLine() {
        Possible line = unused.store(0, 1).storeToMemory(1, 2).cleanToPoc();

        assertThat(line.allowed(View.MEMORY, 1)).isEqualTo(ZERO | TWO);
    }

    @Test
    void invalidationMayLoseAStore() {
        assertThat(unused.store(0, 1).invalidate().allowed(View.COHERENT, 0)).isEqualTo(ZERO | ONE);
    }

    @Test
    void whatWasReadIsKnown() {
        Possible stored = unused.store(0, 1);

        assertThat(stored.seen(View.MEMORY, 0, 1)
                        .storeToMemory(0, 2)
                        .cleanToPoc()
                        .allowed(View.MEMORY, 0))
                .isEqualTo(TWO);
        assertThat(stored.seen(View.MEMORY, 0, 0)
                        .storeToMemory(0, 2)
                        .cleanToPoc()
                        .allowed(View.MEMORY, 0))
                .isEqualTo(ONE | TWO);
    }

    @Test
    void fetchSeesAStoreForSureOnlyAfterACleanToThePointOfUnification() {
        Possible stored = withPou.store(0, 1);

        assertThat(stored.allowed(View.UNIFIED, 0)).isEqualTo(ZERO | ONE);
        assertThat(stored.cleanToPou().allowed(View.UNIFIED, 0)).isEqualTo(ONE);
        assertThat(stored.cleanToPou().allowed(View.MEMORY, 0)).isEqualTo(ZERO | ONE);
        assertThat(stored.cleanToPoc().allowed(View.UNIFIED, 0)).isEqualTo(ONE);
    }

    @Test
    void pointOfUnificationMayHideAStoreToMemory() {
        Possible line = withPou.store(0, 1).cleanToPou().storeToMemory(0, 2);

        assertThat(line.allowed(View.UNIFIED, 0)).isEqualTo(ONE | TWO);
        assertThat(line.invalidate().allowed(View.UNIFIED, 0)).isEqualTo(ONE | TWO);
    }

    @Test
    void writeThroughStoreReachesMemoryAtOnce() {
        assertThat(withPou.storeThrough(0, 1).allowed(View.MEMORY, 0)).isEqualTo(ONE);
        assertThat(withPou.storeThrough(0, 1).allowed(View.UNIFIED, 0)).isEqualTo(ONE);
        assertThat(withPou.storeThrough(0, 1).allowed(View.COHERENT, 0)).isEqualTo(ONE);
    }

    /// Without accesses past the caches there is one value, whatever else happens.
    @Test
    void coherentAccessesAgreeUnderRandomMaintenance() {
        SplittableRandom random = new SplittableRandom(1);
        Possible line = withPou.fillable(true);
        int value = 0;
        for (int i = 0; i < 2_000; i++) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    value = random.nextInt(LineOracle.VALUES);
                    line = line.store(0, value);
                }
                case 1 -> line = line.cleanToPou();
                case 2 -> line = line.cleanToPoc();
                case 3 -> line = line.cleanAndInvalidate();
                default -> line = line.store(1, random.nextInt(LineOracle.VALUES));
            }
            assertThat(line.allowed(View.COHERENT, 0)).isEqualTo(1 << value);
        }
    }
}
