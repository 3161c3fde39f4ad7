/// The virtual interrupt controller that KVM keeps for a VM (`arch/arm64/kvm/vgic`): distributor, redistributors and
/// ITS as a guest sees them, the state of each interrupt, and its way into the list registers of the processing
/// element that runs a vCPU. What list registers do is `machine.cpu`'s; what an ioctl returns to whom is `kvm.vm`'s.
package dev.ipanema.kvm.vgic;
