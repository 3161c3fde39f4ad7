package dev.ipanema.kvm.mmu;

import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.UserFault;
import dev.ipanema.kvm.memslot.Memslot;
import org.jspecify.annotations.Nullable;

/// Guest memory as devices inside KVM reach it (`kvm_read_guest`, `kvm_write_guest`): by slot and the VMM's mapping,
/// any address the guest may have given. Any thread may call it.
public final class GuestBytes {
    private static final long PAGE = 1L << HostPte.PAGE_SHIFT;

    private final VmMemory memory;

    /// The guest's memory of a VM.
    public GuestBytes(VmMemory memory) {
        this.memory = memory;
    }

    private @Nullable Memslot slot(long ipa) {
        Memslot slot = ipa < 0 ? null : memory.memslots().find(ipa >>> HostPte.PAGE_SHIFT);
        return slot == null || slot.invalid() ? null : slot;
    }

    private static long hva(Memslot slot, long ipa) {
        return slot.hva(ipa >>> HostPte.PAGE_SHIFT, HostPte.PAGE_SHIFT) + (ipa & (PAGE - 1));
    }

    /// {@return whether an IPA lies in a slot}
    public boolean isMemory(long ipa) {
        return slot(ipa) != null;
    }

    /// Reads bytes.
    ///
    /// @return false when some of them are not there; those before are read
    public boolean read(long ipa, byte[] to, int offset, int length) {
        for (int done = 0; done < length; ) {
            int n = piece(ipa + done, length - done);
            Memslot slot = slot(ipa + done);
            if (slot == null
                    || memory.mm().userMemory().read(hva(slot, ipa + done), to, offset + done, n) != UserFault.NONE) {
                return false;
            }
            done += n;
        }
        return true;
    }

    /// Writes bytes, and logs their pages as dirty.
    ///
    /// @return false when some of them are not there or read-only; those before are written
    public boolean write(long ipa, byte[] from, int offset, int length) {
        for (int done = 0; done < length; ) {
            int n = piece(ipa + done, length - done);
            Memslot slot = slot(ipa + done);
            if (slot == null
                    || slot.readOnly()
                    || memory.mm().userMemory().write(hva(slot, ipa + done), from, offset + done, n)
                            != UserFault.NONE) {
                return false;
            }
            VmMemory.markPageDirty(slot, (ipa + done) >>> HostPte.PAGE_SHIFT, null);
            done += n;
        }
        return true;
    }

    private static int piece(long ipa, int left) {
        return (int) Math.min(left, PAGE - (ipa & (PAGE - 1)));
    }
}
