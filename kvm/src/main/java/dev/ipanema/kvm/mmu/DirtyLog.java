package dev.ipanema.kvm.mmu;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.kvm.memslot.DirtyBitmap;
import dev.ipanema.kvm.memslot.Memslot;
import dev.ipanema.kvm.stage2.TablePageCache;
import dev.ipanema.kvm.uapi.KvmMem;
import java.util.concurrent.locks.Lock;

/// Dirty logging: write-protection, eager splitting, and the ioctls that read and clear what was written
/// (`virt/kvm/kvm_main.c:kvm_get_dirty_log_protect`, `kvm_clear_dirty_log_protect`, `arch/arm64/kvm/mmu.c`).
///
/// Every method is called under `slots_lock`.
public final class DirtyLog {
    private static final int BITS_PER_LONG = 64;
    private static final long PMD_SIZE = 1L << HostPte.PMD_SHIFT;
    private static final long PUD_SIZE = 1L << HostPte.PUD_SHIFT;

    private final VmMemory vm;
    private final S2Mmu mmu;

    /// The dirty logging of a VM.
    public DirtyLog(VmMemory vm) {
        this.vm = vm;
        this.mmu = vm.mmu();
    }

    // ---- ioctls
    // ------------------------------------------------------------------------------------------------------

    /// `KVM_GET_DIRTY_LOG`.
    ///
    /// @param bitmap takes one bit a page; too short for the slot, it is an address that cannot be written
    /// @return 0 or a negated errno
    public int get(int slotId, long[] bitmap) {
        int errno = check(slotId);
        if (errno != 0) {
            return errno;
        }
        Memslot slot = vm.memslots().byId(slotId);
        DirtyBitmap dirty = slot == null ? null : slot.dirtyBitmap();
        if (slot == null || dirty == null) {
            return Errno.ENOENT.negated();
        }
        int words = DirtyBitmap.words(slot.npages());
        long[] taken = new long[words];
        boolean flush = false;
        if (vm.logging().manualProtect()) {
            for (int i = 0; i < words; i++) {
                taken[i] = dirty.word(i);
            }
        } else {
            Lock lock = mmu.exclusiveLock();
            lock.lock();
            try {
                for (int i = 0; i < words; i++) {
                    taken[i] = dirty.takeWord(i);
                    if (taken[i] != 0) {
                        flush = true;
                        enableLogDirtyMasked(slot, (long) i * BITS_PER_LONG, taken[i]);
                    }
                }
            } finally {
                lock.unlock();
            }
        }
        if (flush) {
            flushSlotTlb(slot);
        }
        if (bitmap.length < words) {
            return Errno.EFAULT.negated();
        }
        System.arraycopy(taken, 0, bitmap, 0, words);
        return 0;
    }

    /// `KVM_CLEAR_DIRTY_LOG`.
    ///
    /// @param bitmap bit n stands for page `firstPage` + n; too short, it is an address that cannot be read
    /// @return 0 or a negated errno
    public int clear(int slotId, long firstPage, long numPages, long[] bitmap) {
        int errno = check(slotId);
        if (errno != 0) {
            return errno;
        }
        if (firstPage % BITS_PER_LONG != 0) {
            return Errno.EINVAL.negated();
        }
        Memslot slot = vm.memslots().byId(slotId);
        DirtyBitmap dirty = slot == null ? null : slot.dirtyBitmap();
        if (slot == null || dirty == null) {
            return Errno.ENOENT.negated();
        }
        long rest = slot.npages() - firstPage;
        if (firstPage < 0 || rest < 0 || numPages < 0 || numPages > rest) {
            return Errno.EINVAL.negated();
        }
        if (numPages < rest && numPages % BITS_PER_LONG != 0) {
            return Errno.EINVAL.negated();
        }
        int words = DirtyBitmap.words(numPages);
        if (bitmap.length < words) {
            return Errno.EFAULT.negated();
        }
        boolean flush = false;
        Lock lock = mmu.exclusiveLock();
        lock.lock();
        try {
            for (int i = 0; i < words; i++) {
                long offset = firstPage + (long) i * BITS_PER_LONG;
                long mask = bitmap[i] == 0 ? 0 : dirty.clearWord((int) (offset / BITS_PER_LONG), bitmap[i]);
                if (mask != 0) {
                    flush = true;
                    enableLogDirtyMasked(slot, offset, mask);
                }
            }
        } finally {
            lock.unlock();
        }
        if (flush) {
            flushSlotTlb(slot);
        }
        return 0;
    }

    private int check(int slotId) {
        if (!vm.logging().usesBitmap()) {
            return Errno.ENXIO.negated();
        }
        return slotId < 0 || slotId >= KvmMem.KVM_USER_MEM_SLOTS ? Errno.EINVAL.negated() : 0;
    }

    /// Protects pages again that the VMM took from a ring (`kvm_reset_dirty_gfn`). The caller flushes the TLB.
    ///
    /// @param mask bit n stands for page `offset` + n of the slot
    public void protectAgain(int slotId, long offset, long mask) {
        Memslot slot = vm.memslots().byId(slotId);
        int last = BITS_PER_LONG - 1 - Long.numberOfLeadingZeros(mask);
        if (slot == null || offset < 0 || offset + last >= slot.npages()) {
            return;
        }
        Lock lock = mmu.exclusiveLock();
        lock.lock();
        try {
            enableLogDirtyMasked(slot, offset, mask);
        } finally {
            lock.unlock();
        }
    }

    /// Completes [#protectAgain] calls (`kvm_flush_remote_tlbs`).
    public void flushAfterReset() {
        mmu.flushTlb();
    }

    // ---- protection and splitting ----------------------------------------------------------------------------------

    /// Starts the logging of a slot: everything is protected, and split when that is asked for.
    void start(Memslot slot) {
        long ipa = slot.baseGfn() << HostPte.PAGE_SHIFT;
        long size = slot.npages() << HostPte.PAGE_SHIFT;
        Lock lock = mmu.exclusiveLock();
        lock.lock();
        try {
            mmu.writeProtect(ipa, size);
        } finally {
            lock.unlock();
        }
        flushSlotTlb(slot);
        lock.lock();
        try {
            split(ipa, size);
        } finally {
            lock.unlock();
        }
    }

    /// `kvm_arch_mmu_enable_log_dirty_pt_masked`: protects from the lowest to the highest bit, also what lies
    /// between.
    private void enableLogDirtyMasked(Memslot slot, long offset, long mask) {
        int lowest = Long.numberOfTrailingZeros(mask);
        int highest = BITS_PER_LONG - 1 - Long.numberOfLeadingZeros(mask);
        long ipa = (slot.baseGfn() + offset + lowest) << HostPte.PAGE_SHIFT;
        long size = (highest - lowest + 1L) << HostPte.PAGE_SHIFT;
        mmu.writeProtect(ipa, size);
        if (vm.logging().initiallyAllSet()) {
            split(ipa, size);
        }
    }

    /// `kvm_mmu_split_huge_pages`: best effort, as far as there is memory for tables.
    private void split(long ipa, long size) {
        long chunk = vm.logging().eagerSplitChunk();
        if (chunk == 0) {
            return;
        }
        int tables = tablesFor(chunk);
        TablePageCache cache = vm.logging().splitCache(mmu, tables);
        Lock lock = mmu.exclusiveLock();
        long end = ipa + size;
        for (long at = ipa; at < end; ) {
            if (cache.available() < tables) {
                lock.unlock();
                int errno;
                try {
                    errno = cache.topup(tables);
                } finally {
                    lock.lock();
                }
                if (errno != 0) {
                    return;
                }
            }
            long next = Math.min((at + chunk) & -chunk, end);
            if (mmu.split(at, next - at, cache) != 0) {
                return;
            }
            at = next;
        }
    }

    private static int tablesFor(long bytes) {
        return (int) ((bytes + PUD_SIZE - 1) / PUD_SIZE + (bytes + PMD_SIZE - 1) / PMD_SIZE);
    }

    private void flushSlotTlb(Memslot slot) {
        mmu.flushTlbRange(slot.baseGfn() << HostPte.PAGE_SHIFT, slot.npages() << HostPte.PAGE_SHIFT);
    }
}
