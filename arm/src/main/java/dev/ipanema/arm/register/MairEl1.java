package dev.ipanema.arm.register;

/// `MAIR_EL1`: eight bytes of memory attributes, chosen by the AttrIndx field of a stage-1 leaf descriptor.
///
/// Source: Arm ARM DDI 0487, D24.2 "MAIR_EL1"; reading and meaning of a byte are in
/// [dev.ipanema.arm.memory.Mair].
public final class MairEl1 {
    private MairEl1() {}

    /// {@return `mair` with the byte at an index replaced}
    public static long with(long mair, int index, int attr) {
        return (mair & ~(0xffL << (8 * index))) | ((attr & 0xffL) << (8 * index));
    }
}
