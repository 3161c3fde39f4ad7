/// The memory management unit of a processing element: table walks of both stages, TLBs and their
/// maintenance across elements, and every memory access a guest instruction makes. No instruction
/// semantics and no hypervisor policy.
package dev.ipanema.machine.mmu;
