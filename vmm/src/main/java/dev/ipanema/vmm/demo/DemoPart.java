package dev.ipanema.vmm.demo;

import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.vmm.coherence.CoherenceReport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One of the ways in which a demonstration is done, on a host of its own.
///
/// @param title what is special about it
/// @param steps what was done
/// @param reasons why KVM refused something, empty when it did not
/// @param found what the coherence monitor found; null when caches are not modelled
/// @param outcome what it comes to, one sentence without a period
/// @param defect whether what is demonstrated showed
public record DemoPart(
        String title,
        List<DemoStep> steps,
        List<DecisionTrail.Step> reasons,
        @Nullable CoherenceReport found,
        String outcome,
        boolean defect) {
    public DemoPart {
        steps = List.copyOf(steps);
        reasons = List.copyOf(reasons);
    }
}
