package dev.ipanema.vmm.scenario;

/// A stage-2 leaf as it is, in the words of the format.
///
/// @param level level of the walk, 0 to 3
/// @param type `NORMAL_WB`, `NORMAL_NC`, `DEVICE_nGnRE`, …
/// @param s2ap `RW`, `R`, `W` or `none`
/// @param xn the XN field
public record LeafState(boolean mapped, int level, String type, String s2ap, int xn) {
    /// No leaf.
    public static final LeafState UNMAPPED = new LeafState(false, 0, "", "", 0);

    @Override
    public String toString() {
        return mapped ? "level " + level + " " + type + " " + s2ap + " xn " + xn : "not mapped";
    }
}
