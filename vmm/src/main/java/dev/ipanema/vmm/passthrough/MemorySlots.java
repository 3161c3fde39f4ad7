package dev.ipanema.vmm.passthrough;

import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.vfio.VfioContainer;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.vm.Vm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// KVM's memory slots and the IOMMU's mappings of the host's device memory, brought to what is wanted now: a slot goes
/// when its BAR moves or its decoding is switched off, and comes where the BAR is then.
///
/// Used under the VMM's lock.
final class MemorySlots {
    private final Vm vm;
    private final AddressSpace mm;
    private final VfioContainer container;
    private final int first;
    private final List<Slot> slots = new ArrayList<>();
    private final List<Wanted> hidden = new ArrayList<>();

    /// Device memory at a guest-physical address.
    ///
    /// @param bdf whose it is
    /// @param part of the device: a BAR, or its memory
    /// @param ipa page-aligned
    /// @param size bytes, whole pages
    /// @param hva where the VMM has mapped it
    record Wanted(String bdf, String part, long ipa, long size, long hva) {
        /// {@return what it is, for reports}
        String name() {
            return bdf + " " + part;
        }

        boolean overlaps(Wanted other) {
            return ipa < other.ipa + other.size && other.ipa < ipa + size;
        }
    }

    /// A slot that KVM has taken.
    ///
    /// @param id its number
    record Slot(int id, Wanted wanted) {}

    /// A slot that KVM has refused.
    ///
    /// @param errno negated
    /// @param outcome its reason in one line
    /// @param reasons KVM's trail
    record Refusal(int id, Wanted wanted, int errno, String outcome, String reasons) {}

    /// @param first the first slot number that is free
    MemorySlots(Vm vm, AddressSpace mm, VfioContainer container, int first) {
        this.vm = vm;
        this.mm = mm;
        this.container = container;
        this.first = first;
    }

    /// {@return the slots there are}
    List<Slot> slots() {
        return List.copyOf(slots);
    }

    /// {@return what is wanted but lies under something else}
    List<Wanted> hidden() {
        return List.copyOf(hidden);
    }

    /// Makes the slots what is wanted. Of two that overlap the first is there and the other is hidden.
    ///
    /// @return the slot that KVM has refused, if one was; those behind it are not tried
    Optional<Refusal> update(List<Wanted> wanted) {
        List<Wanted> visible = new ArrayList<>();
        hidden.clear();
        for (Wanted each : wanted) {
            (visible.stream().anyMatch(each::overlaps) ? hidden : visible).add(each);
        }
        for (Slot slot : List.copyOf(slots)) {
            if (!visible.contains(slot.wanted)) {
                remove(slot);
            }
        }
        for (Wanted each : visible) {
            if (slots.stream().noneMatch(slot -> slot.wanted.equals(each))) {
                Optional<Refusal> refusal = add(each);
                if (refusal.isPresent()) {
                    return refusal;
                }
            }
        }
        return Optional.empty();
    }

    private void remove(Slot slot) {
        // The order of a VMM's listeners: what the guest reaches goes first, then what devices reach.
        int result = vm.setUserMemoryRegion(UserspaceMemoryRegion.delete(slot.id));
        if (result != 0) {
            throw new IllegalStateException("Slot " + slot.id + " cannot be deleted: " + result);
        }
        container.unmapDma(slot.wanted.ipa, slot.wanted.size);
        slots.remove(slot);
    }

    /// Ends the mappings for devices when the VM, and its slots with it, is gone already.
    void forget() {
        slots.forEach(slot -> container.unmapDma(slot.wanted.ipa, slot.wanted.size));
        slots.clear();
    }

    private Optional<Refusal> add(Wanted wanted) {
        int id = first;
        while (isTaken(id)) {
            id++;
        }
        int result = vm.setUserMemoryRegion(new UserspaceMemoryRegion(id, 0, wanted.ipa, wanted.size, wanted.hva));
        if (result != 0) {
            DecisionTrail trail = vm.lastTrail();
            return Optional.of(new Refusal(id, wanted, result, CacheablePfnmap.outcome(trail), trail.toString()));
        }
        // Other devices reach it too (peer-to-peer); that they cannot is no reason to refuse it to the CPUs.
        container.mapDma(mm, wanted.hva, wanted.ipa, wanted.size);
        slots.add(new Slot(id, wanted));
        return Optional.empty();
    }

    private boolean isTaken(int id) {
        return slots.stream().anyMatch(slot -> slot.id == id);
    }
}
