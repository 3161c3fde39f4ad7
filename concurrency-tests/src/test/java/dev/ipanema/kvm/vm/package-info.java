/// Interleavings of the threads of virtual machines.
package dev.ipanema.kvm.vm;
