package dev.ipanema.kvm.mmu;

import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.MmuNotifier;
import dev.ipanema.kvm.memslot.Memslot;
import dev.ipanema.kvm.memslot.Memslots;
import java.util.concurrent.locks.Lock;

/// Keeps stage 2 true to the host's page table (`virt/kvm/kvm_main.c:kvm_mmu_notifier_ops`, arm64 hooks in
/// `arch/arm64/kvm/mmu.c`): what the host is about to change is unmapped before it changes.
final class S2Notifier implements MmuNotifier {
    private final VmMemory vm;
    private final Object invalidateLock = new Object();

    /// `mn_active_invalidate_count`, under `invalidateLock`.
    private int activeInvalidations;

    S2Notifier(VmMemory vm) {
        this.vm = vm;
    }

    /// Runs an update of the slots while no invalidation is between its start and its end: both ends then see the
    /// same slots.
    void publishWhenQuiet(Runnable publish) {
        boolean interrupted = false;
        synchronized (invalidateLock) {
            while (activeInvalidations != 0) {
                try {
                    invalidateLock.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            publish.run();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void invalidateRangeStart(long start, long end) {
        synchronized (invalidateLock) {
            activeInvalidations++;
        }
        Lock lock = vm.mmu().exclusiveLock();
        boolean locked = false;
        Memslots slots = vm.memslots();
        try {
            for (int i = 0; i < slots.size(); i++) {
                Memslot slot = slots.at(i);
                long from = first(slot, start);
                long to = last(slot, end);
                if (from >= to) {
                    continue;
                }
                if (!locked) {
                    lock.lock();
                    locked = true;
                    vm.mmu().invalidateBegin();
                }
                vm.mmu().unmap(ipa(slot, from), to - from, true);
            }
        } finally {
            if (locked) {
                lock.unlock();
            }
        }
    }

    @Override
    public void invalidateRangeEnd(long start, long end) {
        if (overlapsAnySlot(start, end)) {
            Lock lock = vm.mmu().exclusiveLock();
            lock.lock();
            try {
                vm.mmu().invalidateEnd();
            } finally {
                lock.unlock();
            }
        }
        synchronized (invalidateLock) {
            activeInvalidations--;
            if (activeInvalidations == 0) {
                invalidateLock.notifyAll();
            }
        }
    }

    @Override
    public boolean clearFlushYoung(long start, long end) {
        boolean young = age(start, end, true);
        if (young) {
            vm.mmu().flushTlb();
        }
        return young;
    }

    @Override
    public boolean clearYoung(long start, long end) {
        return age(start, end, true);
    }

    @Override
    public boolean testYoung(long hva) {
        return age(hva, hva + 1, false);
    }

    @Override
    public void release() {
        vm.mmu().close();
    }

    private boolean age(long start, long end, boolean clear) {
        Lock lock = vm.mmu().exclusiveLock();
        lock.lock();
        try {
            boolean young = false;
            Memslots slots = vm.memslots();
            for (int i = 0; i < slots.size(); i++) {
                Memslot slot = slots.at(i);
                long from = first(slot, start);
                long to = last(slot, end);
                if (from < to) {
                    young |= vm.mmu().testClearYoung(ipa(slot, from), to - from, clear);
                }
            }
            return young;
        } finally {
            lock.unlock();
        }
    }

    private boolean overlapsAnySlot(long start, long end) {
        Memslots slots = vm.memslots();
        for (int i = 0; i < slots.size(); i++) {
            if (first(slots.at(i), start) < last(slots.at(i), end)) {
                return true;
            }
        }
        return false;
    }

    private static long first(Memslot slot, long start) {
        return Math.max(start, slot.userspaceAddr());
    }

    private static long last(Memslot slot, long end) {
        return Math.min(end, slot.userspaceAddr() + (slot.npages() << HostPte.PAGE_SHIFT));
    }

    private static long ipa(Memslot slot, long hva) {
        return (slot.baseGfn() << HostPte.PAGE_SHIFT) + (hva - slot.userspaceAddr());
    }
}
