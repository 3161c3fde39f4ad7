package dev.ipanema.kvm.memslot;

import dev.ipanema.kvm.uapi.KvmMem;
import org.jspecify.annotations.Nullable;

/// A memory slot (`struct kvm_memory_slot`): guest frames [baseGfn, baseGfn + npages) backed by the VMM's addresses
/// from `userspaceAddr` on. Immutable but for the bits of its dirty bitmap.
///
/// @param id slot number, 0 to `KVM_USER_MEM_SLOTS` - 1
/// @param flags `KVM_MEM_…`
/// @param dirtyBitmap there while dirty pages are logged into a bitmap
/// @param gmem the guest_memfd behind the slot
/// @param gmemPgoff the slot's first page in it
/// @param invalid the slot is being deleted or moved (`KVM_MEMSLOT_INVALID`)
public record Memslot(
        int id,
        long baseGfn,
        long npages,
        long userspaceAddr,
        int flags,
        @Nullable DirtyBitmap dirtyBitmap,
        @Nullable GuestMemory gmem,
        long gmemPgoff,
        boolean invalid) {

    /// {@return whether a gfn lies in the slot}
    public boolean contains(long gfn) {
        return Long.compareUnsigned(gfn - baseGfn, npages) < 0;
    }

    /// {@return whether writes of the guest are MMIO (`KVM_MEM_READONLY`)}
    public boolean readOnly() {
        return (flags & KvmMem.KVM_MEM_READONLY) != 0;
    }

    /// {@return whether dirty pages are tracked at all (`kvm_slot_dirty_track_enabled`)}
    public boolean dirtyTracked() {
        return (flags & KvmMem.KVM_MEM_LOG_DIRTY_PAGES) != 0;
    }

    /// {@return whether faults must map single pages so that each write is seen (`memslot_is_logging`)}
    public boolean logging() {
        return dirtyBitmap != null && !readOnly();
    }

    /// {@return the VMM's address of a gfn (`__gfn_to_hva_memslot`)}
    public long hva(long gfn, int pageShift) {
        return userspaceAddr + ((gfn - baseGfn) << pageShift);
    }

    /// {@return the gfn of an address of the VMM inside the slot (`hva_to_gfn_memslot`)}
    public long gfn(long hva, int pageShift) {
        return baseGfn + ((hva - userspaceAddr) >>> pageShift);
    }

    /// {@return this slot with a dirty bitmap}
    public Memslot withDirtyBitmap(DirtyBitmap bitmap) {
        return new Memslot(id, baseGfn, npages, userspaceAddr, flags, bitmap, gmem, gmemPgoff, invalid);
    }

    /// {@return this slot marked invalid}
    public Memslot invalidated() {
        return new Memslot(id, baseGfn, npages, userspaceAddr, flags, dirtyBitmap, gmem, gmemPgoff, true);
    }
}
