package dev.ipanema.host.platform;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.DmaPort;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What joins the GPUs of a host: the memory of all of them by its raw physical address, and nothing else.
final class Fabric implements DmaPort {
    private final List<HostProfile.Gpu> gpus;
    private @Nullable PhysicalMemory memory;

    Fabric(List<HostProfile.Gpu> gpus) {
        this.gpus = gpus;
    }

    /// The machine is there. Called before any device is used.
    void attach(PhysicalMemory newMemory) {
        memory = newMemory;
    }

    private PhysicalMemory memory() {
        return Objects.requireNonNull(memory);
    }

    private boolean isMemory(long address, int length) {
        for (HostProfile.Gpu gpu : gpus) {
            long offset = address - gpu.memoryBase();
            if (offset >= 0 && length >= 0 && length <= gpu.memorySize() && offset <= gpu.memorySize() - length) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean read(long address, byte[] to, int offset, int length) {
        if (!isMemory(address, length)) {
            return false;
        }
        memory().read(Agent.DEVICE, MemoryAttributes.NORMAL_WB, address, to, offset, length);
        return true;
    }

    @Override
    public boolean write(long address, byte[] from, int offset, int length) {
        if (!isMemory(address, length)) {
            return false;
        }
        memory().write(Agent.DEVICE, MemoryAttributes.NORMAL_WB, address, from, offset, length);
        return true;
    }

    @Override
    public long load(long address, int bytes) {
        return isMemory(address, bytes)
                ? memory().load(Agent.DEVICE, MemoryAttributes.NORMAL_WB, address, bytes)
                : NO_MEMORY;
    }

    @Override
    public boolean store(long address, int bytes, long value) {
        if (!isMemory(address, bytes)) {
            return false;
        }
        memory().store(Agent.DEVICE, MemoryAttributes.NORMAL_WB, address, bytes, value);
        return true;
    }
}
