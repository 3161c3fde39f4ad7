package dev.ipanema.host.vfio;

import dev.ipanema.devices.pci.PciFunction;
import java.util.Map;

/// A function on the host's PCI bus, as firmware and the PCI core hand it to a driver.
///
/// @param bdf segment, bus, device and function: `0000:01:00.0`
/// @param function the hardware, in no slot yet
/// @param functionLevelReset resets the hardware
/// @param iommu what stands between it and memory
/// @param barBases where the host's bus serves each of its memory BARs, by index
/// @param properties what ACPI says of its memory
public record PhysicalFunction(
        String bdf,
        PciFunction function,
        Runnable functionLevelReset,
        DeviceIommu iommu,
        Map<Integer, Long> barBases,
        MemoryProperties properties) {
    public PhysicalFunction {
        barBases = Map.copyOf(barBases);
    }

    /// {@return whether its DMA snoops the processors' caches}
    public boolean snoops() {
        return iommu.snoops();
    }

    /// The device properties (`_DSD`) of a coherent GPU.
    ///
    /// @param present whether the two properties are there
    /// @param base `nvidia,gpu-mem-base-pa`
    /// @param size `nvidia,gpu-mem-size`, 0 when firmware found the chip-to-chip link down
    public record MemoryProperties(boolean present, long base, long size) {
        /// {@return no properties}
        public static MemoryProperties absent() {
            return new MemoryProperties(false, 0, 0);
        }
    }
}
