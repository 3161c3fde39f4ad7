package dev.ipanema.kvm.memslot;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The slots of a VM at one moment (`struct kvm_memslots`), ordered by gfn. Immutable: an update publishes another
/// one.
public final class Memslots {
    /// No slot at all.
    public static final Memslots EMPTY = new Memslots(new Memslot[0]);

    private final Memslot[] byGfn;

    private Memslots(Memslot[] byGfn) {
        this.byGfn = byGfn;
    }

    /// {@return the slot of a gfn, also an invalid one; null where there is none}
    public @Nullable Memslot find(long gfn) {
        int low = 0;
        int high = byGfn.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Memslot slot = byGfn[middle];
            if (Long.compareUnsigned(gfn, slot.baseGfn()) < 0) {
                high = middle - 1;
            } else if (slot.contains(gfn)) {
                return slot;
            } else {
                low = middle + 1;
            }
        }
        return null;
    }

    /// {@return the slot of a number, null when there is none}
    public @Nullable Memslot byId(int id) {
        for (Memslot slot : byGfn) {
            if (slot.id() == id) {
                return slot;
            }
        }
        return null;
    }

    /// {@return whether a range of frames overlaps a valid slot other than `exceptId`
    /// (`kvm_check_memslot_overlap`)}
    public boolean overlaps(int exceptId, long baseGfn, long npages) {
        for (Memslot slot : byGfn) {
            if (slot.id() != exceptId
                    && slot.baseGfn() < baseGfn + npages
                    && baseGfn < slot.baseGfn() + slot.npages()) {
                return true;
            }
        }
        return false;
    }

    /// {@return these slots with one added, or put in place of the one of the same number}
    public Memslots with(Memslot slot) {
        Memslot[] rest = without(slot.id()).byGfn;
        Memslot[] more = Arrays.copyOf(rest, rest.length + 1);
        int at = rest.length;
        while (at > 0 && Long.compareUnsigned(more[at - 1].baseGfn(), slot.baseGfn()) > 0) {
            more[at] = more[at - 1];
            at--;
        }
        more[at] = slot;
        return new Memslots(more);
    }

    /// {@return these slots without one}
    public Memslots without(int id) {
        Memslot[] rest = new Memslot[byGfn.length];
        int count = 0;
        for (Memslot slot : byGfn) {
            if (slot.id() != id) {
                rest[count++] = slot;
            }
        }
        return count == byGfn.length ? this : new Memslots(Arrays.copyOf(rest, count));
    }

    /// {@return how many slots there are}
    public int size() {
        return byGfn.length;
    }

    /// {@return slot number `index` in the order of gfns, from 0 to [#size()] - 1}
    public Memslot at(int index) {
        return byGfn[index];
    }

    /// {@return the pages of all slots together (`kvm->nr_memslot_pages`)}
    public long pages() {
        long pages = 0;
        for (Memslot slot : byGfn) {
            pages += slot.npages();
        }
        return pages;
    }
}
