package dev.ipanema.vmm.scenario;

import java.util.List;

/// What came of one scenario.
///
/// @param policy the kernel version that KVM followed
/// @param disagreements empty unless the status is [Status#DISAGREED]
/// @param unsupported empty unless the status is [Status#UNSUPPORTED]
public record Verdict(
        String id, String policy, Status status, List<Disagreement> disagreements, List<String> unsupported) {
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
