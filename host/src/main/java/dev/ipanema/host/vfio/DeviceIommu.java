package dev.ipanema.host.vfio;

import dev.ipanema.machine.memory.DmaPort;
import org.jspecify.annotations.Nullable;

/// What stands between one device and memory: nothing passes until a container is attached.
///
/// Devices snoop the caches of the processors, unless their transactions say No Snoop and the IOMMU lets that pass
/// (an SMMUv3 without CANWBS): then what they read and write is memory, past the caches.
///
/// Source: PCI Express Base Specification, "No Snoop"; Arm IHI 0070 (SMMUv3), "PCIe No_snoop".
public final class DeviceIommu implements DmaPort {
    private final boolean snoops;
    private volatile @Nullable DmaPort domain;

    /// @param snoops whether the device's accesses snoop
    public DeviceIommu(boolean snoops) {
        this.snoops = snoops;
    }

    /// {@return whether the device's accesses snoop}
    public boolean snoops() {
        return snoops;
    }

    /// Lets the device reach what a container maps, nothing when null.
    void attach(@Nullable VfioContainer container) {
        domain = container == null ? null : container.port(snoops);
    }

    @Override
    public boolean read(long address, byte[] to, int offset, int length) {
        DmaPort now = domain;
        return now != null && now.read(address, to, offset, length);
    }

    @Override
    public boolean write(long address, byte[] from, int offset, int length) {
        DmaPort now = domain;
        return now != null && now.write(address, from, offset, length);
    }

    @Override
    public long load(long address, int bytes) {
        DmaPort now = domain;
        return now == null ? NO_MEMORY : now.load(address, bytes);
    }

    @Override
    public boolean store(long address, int bytes, long value) {
        DmaPort now = domain;
        return now != null && now.store(address, bytes, value);
    }
}
