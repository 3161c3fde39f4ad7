package dev.ipanema.vmm.scenario;

import dev.ipanema.vmm.coherence.CoherenceReport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What came of one scenario.
///
/// @param policy the kernel version that KVM followed
/// @param disagreements empty unless the status is [Status#DISAGREED]
/// @param unsupported empty unless the status is [Status#UNSUPPORTED]
/// @param coherence what the coherence monitor found; null when caches were not modelled
public record Verdict(
        String id,
        String policy,
        Status status,
        List<Disagreement> disagreements,
        List<String> unsupported,
        @Nullable CoherenceReport coherence) {
    /// How a scenario ended.
    public enum Status {
        /// Every field of every expectation holds.
        AGREED,
        /// At least one does not.
        DISAGREED,
        /// It was not run, because it holds something that is not known here.
        UNSUPPORTED
    }

    public Verdict {
        disagreements = List.copyOf(disagreements);
        unsupported = List.copyOf(unsupported);
    }
}
