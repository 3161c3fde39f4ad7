package dev.ipanema.kvm.mmu;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.kvm.memslot.Memslot;
import org.jspecify.annotations.Nullable;

/// Finds the page behind a guest frame (`virt/kvm/kvm_main.c:__kvm_faultin_pfn`, `hva_to_pfn`): fast GUP for
/// writing, slow GUP, and for memory that GUP refuses the PFN in the host's page table. One object a vCPU,
/// overwritten by the next lookup.
///
/// A page found by GUP is held by a reference until [#release]; a PFN read from the page table is not: there the
/// MMU notifier is the only protection.
public final class FaultinPfn {
    private static final String SOURCE = "virt/kvm/kvm_main.c:hva_to_pfn";

    /// A PFN and flags of this class.
    private static final DecisionTrail.Form PAGE = FaultinPfn::describe;

    private static final long WRITABLE = 1;
    private static final long REFCOUNTED = 1 << 1;

    private final AddressSpace mm;
    private final KernelMemory kernel;
    private long pfn;
    private boolean refcounted;
    private boolean mapWritable;

    /// What became of a lookup.
    public enum Result {
        /// [#pfn()] is valid.
        FOUND,
        /// The page is poisoned.
        HWPOISON,
        /// Everything else, `-EFAULT` from `KVM_RUN`.
        ERROR
    }

    /// A lookup in the VMM's address space.
    public FaultinPfn(AddressSpace mm) {
        this.mm = mm;
        this.kernel = mm.kernel();
    }

    /// Looks a page up.
    ///
    /// @param gfn a frame of `slot`
    /// @param write whether the guest writes; a read is mapped writable all the same where that costs nothing
    public Result lookup(Memslot slot, long gfn, boolean write, DecisionTrail trail) {
        refcounted = false;
        mapWritable = false;
        if (write && slot.readOnly()) {
            trail.fact("pfn", "KVM_PFN_ERR_RO_FAULT: a write to a read-only slot", SOURCE);
            return Result.ERROR;
        }
        long hva = slot.hva(gfn, HostPte.PAGE_SHIFT);
        Result result = hvaToPfn(hva, write, !slot.readOnly());
        if (trail.enabled()) {
            trail.fact("hva", DecisionTrail.HEX, hva, SOURCE);
            if (result == Result.FOUND) {
                trail.fact("pfn", PAGE, pfn, (mapWritable ? WRITABLE : 0) | (refcounted ? REFCOUNTED : 0), SOURCE);
            } else {
                trail.fact("pfn", result, SOURCE);
            }
        }
        return result;
    }

    private Result hvaToPfn(long hva, boolean write, boolean wantWritable) {
        if ((write || wantWritable) && found(mm.gupFast(hva, true), true)) {
            return Result.FOUND;
        }
        int flags = Mman.FOLL_HWPOISON | Mman.FOLL_HONOR_NUMA_FAULT | (write ? Mman.FOLL_WRITE : 0);
        long slow = mm.gup(hva, flags);
        if (found(slow, write)) {
            if (!write && wantWritable) {
                upgrade(hva);
            }
            return Result.FOUND;
        }
        if (slow == Errno.EHWPOISON.negated()) {
            return Result.HWPOISON;
        }
        mm.mmapLock().readLock();
        try {
            Vma vma = mm.vmaLookup(hva);
            return vma == null ? Result.ERROR : remapped(vma, hva, write, wantWritable);
        } finally {
            mm.mmapLock().readUnlock();
        }
    }

    private boolean found(long gupResult, boolean writable) {
        if (gupResult < 0) {
            return false;
        }
        pfn = gupResult;
        refcounted = true;
        mapWritable = writable;
        return true;
    }

    /// Maps a read fault writable when the host's entry is by now.
    private void upgrade(long hva) {
        long readOnly = pfn;
        if (found(mm.gupFast(hva, true), true)) {
            kernel.putPage(readOnly);
        }
    }

    /// Follows the host's page table (`hva_to_pfn_remapped`).
    private Result remapped(Vma vma, long hva, boolean write, boolean wantWritable) {
        if (!vma.has(VmFlags.VM_IO) && !vma.has(VmFlags.VM_PFNMAP)) {
            return Result.ERROR;
        }
        long leaf = mm.followPfnmap(hva);
        if (leaf < 0) {
            // GUP does not call the fault handler of such a VMA, so it is done here.
            if (mm.fixupUserFault(hva, write) < 0) {
                return Result.ERROR;
            }
            leaf = mm.followPfnmap(hva);
            if (leaf < 0) {
                return Result.ERROR;
            }
        }
        if (write && !HostPte.isWritable(leaf)) {
            return Result.ERROR;
        }
        pfn = HostPte.pfnAt(leaf, hva);
        mapWritable = wantWritable && HostPte.isWritable(leaf);
        return Result.FOUND;
    }

    /// {@return the PFN that the last lookup found}
    public long pfn() {
        return pfn;
    }

    /// {@return whether the host maps that page writable and stage 2 may too}
    public boolean mapWritable() {
        return mapWritable;
    }

    /// {@return whether a reference is held on the page}
    public boolean refcounted() {
        return refcounted;
    }

    /// Releases the page (`kvm_release_faultin_page`).
    ///
    /// @param unused whether nothing was mapped
    /// @param dirty whether it was mapped writable
    public void release(boolean unused, boolean dirty) {
        if (!refcounted) {
            return;
        }
        if (!unused) {
            if (dirty) {
                kernel.setPageDirty(pfn);
            }
            kernel.setPageAccessed(pfn);
        }
        kernel.putPage(pfn);
        refcounted = false;
    }

    /// Forgets the page with its reference, as kernels did that leaked it.
    ///
    /// @return what was leaked, null when no reference was held
    public @Nullable String leak() {
        boolean leaked = refcounted;
        refcounted = false;
        return leaked ? Sizes.hex(pfn) : null;
    }

    private static String describe(long pfn, long flags) {
        return Sizes.hex(pfn)
                + ((flags & WRITABLE) != 0 ? " writable" : " read-only")
                + ((flags & REFCOUNTED) != 0 ? " page" : " special");
    }
}
