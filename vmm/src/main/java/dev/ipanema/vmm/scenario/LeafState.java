package dev.ipanema.vmm.scenario;

import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.kvm.stage2.Stage2Leaf;

/// A stage-2 leaf as it is, in the words of the format.
///
/// @param level level of the walk, 0 to 3
/// @param type `NORMAL_WB`, `NORMAL_NC`, `DEVICE_nGnRE`, …
/// @param s2ap `RW`, `R`, `W` or `none`
/// @param xn the XN field
public record LeafState(boolean mapped, int level, String type, String s2ap, int xn) {
    /// No leaf.
    public static final LeafState UNMAPPED = new LeafState(false, 0, "", "", 0);

    /// {@return the state of a leaf}
    ///
    /// @param fwb HCR_EL2.FWB of the VM
    public static LeafState of(Stage2Leaf leaf, boolean fwb) {
        if (!leaf.isMapped()) {
            return UNMAPPED;
        }
        long descriptor = leaf.descriptor();
        String s2ap = (Stage2Descriptor.isReadable(descriptor) ? "R" : "")
                + (Stage2Descriptor.isWritable(descriptor) ? "W" : "");
        return new LeafState(
                true, leaf.level(), leaf.type(fwb), s2ap.isEmpty() ? "none" : s2ap, Stage2Descriptor.xn(descriptor));
    }

    @Override
    public String toString() {
        return mapped ? "level " + level + " " + type + " " + s2ap + " xn " + xn : "not mapped";
    }
}
