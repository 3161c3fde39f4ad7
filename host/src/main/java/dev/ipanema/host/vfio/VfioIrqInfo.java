package dev.ipanema.host.vfio;

/// What `VFIO_DEVICE_GET_IRQ_INFO` answers (`struct vfio_irq_info`).
///
/// @param index `VFIO_PCI_*_IRQ_INDEX` of [VfioUapi]
/// @param flags `VFIO_IRQ_INFO_*` of [VfioUapi]
/// @param count how many interrupts of the kind there are
public record VfioIrqInfo(int index, int flags, int count) {}
