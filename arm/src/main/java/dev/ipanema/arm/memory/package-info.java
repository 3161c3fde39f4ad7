/// Memory types as values: MAIR bytes, stage-2 MemAttr, the combination of both stages, and the rules that
/// depend on the type of memory (alignment, exclusives and atomics). Pure functions; no page table, no
/// state and no access to memory lives here.
package dev.ipanema.arm.memory;
