package dev.ipanema.arm.register;

/// Fields of `VTTBR_EL2`, the base of the stage-2 tables and the VMID.
///
/// Source: Arm ARM DDI 0487, D24.2 "VTTBR_EL2".
public final class VttbrEl2 {
    /// Common not private: other PEs of the domain share these translations.
    public static final long CNP = 1L;

    private static final int VMID = 48;

    private VttbrEl2() {}

    /// {@return the VMID: 16 bits when VTCR_EL2.VS is set, else 8}
    public static int vmid(long vttbr, boolean vmid16) {
        return (int) (vttbr >>> VMID) & (vmid16 ? 0xffff : 0xff);
    }

    /// {@return the address of the first table; its low bits are not yet aligned to the tables' size}
    ///
    /// @param bits52 whether output addresses have 52 bits: bits 51:48 of the base are then in bits 5:2
    public static long base(long vttbr, boolean bits52) {
        return TtbrEl1.base(vttbr, bits52);
    }

    /// {@return a value from a base address below 2^52 and a VMID}
    public static long of(long base, int vmid) {
        return (base & 0x0000_ffff_ffff_ffc0L) | (base >>> 48 & 0xf) << 2 | (long) vmid << VMID;
    }
}
