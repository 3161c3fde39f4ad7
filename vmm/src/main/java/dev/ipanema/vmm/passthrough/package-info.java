/// The host's devices in the guest: VFIO functions on the guest's PCI bus, GPU memory as memory of the guest, and the
/// memory slots behind both. Nothing here knows how KVM decides; it asks for the capability and takes the errno.
package dev.ipanema.vmm.passthrough;
