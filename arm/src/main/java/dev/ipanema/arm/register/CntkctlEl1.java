package dev.ipanema.arm.register;

/// Fields of `CNTKCTL_EL1`, which lets EL0 use the generic timer.
public final class CntkctlEl1 {
    /// EL0 may read the physical counter.
    public static final long EL0PCTEN = 1;

    /// EL0 may read the virtual counter.
    public static final long EL0VCTEN = 1L << 1;

    /// EL0 may use the virtual timer.
    public static final long EL0VTEN = 1L << 8;

    /// EL0 may use the physical timer.
    public static final long EL0PTEN = 1L << 9;

    private CntkctlEl1() {}
}
