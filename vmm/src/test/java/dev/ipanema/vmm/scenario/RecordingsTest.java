package dev.ipanema.vmm.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The recordings of real KVM, against this project's host, KVM and machine: a seeded sample of one in fifty, all of
/// them with `-Dipanema.long=true`; `-Dipanema.seed=` repeats a sample.
class RecordingsTest {
    private static final int ONE_IN = 50;

    @Test
    void everyReplayedRecordingAgrees() {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        boolean all = Boolean.getBoolean("ipanema.long");
        SplittableRandom random = new SplittableRandom(seed);
        Replay replay = new Replay(null, null, 1, null);
        List<Verdict> others = new ArrayList<>();
        int replayed = 0;

        try (ScenarioFile file = ScenarioFile.packed()) {
            for (Scenario scenario = file.next(); scenario != null; scenario = file.next()) {
                if (all || random.nextInt(ONE_IN) == 0) {
                    replayed++;
                    Verdict verdict = replay.run(scenario);
                    if (verdict.status() != Verdict.Status.AGREED) {
                        others.add(verdict);
                    }
                }
            }
        }

        assertThat(others).as("-Dipanema.seed=%d", seed).isEmpty();
        assertThat(replayed).isPositive();
    }
}
