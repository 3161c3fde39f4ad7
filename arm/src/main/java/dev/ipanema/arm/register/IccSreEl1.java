package dev.ipanema.arm.register;

/// Fields of `ICC_SRE_EL1` and `ICC_SRE_EL2`: whether the CPU interface is reached by system registers.
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), "ICC_SRE_EL1", "ICC_SRE_EL2".
public final class IccSreEl1 {
    public static final long SRE = 1;

    /// FIQ bypass is disabled.
    public static final long DFB = 1L << 1;

    /// IRQ bypass is disabled.
    public static final long DIB = 1L << 2;

    /// Of ICC_SRE_EL2 only: EL1 may access ICC_SRE_EL1.
    public static final long EL2_ENABLE = 1L << 3;

    private IccSreEl1() {}
}
