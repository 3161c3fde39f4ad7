package dev.ipanema.kvm.stage2;

import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/// Gives out VMIDs, which are fewer than VMs may be: when all are used up a new generation begins and the
/// TLBs of all PEs are invalidated (Linux `arch/arm64/kvm/vmid.c`; spec 02 §12). One per host. Thread-safe.
///
/// Index 0 is never given out: it marks a PE on which no vCPU is loaded.
public final class VmidAllocator {
    private final int bits;
    private final long firstGeneration;
    private final int count;
    private final Runnable flushAllContexts;
    private final AtomicLong generation;
    private final AtomicLongArray active;
    private final long[] reserved;
    private final BitSet map;
    private int next = 1;

    /// @param bits 8 or 16 (VTCR_EL2.VS)
    /// @param processingElements PEs of the host
    /// @param flushAllContexts TLBI ALLE1IS; called at the start of a new generation, under
    /// the lock of this allocator
    public VmidAllocator(int bits, int processingElements, Runnable flushAllContexts) {
        if (bits != 8 && bits != 16) {
            throw new IllegalArgumentException("A VMID has 8 or 16 bits, not " + bits);
        }
        this.bits = bits;
        this.count = 1 << bits;
        if (processingElements >= count - 1) {
            throw new IllegalArgumentException("More processing elements than VMIDs: " + processingElements);
        }
        this.firstGeneration = 1L << bits;
        this.flushAllContexts = flushAllContexts;
        this.generation = new AtomicLong(firstGeneration);
        this.active = new AtomicLongArray(processingElements);
        this.reserved = new long[processingElements];
        this.map = new BitSet(count);
        map.set(0);
    }

    /// A vCPU whose stage 2 has this VMID is loaded on a PE (`kvm_arm_vmid_update`).
    ///
    /// @return whether the VMID is a new one, so that VTTBR_EL2 must be computed again
    public boolean load(Vmid vmid, int processingElement) {
        long id = vmid.id();
        long before = active.get(processingElement);
        if (before != 0 && isCurrent(id) && active.compareAndSet(processingElement, before, id)) {
            return false;
        }
        synchronized (this) {
            id = vmid.id();
            boolean isNew = !isCurrent(id);
            if (isNew) {
                id = allocate(id);
                vmid.set(id);
            }
            active.set(processingElement, id);
            return isNew;
        }
    }

    /// A vCPU is put: no VMID is kept for it (`kvm_arm_vmid_clear_active`).
    public void put(int processingElement) {
        active.set(processingElement, firstGeneration);
    }

    /// {@return the VMID proper, for VTTBR_EL2; 0 before the first [#load]}
    public int index(Vmid vmid) {
        return (int) (vmid.id() & (count - 1));
    }

    /// {@return the number of the present generation, from 1}
    public long generation() {
        return generation.get() >>> bits;
    }

    private boolean isCurrent(long id) {
        return (id ^ generation.get()) >>> bits == 0;
    }

    private long allocate(long old) {
        if (old != 0) {
            long renewed = generation.get() | (old & (count - 1));
            if (renewReserved(old, renewed)) {
                return renewed;
            }
            if (!map.get((int) (old & (count - 1)))) {
                map.set((int) (old & (count - 1)));
                return renewed;
            }
        }
        int free = map.nextClearBit(next);
        if (free >= count) {
            generation.addAndGet(firstGeneration);
            beginGeneration();
            free = map.nextClearBit(1);
        }
        map.set(free);
        next = free;
        return generation.get() | free;
    }

    /// {@return whether a PE was running this VMID when the generation changed; it keeps its index then}
    private boolean renewReserved(long old, long renewed) {
        boolean hit = false;
        for (int pe = 0; pe < reserved.length; pe++) {
            if (reserved[pe] == old) {
                reserved[pe] = renewed;
                hit = true;
            }
        }
        return hit;
    }

    private void beginGeneration() {
        map.clear();
        map.set(0);
        for (int pe = 0; pe < reserved.length; pe++) {
            long running = active.getAndSet(pe, 0);
            if (running == 0) {
                // Not loaded again since the last change of generation: what it ran then still counts.
                running = reserved[pe];
            }
            map.set((int) (running & (count - 1)));
            reserved[pe] = running;
        }
        flushAllContexts.run();
    }
}
