/// PCI Express: a host bridge, what a function is, configuration spaces with BARs and capabilities, MSI-X, and virtio
/// over PCI. Which device sits in which slot is decided elsewhere.
package dev.ipanema.devices.pci;
