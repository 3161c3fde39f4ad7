package dev.ipanema.kvm.mmu;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.GuestMemfd;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.kvm.memslot.GuestMemory;
import dev.ipanema.kvm.memslot.Memslot;
import dev.ipanema.kvm.memslot.Memslots;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;

/// A guest_memfd of one VM (`virt/kvm/guest_memfd.c`): which of its pages are bound to slots, and the unmapping of
/// pages that leave the file.
public final class VmGuestMemfd implements GuestMemory, GuestMemfd.Listener {
    private final VmMemory vm;
    private final GuestMemfd file;
    private final List<Range> bound = new ArrayList<>();

    private record Range(long pgoff, long pages) {
        boolean overlaps(long otherPgoff, long otherPages) {
            return pgoff < otherPgoff + otherPages && otherPgoff < pgoff + pages;
        }
    }

    /// Makes a file part of a VM.
    public VmGuestMemfd(VmMemory vm, GuestMemfd file) {
        this.vm = vm;
        this.file = file;
        file.addListener(this);
    }

    /// {@return the file, which the VMM may map if its flags say so}
    public GuestMemfd file() {
        return file;
    }

    @Override
    public long size() {
        return file.size();
    }

    @Override
    public boolean mappable() {
        return file.isMappable();
    }

    @Override
    public synchronized int bind(long pgoff, long pages) {
        for (Range range : bound) {
            if (range.overlaps(pgoff, pages)) {
                return Errno.EINVAL.negated();
            }
        }
        bound.add(new Range(pgoff, pages));
        return 0;
    }

    @Override
    public synchronized void unbind(long pgoff, long pages) {
        bound.remove(new Range(pgoff, pages));
    }

    @Override
    public long getPfn(long pgoff) {
        return file.getPfn(pgoff);
    }

    @Override
    public void releasePfn(long pfn, boolean dirty) {
        KernelMemory kernel = vm.mm().kernel();
        if (dirty) {
            kernel.setPageDirty(pfn);
        }
        kernel.putPage(pfn);
    }

    @Override
    public void invalidateBegin(long start, long end) {
        Lock lock = vm.mmu().exclusiveLock();
        lock.lock();
        try {
            vm.mmu().invalidateBegin();
            Memslots slots = vm.memslots();
            for (int i = 0; i < slots.size(); i++) {
                unmap(slots.at(i), start, end);
            }
        } finally {
            lock.unlock();
        }
    }

    private void unmap(Memslot slot, long start, long end) {
        long from = Math.max(start, slot.gmemPgoff());
        long to = Math.min(end, slot.gmemPgoff() + slot.npages());
        if (slot.gmem() == this && from < to) {
            long gfn = slot.baseGfn() + from - slot.gmemPgoff();
            vm.mmu().unmap(gfn << HostPte.PAGE_SHIFT, (to - from) << HostPte.PAGE_SHIFT, true);
        }
    }

    @Override
    public void invalidateEnd(long start, long end) {
        Lock lock = vm.mmu().exclusiveLock();
        lock.lock();
        try {
            vm.mmu().invalidateEnd();
        } finally {
            lock.unlock();
        }
    }
}
