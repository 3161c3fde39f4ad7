package dev.ipanema.kvm.abort;

import dev.ipanema.kvm.memslot.Memslot;
import org.jspecify.annotations.Nullable;

/// What the lookup of a gfn found.
public enum SlotState {
    /// No slot.
    NONE,

    /// A slot that is being deleted or moved.
    INVALID,

    /// A slot with `KVM_MEM_READONLY`.
    READ_ONLY,

    /// A slot that the guest may write.
    READ_WRITE;

    /// {@return whether the gfn has an address in the VMM at all}
    public boolean valid() {
        return this == READ_ONLY || this == READ_WRITE;
    }

    /// {@return the state of a slot, `NONE` for null}
    public static SlotState of(@Nullable Memslot slot) {
        if (slot == null) {
            return NONE;
        }
        if (slot.invalid()) {
            return INVALID;
        }
        return slot.readOnly() ? READ_ONLY : READ_WRITE;
    }
}
