package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/// Table pages out of one range of physical memory, for code that uses page tables without a simulated host.
///
/// Freed memory is kept by size and given out again before new memory is.
public final class TablePagePool implements TablePages {
    private final PhysicalMemory memory;
    private final long end;
    private final Map<Long, ArrayDeque<Long>> free = new HashMap<>();
    private long next;
    private long allocatedBytes;

    /// @param base first physical address of the range
    /// @param size its length in bytes
    public TablePagePool(PhysicalMemory memory, long base, long size) {
        this.memory = memory;
        this.next = base;
        this.end = base + size;
    }

    @Override
    public long allocate(long bytes) {
        if (Long.bitCount(bytes) != 1) {
            throw new IllegalArgumentException("Size of table memory is no power of two: " + bytes);
        }
        long pa = take(bytes);
        if (pa >= 0) {
            // Outside of the lock: zeroing takes longer than everything else.
            memory.zero(Agent.KVM, MemoryAttributes.NORMAL_WB, pa, bytes);
        }
        return pa;
    }

    private synchronized long take(long bytes) {
        ArrayDeque<Long> known = free.get(bytes);
        Long reused = known == null ? null : known.pollLast();
        long pa = reused != null ? reused : fresh(bytes);
        if (pa >= 0) {
            allocatedBytes += bytes;
        }
        return pa;
    }

    private long fresh(long bytes) {
        long pa = (next + bytes - 1) & -bytes;
        if (pa > end - bytes) {
            return -1;
        }
        next = pa + bytes;
        return pa;
    }

    @Override
    public synchronized void free(long pa, long bytes) {
        free.computeIfAbsent(bytes, size -> new ArrayDeque<>()).addLast(pa);
        allocatedBytes -= bytes;
    }

    /// {@return bytes allocated and not freed}
    public synchronized long allocatedBytes() {
        return allocatedBytes;
    }
}
