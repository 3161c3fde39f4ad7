package dev.ipanema.host.vfio;

import java.util.List;

/// What `VFIO_DEVICE_GET_REGION_INFO` answers (`struct vfio_region_info` with its capabilities).
///
/// @param index `VFIO_PCI_*_REGION_INDEX` of [VfioUapi]
/// @param flags `VFIO_REGION_INFO_FLAG_*` of [VfioUapi]
/// @param size bytes, 0 when there is no such region
/// @param offset where it starts in the device's file
/// @param sparse the capability `VFIO_REGION_INFO_CAP_SPARSE_MMAP`: what of it can be mapped; empty without the
///     capability, then flag `MMAP` speaks for all of it
/// @param msixMappable the capability `VFIO_REGION_INFO_CAP_MSIX_MAPPABLE`: it holds the MSI-X table, and that can be
///     mapped with the rest
public record VfioRegionInfo(
        int index, int flags, long size, long offset, List<SparseArea> sparse, boolean msixMappable) {
    /// A part of a region that can be mapped (`struct vfio_region_sparse_mmap_area`).
    ///
    /// @param offset bytes from the start of the region
    public record SparseArea(long offset, long size) {}

    public VfioRegionInfo {
        sparse = List.copyOf(sparse);
    }
}
