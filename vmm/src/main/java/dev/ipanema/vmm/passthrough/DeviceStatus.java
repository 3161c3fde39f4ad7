package dev.ipanema.vmm.passthrough;

import dev.ipanema.vmm.probe.Stage2Row;
import java.util.List;

/// What a device of the host looks like from the guest and from KVM at one moment.
///
/// @param bdf where it is on the host's bus
/// @param vendor PCI vendor id
/// @param device PCI device id
/// @param driver the host's driver
/// @param trouble why it has no coherent memory; empty when it has
/// @param coherentBytes bytes of coherent memory that can be mapped, 0 for none
/// @param bars the BARs that the guest sees; none when it is given the memory only
/// @param slots KVM's memory slots over its memory
/// @param hidden windows of it that lie under something else
/// @param refusals what KVM has refused, with the reasons
public record DeviceStatus(
        String bdf,
        int vendor,
        int device,
        String driver,
        String trouble,
        long coherentBytes,
        List<Bar> bars,
        List<Slot> slots,
        List<Window> hidden,
        List<Refusal> refusals) {
    public DeviceStatus {
        bars = List.copyOf(bars);
        slots = List.copyOf(slots);
        hidden = List.copyOf(hidden);
        refusals = List.copyOf(refusals);
    }

    /// A BAR.
    ///
    /// @param index 0 to 5
    /// @param size bytes
    /// @param mapped bytes of it that the VMM has mapped
    /// @param address where it answers, negative for nowhere
    public record Bar(int index, long size, long mapped, long address) {}

    /// A range of guest-physical addresses.
    public record Window(String what, long ipa, long size) {}

    /// A memory slot.
    ///
    /// @param id its number
    /// @param vma flags and attribute of the VMA behind it
    /// @param faults how many aborts of the guest KVM has handled in it
    /// @param nanos how long that took in all
    /// @param stage2 what of it is mapped
    public record Slot(
            int id, String what, long ipa, long size, String vma, long faults, long nanos, List<Stage2Row> stage2) {
        public Slot {
            stage2 = List.copyOf(stage2);
        }
    }

    /// Something that the host has refused, or would refuse.
    ///
    /// @param what in one sentence
    /// @param reasons KVM's trail, may be empty
    public record Refusal(String what, String reasons) {}
}
