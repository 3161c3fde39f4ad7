package dev.ipanema.arm.register;

/// Fields of `MDCR_EL2`, the debug configuration of a hypervisor.
public final class MdcrEl2 {
    /// Trap accesses to the debug registers, those of the other bits excepted.
    public static final long TDA = 1L << 9;

    /// Trap accesses to the OS lock and power registers.
    public static final long TDOSA = 1L << 10;

    /// Trap accesses to the debug ROM address registers.
    public static final long TDRA = 1L << 11;

    /// Route debug exceptions to EL2; as if the three trap bits were 1.
    public static final long TDE = 1L << 8;

    /// Trap accesses to PMCR_EL0.
    public static final long TPMCR = 1L << 5;

    /// Trap accesses to all registers of the performance monitors.
    public static final long TPM = 1L << 6;

    private MdcrEl2() {}
}
