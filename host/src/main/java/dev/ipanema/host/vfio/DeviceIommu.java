package dev.ipanema.host.vfio;

import dev.ipanema.machine.memory.DmaPort;
import org.jspecify.annotations.Nullable;

/// What stands between one device and memory: nothing passes until a container is attached.
public final class DeviceIommu implements DmaPort {
    private volatile @Nullable DmaPort domain;

    /// Lets the device reach what a container maps, nothing when null.
    void attach(@Nullable DmaPort newDomain) {
        domain = newDomain;
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
