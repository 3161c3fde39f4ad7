package dev.ipanema.kvm.mmu;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.kvm.memslot.DirtyBitmap;
import dev.ipanema.kvm.memslot.GuestMemory;
import dev.ipanema.kvm.memslot.Memslot;
import dev.ipanema.kvm.memslot.Memslots;
import dev.ipanema.kvm.memslot.PrepareMemoryRegion;
import dev.ipanema.kvm.memslot.RegionChange;
import dev.ipanema.kvm.memslot.RegionCheck;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.VmaInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/// Creates, deletes, moves and changes memory slots (`virt/kvm/kvm_main.c:kvm_set_memory_region`,
/// `kvm_set_memslot`).
///
/// A slot that goes or moves is first made invalid and unmapped from stage 2, then checked: should the check fail,
/// the slot comes back without its mappings, which fault in again.
public final class MemslotUpdate {
    private final VmMemory vm;
    private final DirtyLog dirtyLog;

    /// Where file descriptors of guest_memfds lead.
    @FunctionalInterface
    public interface GuestMemfds {
        /// {@return the file, null when the descriptor is no open one}
        @Nullable
        GuestMemory find(int fd);
    }

    /// The slot updates of a VM.
    public MemslotUpdate(VmMemory vm, DirtyLog dirtyLog) {
        this.vm = vm;
        this.dirtyLog = dirtyLog;
    }

    /// Serves `KVM_SET_USER_MEMORY_REGION`.
    ///
    /// @param version2 whether the ioctl is `KVM_SET_USER_MEMORY_REGION2`
    /// @return 0 or a negated errno
    public int set(UserspaceMemoryRegion region, boolean version2, GuestMemfds memfds, DecisionTrail trail) {
        vm.slotsLock().lock();
        try {
            Memslots slots = vm.memslots();
            RegionCheck check = new RegionCheck(vm.version(), slots, HostPte.PAGE_SHIFT, AddressSpace.TASK_SIZE, trail);
            RegionCheck.Verdict verdict = check.check(region, version2);
            if (verdict.errno() != 0 || verdict.change() == RegionChange.NONE) {
                return verdict.errno();
            }
            Memslot old = slots.byId(region.slot() & 0xffff);
            GuestMemory gmem = null;
            if ((region.flags() & KvmMem.KVM_MEM_GUEST_MEMFD) != 0) {
                gmem = memfds.find(region.guestMemfd());
                int errno = checkGuestMemfd(gmem, region);
                if (errno != 0) {
                    trail.outcome(Errno.render(errno), "guest_memfd", "virt/kvm/guest_memfd.c:kvm_gmem_bind");
                    return errno;
                }
            }
            Memslot updated = verdict.change() == RegionChange.DELETE ? null : newSlot(region, old, gmem);
            return set(old, updated, verdict.change(), trail);
        } finally {
            vm.slotsLock().unlock();
        }
    }

    private static int checkGuestMemfd(@Nullable GuestMemory gmem, UserspaceMemoryRegion region) {
        if (gmem == null) {
            return Errno.EBADF.negated();
        }
        long offset = region.guestMemfdOffset();
        return offset < 0 || offset > gmem.size() - region.memorySize() ? Errno.EINVAL.negated() : 0;
    }

    private static Memslot newSlot(UserspaceMemoryRegion region, @Nullable Memslot old, @Nullable GuestMemory gmem) {
        boolean logs = (region.flags() & KvmMem.KVM_MEM_LOG_DIRTY_PAGES) != 0;
        return new Memslot(
                region.slot() & 0xffff,
                region.guestPhysAddr() >>> HostPte.PAGE_SHIFT,
                region.memorySize() >>> HostPte.PAGE_SHIFT,
                region.userspaceAddr(),
                region.flags(),
                logs && old != null ? old.dirtyBitmap() : null,
                old == null ? gmem : old.gmem(),
                old == null ? region.guestMemfdOffset() >>> HostPte.PAGE_SHIFT : old.gmemPgoff(),
                false);
    }

    /// `kvm_set_memslot`.
    private int set(@Nullable Memslot old, @Nullable Memslot updated, RegionChange change, DecisionTrail trail) {
        boolean invalidates = change == RegionChange.DELETE || change == RegionChange.MOVE;
        if (invalidates && old != null) {
            vm.publish(vm.memslots().with(old.invalidated()));
            flushShadow(old);
        }
        Memslot prepared = updated == null ? null : withDirtyBitmap(updated);
        int errno = prepare(prepared, change, trail);
        if (errno == 0 && change == RegionChange.CREATE && prepared != null) {
            errno = bind(prepared);
        }
        if (errno != 0) {
            if (invalidates && old != null) {
                vm.publish(vm.memslots().with(old));
            }
            return errno;
        }
        if (prepared != null) {
            vm.publish(vm.memslots().with(prepared));
        } else if (old != null) {
            vm.publish(vm.memslots().without(old.id()));
            unbind(old);
        }
        commit(prepared);
        return 0;
    }

    /// `kvm_arch_flush_shadow_memslot`.
    private void flushShadow(Memslot slot) {
        Lock lock = vm.mmu().exclusiveLock();
        lock.lock();
        try {
            vm.mmu().unmap(slot.baseGfn() << HostPte.PAGE_SHIFT, slot.npages() << HostPte.PAGE_SHIFT, true);
        } finally {
            lock.unlock();
        }
    }

    /// Gives a slot a bitmap when it starts to be logged.
    private Memslot withDirtyBitmap(Memslot slot) {
        if (!slot.dirtyTracked() || slot.dirtyBitmap() != null || !vm.logging().usesBitmap()) {
            return slot;
        }
        DirtyBitmap bitmap = new DirtyBitmap(slot.npages());
        if (vm.logging().initiallyAllSet()) {
            bitmap.setAll();
        }
        return slot.withDirtyBitmap(bitmap);
    }

    /// `kvm_arch_prepare_memory_region`, with the facts it asks for.
    private int prepare(@Nullable Memslot slot, RegionChange change, DecisionTrail trail) {
        long gfns = 1L << (vm.ipaBits() - HostPte.PAGE_SHIFT);
        boolean within = slot == null || (slot.baseGfn() <= gfns && slot.npages() <= gfns - slot.baseGfn());
        GuestMemory gmem = slot == null ? null : slot.gmem();
        PrepareMemoryRegion.Gmem kind = gmem == null
                ? PrepareMemoryRegion.Gmem.NONE
                : gmem.mappable() ? PrepareMemoryRegion.Gmem.MAPPABLE : PrepareMemoryRegion.Gmem.NOT_MAPPABLE;
        PrepareMemoryRegion.Facts facts = new PrepareMemoryRegion.Facts(
                change,
                within,
                kind,
                vm.hasMte(),
                slot != null && slot.dirtyTracked(),
                vm.caps().supportsCacheablePfnmap());
        AddressSpace mm = vm.mm();
        mm.mmapLock().readLock();
        try {
            return PrepareMemoryRegion.check(vm.version(), facts, vmas(slot), trail);
        } finally {
            mm.mmapLock().readUnlock();
        }
    }

    /// {@return the VMAs that the slot's addresses meet, ascending}
    private List<VmaInfo> vmas(@Nullable Memslot slot) {
        List<VmaInfo> vmas = new ArrayList<>();
        if (slot != null) {
            long at = slot.userspaceAddr();
            long end = at + (slot.npages() << HostPte.PAGE_SHIFT);
            while (at < end) {
                Vma vma = vm.mm().findVmaIntersection(at, end);
                if (vma == null) {
                    break;
                }
                vmas.add(VmaInfo.of(vma.vmFlags(), vma.pageProt()));
                at = vma.end();
            }
        }
        return vmas;
    }

    private static int bind(Memslot slot) {
        GuestMemory gmem = slot.gmem();
        return gmem == null ? 0 : gmem.bind(slot.gmemPgoff(), slot.npages());
    }

    private static void unbind(Memslot slot) {
        GuestMemory gmem = slot.gmem();
        if (gmem != null) {
            gmem.unbind(slot.gmemPgoff(), slot.npages());
        }
    }

    /// `kvm_arch_commit_memory_region`.
    private void commit(@Nullable Memslot slot) {
        if (slot == null || !slot.dirtyTracked()) {
            vm.logging().freeSplitCache();
        } else if (!vm.logging().initiallyAllSet()) {
            dirtyLog.start(slot);
        }
    }

    // ---- the whole VM ----------------------------------------------------------------------------------------------

    /// Cleans and invalidates the data of everything that is mapped (`stage2_flush_vm`), which is nothing with
    /// FEAT_S2FWB.
    public void flushVm() {
        Lock lock = vm.mmu().exclusiveLock();
        lock.lock();
        try {
            Memslots slots = vm.memslots();
            for (int i = 0; i < slots.size(); i++) {
                Memslot slot = slots.at(i);
                vm.mmu().flush(slot.baseGfn() << HostPte.PAGE_SHIFT, slot.npages() << HostPte.PAGE_SHIFT);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Unmaps everything but what lies in VM_PFNMAP VMAs (`stage2_unmap_vm`): the guest starts again with its
    /// caches off, and must find its memory clean.
    public void unmapVm() {
        vm.mm().mmapLock().readLock();
        Lock lock = vm.mmu().exclusiveLock();
        lock.lock();
        try {
            Memslots slots = vm.memslots();
            for (int i = 0; i < slots.size(); i++) {
                unmapMemslot(slots.at(i));
            }
        } finally {
            lock.unlock();
            vm.mm().mmapLock().readUnlock();
        }
    }

    private void unmapMemslot(Memslot slot) {
        long at = slot.userspaceAddr();
        long end = at + (slot.npages() << HostPte.PAGE_SHIFT);
        while (at < end) {
            Vma vma = vm.mm().findVmaIntersection(at, end);
            if (vma == null) {
                return;
            }
            long from = Math.max(at, vma.start());
            long to = Math.min(end, vma.end());
            if (!VmaInfo.of(vma.vmFlags(), vma.pageProt()).pfnmap()) {
                long ipa = (slot.baseGfn() << HostPte.PAGE_SHIFT) + (from - slot.userspaceAddr());
                vm.mmu().unmap(ipa, to - from, true);
            }
            at = to;
        }
    }
}
