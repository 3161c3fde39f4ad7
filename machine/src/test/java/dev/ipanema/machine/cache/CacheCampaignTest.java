package dev.ipanema.machine.cache;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Random programs on the cache model under every policy: each value that is read is one that the architecture
/// allows (invariant `subset`). The oracle shares no code with the model.
///
/// A failure prints the least program that still fails. `-Dipanema.seed=` repeats a run.
class CacheCampaignTest {
    private static final int PROGRAMS = Boolean.getBoolean("ipanema.long") ? 1_000_000 : 5_000;

    @Test
    void everyValueReadIsAllowed() {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        System.out.println("CacheCampaignTest -Dipanema.seed=" + seed);
        ProgramGenerator generator = new ProgramGenerator(new SplittableRandom(seed));
        Oracles oracles = new Oracles();

        for (int i = 0; i < PROGRAMS; i++) {
            Trial trial = generator.next();
            if (!trial.run(oracles).isAllowed()) {
                Trial least = trial.shrunk(oracles);
                fail("Program " + i + " of -Dipanema.seed=" + seed + "\n" + least.listing(least.run(oracles)));
            }
        }
    }
}
