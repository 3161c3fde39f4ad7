package dev.ipanema.vmm.device;

import dev.ipanema.host.mm.UserFault;
import dev.ipanema.host.mm.UserMemory;
import dev.ipanema.machine.memory.DmaPort;

/// The devices' way to the guest's memory: through the VMM's own mappings of it, as a VMM's devices reach memory. What
/// is
/// not memory of the guest is none to them. Callable on any thread.
public final class GuestDma implements DmaPort {
    private final UserMemory memory;
    private final GuestRanges ranges;

    /// @param memory the VMM's own view of what it has mapped
    public GuestDma(UserMemory memory, GuestRanges ranges) {
        this.memory = memory;
        this.ranges = ranges;
    }

    @Override
    public boolean read(long address, byte[] to, int offset, int length) {
        long hva = ranges.hva(address, length);
        return hva >= 0 && memory.read(hva, to, offset, length) == UserFault.NONE;
    }

    @Override
    public boolean write(long address, byte[] from, int offset, int length) {
        long hva = ranges.hva(address, length);
        return hva >= 0 && memory.write(hva, from, offset, length) == UserFault.NONE;
    }

    @Override
    public long load(long address, int bytes) {
        long hva = ranges.hva(address, bytes);
        if (hva < 0) {
            return NO_MEMORY;
        }
        try {
            return memory.load(hva, bytes);
        } catch (UserMemory.UserFaultException e) {
            return NO_MEMORY;
        }
    }

    @Override
    public boolean store(long address, int bytes, long value) {
        long hva = ranges.hva(address, bytes);
        if (hva < 0) {
            return false;
        }
        try {
            memory.store(hva, bytes, value);
            return true;
        } catch (UserMemory.UserFaultException e) {
            return false;
        }
    }
}
