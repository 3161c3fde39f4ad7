package dev.ipanema.vmm.device;

import dev.ipanema.host.mm.UserFault;
import dev.ipanema.host.mm.UserMemory;
import dev.ipanema.machine.memory.DmaPort;

/// The devices' way to the guest's RAM: through the VMM's own mapping of it, as a VMM's devices reach memory. What is
/// not RAM is no memory to them. Callable on any thread.
public final class GuestDma implements DmaPort {
    private final UserMemory memory;
    private final long base;
    private final long size;
    private final long hva;

    /// @param base guest-physical address of the RAM
    /// @param size bytes of it
    /// @param hva where the VMM has mapped it
    public GuestDma(UserMemory memory, long base, long size, long hva) {
        this.memory = memory;
        this.base = base;
        this.size = size;
        this.hva = hva;
    }

    private boolean isMemory(long address, int length) {
        long offset = address - base;
        return address >= base && length >= 0 && length <= size && offset <= size - length;
    }

    private long at(long address) {
        return hva + (address - base);
    }

    @Override
    public boolean read(long address, byte[] to, int offset, int length) {
        return isMemory(address, length) && memory.read(at(address), to, offset, length) == UserFault.NONE;
    }

    @Override
    public boolean write(long address, byte[] from, int offset, int length) {
        return isMemory(address, length) && memory.write(at(address), from, offset, length) == UserFault.NONE;
    }

    @Override
    public long load(long address, int bytes) {
        if (!isMemory(address, bytes)) {
            return NO_MEMORY;
        }
        try {
            return memory.load(at(address), bytes);
        } catch (UserMemory.UserFaultException e) {
            return NO_MEMORY;
        }
    }

    @Override
    public boolean store(long address, int bytes, long value) {
        if (!isMemory(address, bytes)) {
            return false;
        }
        try {
            memory.store(at(address), bytes, value);
            return true;
        } catch (UserMemory.UserFaultException e) {
            return false;
        }
    }
}
