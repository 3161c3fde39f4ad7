/// What lies between KVM's exits and the emulated devices: the VMM's bus of MMIO windows and the devices' way to guest
/// memory. No register model lives here, and nothing that boots a guest.
package dev.ipanema.vmm.device;
