/// The memory side of a VM: its memslots with their updates, its stage-2 tables with VMID and locks, the MMU
/// notifier that keeps them true, dirty logging. Decides nothing about a fault: that is `kvm.abort`.
package dev.ipanema.kvm.mmu;
