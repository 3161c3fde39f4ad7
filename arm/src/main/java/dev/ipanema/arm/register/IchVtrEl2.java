package dev.ipanema.arm.register;

/// `ICH_VTR_EL2`: what a virtual CPU interface has. Here it is that of Arm's cores from Cortex-A57 to
/// Neoverse V2: four list registers, 32 levels of priority and preemption, 16-bit interrupt numbers, affinity level 3.
///
/// Sources: Arm IHI 0069 (GICv3 and GICv4), "ICH_VTR_EL2"; the Technical Reference Manuals of Neoverse N1 and V1.
public final class IchVtrEl2 {
    /// Number of list registers.
    public static final int LIST_REGISTERS = 4;

    /// Bits of priority that are implemented; the low ones of a priority read as zero.
    public static final int PRIORITY_BITS = 5;

    /// Bits of priority that take part in preemption.
    public static final int PREEMPTION_BITS = 5;

    /// Bits of an interrupt number.
    public static final int INTID_BITS = 16;

    private static final int PRI_BITS_SHIFT = 29;
    private static final int PRE_BITS_SHIFT = 26;
    private static final int ID_BITS_SHIFT = 23;
    private static final long A3V = 1L << 21;
    private static final long NV4 = 1L << 20;
    private static final long TDS = 1L << 19;

    /// The register: no direct injection of virtual LPIs, ICC_DIR_EL1 can be trapped by itself.
    public static final long VALUE = (PRIORITY_BITS - 1L) << PRI_BITS_SHIFT
            | (PREEMPTION_BITS - 1L) << PRE_BITS_SHIFT
            | (INTID_BITS == 16 ? 0L : 1L) << ID_BITS_SHIFT
            | A3V
            | NV4
            | TDS
            | (LIST_REGISTERS - 1L);

    private IchVtrEl2() {}
}
