package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Descriptor;

/// The entry at which the walk of an IPA ends: a block or page, or an invalid entry at the level where it
/// stands.
///
/// @param descriptor its 64 bits, 0 for none
/// @param level the level it stands at
/// @param granule translation granule of the table
/// @param oa52 whether it holds a 52-bit address, see [Stage2Config#oa52()]
public record Stage2Leaf(long descriptor, int level, Granule granule, boolean oa52) {
    /// {@return whether it maps something}
    public boolean isMapped() {
        return Stage2Descriptor.isBlockOrPage(descriptor, level);
    }

    /// {@return the bytes that its level spans}
    public long size() {
        return granule.levelSize(level);
    }

    /// {@return the physical address it maps to, 0 when it maps nothing}
    public long pa() {
        return isMapped() ? Stage2Descriptor.outputAddress(descriptor, level, granule, oa52) : 0;
    }

    /// {@return MemAttr[3:0]}
    public int memAttr() {
        return Stage2Descriptor.memAttr(descriptor);
    }

    /// {@return the memory type in the words of the recordings: `NORMAL_WB`, `NORMAL_NC`, `DEVICE_nGnRE`,
    /// or the kind in the architecture's words for what KVM does not write}
    /// @param fwb HCR_EL2.FWB
    public String type(boolean fwb) {
        return switch (memAttr()) {
            case Stage2MemAttr.DEVICE_nGnRnE -> "DEVICE_nGnRnE";
            case Stage2MemAttr.DEVICE_nGnRE -> "DEVICE_nGnRE";
            case Stage2MemAttr.NORMAL_NC -> "NORMAL_NC";
            case Stage2MemAttr.NORMAL_WB ->
                fwb ? Stage2MemAttr.describe(Stage2MemAttr.NORMAL_WB, true, false) : "NORMAL_WB";
            case Stage2MemAttr.FWB_NORMAL_WB ->
                fwb ? "NORMAL_WB" : Stage2MemAttr.describe(Stage2MemAttr.FWB_NORMAL_WB, false, false);
            default -> Stage2MemAttr.describe(memAttr(), fwb, false);
        };
    }
}
