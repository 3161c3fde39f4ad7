/// Virtio: split virtqueues, the registers that every transport has, the MMIO transport and the device types. What
/// stands behind a device, such as a disk image or a network, lives in other packages; so does the PCI transport.
package dev.ipanema.devices.virtio;
