package dev.ipanema.vmm.coherence;

import dev.ipanema.machine.cache.Finding;

/// A finding of the coherence monitor with what a VMM knows of it.
///
/// @param finding the first of its kind at its place
/// @param count how often it was met, 1 or more
/// @param subject what was run: the name of a test or the id of a scenario; empty for a run of its own
/// @param symbol the name of the instruction's address as `name+0x1c`, empty when it has none
/// @param writerSymbol the same for the last writer's
public record NamedFinding(Finding finding, long count, String subject, String symbol, String writerSymbol) {
    /// {@return the same, of a test or scenario}
    public NamedFinding of(String newSubject) {
        return new NamedFinding(finding, count, newSubject, symbol, writerSymbol);
    }

    NamedFinding times(long newCount) {
        return new NamedFinding(finding, newCount, subject, symbol, writerSymbol);
    }
}
