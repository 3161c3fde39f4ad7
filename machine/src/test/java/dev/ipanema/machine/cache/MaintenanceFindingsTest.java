package dev.ipanema.machine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ipanema.machine.cache.MaintainedGenerator.Maintained;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Programs that do every maintenance are right under every policy and nothing is found; when one operation that
/// matters is left out, some policy finds it.
class MaintenanceFindingsTest {
    private static final int PROGRAMS = Boolean.getBoolean("ipanema.long") ? 200_000 : 2_000;
    private static final int PROGRAMS_LEFT_OUT = Boolean.getBoolean("ipanema.long") ? 10_000 : 400;

    /// Seeds of [CachePolicy#RANDOM] that are tried; the other policies have no use for one.
    private static final int SEEDS = 12;

    /// What is found because of an access; an alias is reported for what it may lead to.
    private static final Set<FindingKind> OF_ACCESSES =
            EnumSet.of(FindingKind.STALE_READ, FindingKind.LOST_WRITE, FindingKind.STALE_FETCH, FindingKind.DMA_STALE);

    private final long seed = Long.getLong("ipanema.seed", System.nanoTime());
    private final SplittableRandom random = new SplittableRandom(seed);
    private final Oracles oracles = new Oracles();

    MaintenanceFindingsTest() {
        System.out.println("MaintenanceFindingsTest -Dipanema.seed=" + seed);
    }

    private static long found(Trial.Outcome outcome) {
        return OF_ACCESSES.stream().mapToLong(outcome::count).sum();
    }

    @Test
    void nothingIsFoundInProgramsThatDoAllMaintenance() {
        for (int i = 0; i < PROGRAMS; i++) {
            Trial trial = MaintainedGenerator.next(random, true).trial();
            Trial.Outcome outcome = trial.run(oracles);
            if (!outcome.isAllowed() || outcome.mostAllowed() > 1 || found(outcome) != 0) {
                fail("Program " + i + " of -Dipanema.seed=" + seed + "\n" + trial.listing(outcome));
            }
        }
    }

    @Test
    void someSettingFindsEachOperationLeftOut() {
        int leftOut = 0;
        for (int i = 0; i < PROGRAMS_LEFT_OUT; i++) {
            Maintained maintained = MaintainedGenerator.next(random, false);
            for (int step : maintained.needed()) {
                Trial trial = maintained.without(step);
                Trial.Outcome outcome = trial.run(oracles);
                int ambiguous = firstAmbiguous(trial, outcome);
                if (ambiguous >= 0) {
                    leftOut++;
                    if (!someSettingFinds(trial)) {
                        fail("Program " + i + " of -Dipanema.seed=" + seed + " lacks step " + step
                                + ", step " + ambiguous + " may read several values, and nothing is found\n"
                                + maintained.trial().listing(maintained.trial().run(oracles)) + "without:\n"
                                + trial.listing(outcome));
                    }
                }
            }
        }
        assertThat(leftOut).isGreaterThan(PROGRAMS_LEFT_OUT);
    }

    /// {@return the first step that may read several values; -1 when there is none}
    private int firstAmbiguous(Trial trial, Trial.Outcome outcome) {
        // Hardware may fill every line of a page that is used; the model fills, of memory that the host does not map,
        // only what is accessed. So what is found for sure is what goes wrong with such caches.
        CacheOracle oracle = new CacheOracle(
                oracles.of(trial.setting().idc()), trial.setting().mapMemory(), false);
        for (int i = 0; i < trial.steps().size(); i++) {
            boolean allowed =
                    oracle.follow(trial.steps().get(i), outcome.reads().get(i), line -> false) == null;
            if (oracle.mostAllowed() > 1) {
                return i;
            }
            if (!allowed) {
                return -1;
            }
        }
        return -1;
    }

    private boolean someSettingFinds(Trial trial) {
        for (CachePolicy policy : CachePolicy.values()) {
            for (int policySeed = 0; policySeed < (policy == CachePolicy.RANDOM ? SEEDS : 1); policySeed++) {
                Trial other = new Trial(trial.setting().with(policy, policySeed), trial.steps());
                if (found(other.run(oracles)) > 0) {
                    return true;
                }
            }
        }
        return false;
    }
}
