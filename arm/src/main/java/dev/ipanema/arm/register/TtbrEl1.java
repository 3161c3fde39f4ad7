package dev.ipanema.arm.register;

/// Fields of `TTBR0_EL1` and `TTBR1_EL1`.
///
/// Source: Arm ARM DDI 0487, D24.2 "TTBR0_EL1".
public final class TtbrEl1 {
    /// Common not private: other PEs of the domain share these translations.
    public static final long CNP = 1L;

    private TtbrEl1() {}

    /// {@return the ASID: 16 bits when TCR_EL1.AS is set, else 8}
    public static int asid(long ttbr, boolean asid16) {
        return (int) (ttbr >>> 48) & (asid16 ? 0xffff : 0xff);
    }

    /// {@return the address of the first table; its low bits are not yet aligned to the table's size}
    ///
    /// @param bits52 whether output addresses have 52 bits: bits 51:48 of the base are then in bits 5:2
    public static long base(long ttbr, boolean bits52) {
        long base = ttbr & 0x0000_ffff_ffff_fffeL;
        return bits52 ? (base & ~0x3fL) | ((ttbr >>> 2 & 0xf) << 48) : base;
    }
}
