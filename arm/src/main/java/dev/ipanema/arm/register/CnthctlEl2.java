package dev.ipanema.arm.register;

/// Fields of `CNTHCTL_EL2` (with HCR_EL2.E2H = 0), which lets EL1 and EL0 use the physical timer.
public final class CnthctlEl2 {
    /// EL1 and EL0 may read the physical counter.
    public static final long EL1PCTEN = 1;

    /// EL1 and EL0 may use the physical timer.
    public static final long EL1PCEN = 1L << 1;

    private CnthctlEl2() {}
}
