package dev.ipanema.machine.cache;

import dev.ipanema.machine.memory.Agent;

/// Who stored last, as far as is known.
///
/// @param pe number of the processing element; -1 when it was none
/// @param pc address of its instruction; 0 when it was none or is not known
/// @param exact whether it is the last writer; else the first that stored to the page since both views
///     were equal
public record Writer(Agent agent, int pe, long pc, boolean exact) {}
