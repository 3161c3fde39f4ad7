package dev.ipanema.vmm.scenario;

import dev.ipanema.base.trail.DecisionTrail;
import java.util.ArrayList;
import java.util.List;

/// Picks from the trail of a run what belongs to aborts at one page: a run of the payload also faults in its own code
/// and tables, which nobody asked about.
final class AbortTrail {
    /// The fact with which the trail of each abort begins.
    private static final String FIRST_FACT = "PC";

    /// The fact that says where the abort was.
    private static final String PLACE = "IPA";

    private static final long PAGE = 4096;

    private AbortTrail() {}

    /// {@return the steps of the aborts at the page of an IPA}
    static List<DecisionTrail.Step> at(long ipa, List<DecisionTrail.Step> steps) {
        List<DecisionTrail.Step> picked = new ArrayList<>();
        List<DecisionTrail.Step> abort = new ArrayList<>();
        for (DecisionTrail.Step step : steps) {
            if (step.subject().equals(FIRST_FACT)) {
                addIfAt(ipa, abort, picked);
                abort.clear();
            }
            abort.add(step);
        }
        addIfAt(ipa, abort, picked);
        return picked;
    }

    private static void addIfAt(long ipa, List<DecisionTrail.Step> abort, List<DecisionTrail.Step> picked) {
        for (DecisionTrail.Step step : abort) {
            if (step.subject().equals(PLACE) && step.value().startsWith("0x")) {
                long place =
                        Long.parseUnsignedLong(step.value(), 2, step.value().length(), 16);
                if ((place & -PAGE) == (ipa & -PAGE)) {
                    picked.addAll(abort);
                }
                return;
            }
        }
    }
}
