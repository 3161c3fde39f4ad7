package dev.ipanema.vmm.probe;

import dev.ipanema.vmm.scenario.LeafState;

/// What became of a probe, and what should have.
///
/// @param ipa the address that was accessed
/// @param leaf the stage-2 leaf at that address afterwards
/// @param reasons why it was predicted so, one reason a line
public record ProbeResult(
        Probe probe, long ipa, ProbeOutcome predicted, ProbeOutcome actual, LeafState leaf, String reasons) {
    /// {@return whether it ended as predicted}
    public boolean agrees() {
        return predicted.agrees(actual);
    }
}
