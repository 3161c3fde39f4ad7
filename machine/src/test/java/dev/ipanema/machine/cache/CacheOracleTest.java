package dev.ipanema.machine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The oracle without a cache model: reads get any allowed value.
class CacheOracleTest {
    private static final int PROGRAMS = 2_000;

    private final long seed = Long.getLong("ipanema.seed", System.nanoTime());
    private final SplittableRandom random = new SplittableRandom(seed);
    private final Oracles oracles = new Oracles();

    CacheOracleTest() {
        System.out.println("CacheOracleTest -Dipanema.seed=" + seed);
    }

    private int mostAllowed(Trial trial) {
        CacheOracle oracle = new CacheOracle(
                oracles.of(trial.setting().idc()), trial.setting().mapMemory());
        trial.steps().forEach(step -> oracle.choose(step, random));
        return oracle.mostAllowed();
    }

    @Test
    void programsThatDoAllMaintenanceHaveOneResult() {
        for (int i = 0; i < PROGRAMS; i++) {
            Trial trial = MaintainedGenerator.next(random, true).trial();
            assertThat(mostAllowed(trial)).as(() -> trial.toString()).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void carelessProgramsOftenHaveSeveral() {
        ProgramGenerator generator = new ProgramGenerator(random);
        int several = 0;
        for (int i = 0; i < PROGRAMS; i++) {
            several += mostAllowed(generator.next()) > 1 ? 1 : 0;
        }
        assertThat(several).isGreaterThan(PROGRAMS / 4);
    }
}
