/// Interleavings of the threads of the processing elements.
package dev.ipanema.machine.mmu;
