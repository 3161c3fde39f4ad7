package dev.ipanema.arm.register;

/// Numbers of common events of the performance monitors.
///
/// Source: Arm ARM DDI 0487, D13.12 "Common event numbers".
public final class PmuEvent {
    /// A write to PMSWINC_EL0.
    public static final int SW_INCR = 0x00;

    /// Instruction architecturally executed.
    public static final int INST_RETIRED = 0x08;

    /// Exception taken.
    public static final int EXC_TAKEN = 0x09;

    /// Exception return architecturally executed.
    public static final int EXC_RETURN = 0x0a;

    /// Cycle.
    public static final int CPU_CYCLES = 0x11;

    /// Overflow of the counter before, for an odd one.
    public static final int CHAIN = 0x1e;

    /// Events that one half of PMCEID0_EL0 or PMCEID1_EL0 tells of.
    public static final int PER_WORD = 32;

    /// First event of the high half of PMCEID0_EL0 (FEAT_PMUv3p1).
    public static final int EXTENDED = 0x4000;

    private PmuEvent() {}
}
