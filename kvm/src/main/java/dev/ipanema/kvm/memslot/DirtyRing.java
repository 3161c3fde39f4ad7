package dev.ipanema.kvm.memslot;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/// The dirty ring of a vCPU (`virt/kvm/dirty_ring.c`): KVM appends the pages the vCPU dirtied, the VMM harvests
/// them and hands them back by `KVM_RESET_DIRTY_RINGS`.
///
/// One writer (the vCPU's thread), one harvester and one resetter at a time; an entry's flags say whose it is.
public final class DirtyRing {
    /// Set by KVM: the entry holds a page.
    public static final int KVM_DIRTY_GFN_F_DIRTY = 1;

    /// Set by the VMM: the entry was harvested.
    public static final int KVM_DIRTY_GFN_F_RESET = 2;

    /// Entries that are kept free for writes after the ring has become full for the VMM.
    public static final int KVM_DIRTY_RING_RSVD_ENTRIES = 64;

    private final AtomicIntegerArray flags;
    private final int[] slots;
    private final long[] offsets;
    private final int softLimit;
    private final AtomicInteger dirtyIndex = new AtomicInteger();
    private final AtomicInteger resetIndex = new AtomicInteger();

    /// What becomes of pages that the VMM handed back.
    @FunctionalInterface
    public interface Reset {
        /// Protects pages against writes again.
        ///
        /// @param slot slot number
        /// @param offset first page in the slot
        /// @param mask bit n stands for page `offset` + n
        void protect(int slot, long offset, long mask);
    }

    /// An empty ring.
    ///
    /// @param entries a power of two, more than [#KVM_DIRTY_RING_RSVD_ENTRIES]
    public DirtyRing(int entries) {
        flags = new AtomicIntegerArray(entries);
        slots = new int[entries];
        offsets = new long[entries];
        softLimit = entries - KVM_DIRTY_RING_RSVD_ENTRIES;
    }

    /// Appends a page. Only the vCPU's thread calls this.
    public void push(int slot, long offset) {
        int index = dirtyIndex.get() & (slots.length - 1);
        slots[index] = slot;
        offsets[index] = offset;
        flags.setRelease(index, KVM_DIRTY_GFN_F_DIRTY);
        dirtyIndex.incrementAndGet();
    }

    /// {@return whether the vCPU must leave so that the VMM harvests (`kvm_dirty_ring_soft_full`)}
    public boolean softFull() {
        return dirtyIndex.get() - resetIndex.get() >= softLimit;
    }

    /// {@return how many entries the ring has}
    public int entries() {
        return slots.length;
    }

    /// {@return the flags of an entry; the VMM reads them before the entry}
    public int flags(int index) {
        return flags.getAcquire(index);
    }

    /// {@return the slot number of an entry}
    public int slot(int index) {
        return slots[index];
    }

    /// {@return the page in the slot of an entry}
    public long offset(int index) {
        return offsets[index];
    }

    /// Marks an entry as harvested, as the VMM does.
    public void harvest(int index) {
        flags.setRelease(index, KVM_DIRTY_GFN_F_RESET);
    }

    /// Takes back every harvested entry, neighbours within 64 pages in one call (`kvm_dirty_ring_reset`).
    ///
    /// @return how many
    public int reset(Reset reset) {
        int count = 0;
        int slot = -1;
        long base = 0;
        long mask = 0;
        while (true) {
            int index = resetIndex.get() & (slots.length - 1);
            if ((flags.getAcquire(index) & KVM_DIRTY_GFN_F_RESET) == 0) {
                break;
            }
            long delta = offsets[index] - base;
            if (mask != 0 && slots[index] == slot && delta >= 0 && delta < 64) {
                mask |= 1L << delta;
            } else {
                if (mask != 0) {
                    reset.protect(slot, base, mask);
                }
                slot = slots[index];
                base = offsets[index];
                mask = 1;
            }
            flags.setRelease(index, 0);
            resetIndex.incrementAndGet();
            count++;
        }
        if (mask != 0) {
            reset.protect(slot, base, mask);
        }
        return count;
    }
}
