/// The kernels that this KVM can follow, one object each, and what differs between them. Policy only: nothing here
/// touches memory, and no other package asks which version it is.
package dev.ipanema.kvm.version;
