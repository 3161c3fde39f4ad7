/// Benchmarks of guest memory accesses: the fast path of the MMU and what lies behind it. No instruction is executed
/// here.
package dev.ipanema.bench.mmu;
