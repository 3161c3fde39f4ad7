package dev.ipanema.arm.register;

/// Fields of `ICH_HCR_EL2`: which maintenance interrupts and traps the virtual CPU interface makes.
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), "ICH_HCR_EL2".
public final class IchHcrEl2 {
    /// The virtual CPU interface works.
    public static final long EN = 1;

    /// Underflow: at most one list register holds an interrupt.
    public static final long UIE = 1L << 1;

    /// An interrupt was deactivated that no list register holds.
    public static final long LRENPIE = 1L << 2;

    /// No list register holds a pending interrupt.
    public static final long NPIE = 1L << 3;

    public static final long VGRP0EIE = 1L << 4;
    public static final long VGRP0DIE = 1L << 5;
    public static final long VGRP1EIE = 1L << 6;
    public static final long VGRP1DIE = 1L << 7;

    /// Traps the registers that both groups share.
    public static final long TC = 1L << 10;

    /// Traps the registers of group 0.
    public static final long TALL0 = 1L << 11;

    /// Traps the registers of group 1.
    public static final long TALL1 = 1L << 12;

    /// Traps ICC_DIR_EL1.
    public static final long TDIR = 1L << 14;

    /// One in the count of deactivations of unlisted interrupts.
    public static final long EOICOUNT_ONE = 1L << 27;

    /// The count.
    public static final long EOICOUNT = 0x1fL << 27;

    private IchHcrEl2() {}

    /// {@return how many interrupts were deactivated that no list register held, modulo 32}
    public static int eoiCount(long hcr) {
        return (int) (hcr >>> 27) & 0x1f;
    }
}
