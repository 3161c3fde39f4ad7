package dev.ipanema.host.vfio;

/// What `VFIO_DEVICE_GET_INFO` answers (`struct vfio_device_info`).
///
/// @param flags `VFIO_DEVICE_FLAGS_*` of [VfioUapi]
/// @param numRegions regions
/// @param numIrqs kinds of interrupts
public record VfioDeviceInfo(int flags, int numRegions, int numIrqs) {}
