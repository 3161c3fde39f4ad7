package dev.ipanema.vmm.scenario;

import java.util.HashMap;
import java.util.Map;

/// The slots that the VMM has set, as a VMM has to remember them.
final class SlotTable {
    private final Map<Integer, Slot> slots = new HashMap<>();

    private record Slot(long ipa, long size, long hva) {}

    /// Remembers a slot that KVM accepted; a size of 0 forgets it.
    void set(int slot, long ipa, long size, long hva) {
        if (size == 0) {
            slots.remove(slot);
        } else {
            slots.put(slot, new Slot(ipa, size, hva));
        }
    }

    /// {@return the bytes of a slot, 0 when there is none}
    long size(int slot) {
        Slot found = slots.get(slot);
        return found == null ? 0 : found.size();
    }

    /// {@return the VMM's address of an IPA, -1 when no slot holds it}
    long hva(long ipa) {
        for (Slot slot : slots.values()) {
            if (ipa >= slot.ipa() && ipa - slot.ipa() < slot.size()) {
                return slot.hva() + (ipa - slot.ipa());
            }
        }
        return -1;
    }
}
