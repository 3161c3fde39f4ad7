package dev.ipanema.machine.cache;

import dev.ipanema.arm.memory.MemoryAttributes;
import org.jspecify.annotations.Nullable;

/// One way to a location.
///
/// @param agent a word for who has it: the name of an `Agent`
/// @param va its virtual address; 0 when none is known
/// @param type the memory type of its accesses; null when only the view is known
/// @param cacheable whether it reaches the coherent view
public record Alias(String agent, long va, @Nullable MemoryAttributes type, boolean cacheable) {}
