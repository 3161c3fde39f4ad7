package dev.ipanema.vmm.scenario;

/// One field in which the run differs from what the scenario says.
///
/// @param step index of the step, from 0
/// @param word what the step does, in the words of the format
/// @param field the field, for example `leaf.type`
/// @param trail why KVM did what it did at this step, one line a fact; empty when there is nothing to tell
public record Disagreement(int step, String word, String field, String expected, String got, String trail) {}
