package dev.ipanema.machine.memory;

import dev.ipanema.arm.memory.MemoryAttributes;

/// What places contents in memory before anything runs, and looks at them afterwards: every agent sees what it
/// writes, and it sees what any agent has written, whatever memory types are used.
///
/// It is as firmware that loads an image: its stores and loads are cacheable, the lines are cleaned and invalidated to
/// the point of coherency after the ones and before the others. Where caches are not modelled that is nothing.
public final class MemoryLoader {
    private static final long PAGE = TouchedPages.PAGE_SIZE;

    private final PhysicalMemory memory;

    /// Loads into a memory.
    public MemoryLoader(PhysicalMemory memory) {
        this.memory = memory;
    }

    /// Writes bytes, in RAM.
    public void write(long pa, byte[] from, int offset, int length) {
        memory.write(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, from, offset, length);
        settle(pa, length);
    }

    /// Loads 1, 2, 4 or 8 bytes of RAM.
    ///
    /// @return the value, zero-extended
    public long load(long pa, int bytes) {
        settle(pa, bytes);
        return memory.load(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, bytes);
    }

    /// Whole pages, so that nothing has to be known of them any longer.
    private void settle(long pa, long length) {
        if (memory.caches() != null && length > 0) {
            long first = pa & -PAGE;
            long end = (pa + length + PAGE - 1) & -PAGE;
            memory.maintenance().dcCleanInvalPoc(Agent.LOADER, first, end - first);
        }
    }
}
