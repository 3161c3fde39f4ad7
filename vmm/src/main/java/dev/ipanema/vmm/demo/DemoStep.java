package dev.ipanema.vmm.demo;

/// Something that was done in a demonstration.
///
/// @param who a word for the agent: `VM A`, `VMM`, `device`, …
/// @param what it did
/// @param type through which memory type; empty where that does not matter
/// @param seen what it saw; empty when it saw nothing
public record DemoStep(String who, String what, String type, String seen) {}
