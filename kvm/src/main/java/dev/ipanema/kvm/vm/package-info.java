/// `/dev/kvm`, virtual machines and their vCPUs as a VMM sees them: ioctls, the run loop, traps other than aborts,
/// power control. What an abort means is `kvm.abort`, what the memory of a VM is `kvm.mmu`.
package dev.ipanema.kvm.vm;
