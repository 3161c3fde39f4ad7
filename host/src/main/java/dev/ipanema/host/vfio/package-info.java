/// VFIO: devices of the host in the hands of a process. The core with the shape of its uapi, the driver
/// `vfio-pci`, the variant driver `nvgrace-gpu` for coherent GPUs, and the type 1 IOMMU. No guest, no VMM.
package dev.ipanema.host.vfio;
