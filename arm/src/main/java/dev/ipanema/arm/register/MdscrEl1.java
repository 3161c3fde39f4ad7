package dev.ipanema.arm.register;

/// Fields of `MDSCR_EL1`, the monitor debug control.
///
/// Source: Arm ARM DDI 0487, D24.3 `MDSCR_EL1`.
public final class MdscrEl1 {
    /// Software step.
    public static final long SS = 1;

    /// Trap EL0 accesses to the debug communications channel.
    public static final long TDCC = 1L << 12;

    /// Debug exceptions from the level that handles them, while PSTATE.D is clear.
    public static final long KDE = 1L << 13;

    /// Breakpoint and watchpoint exceptions.
    public static final long MDE = 1L << 15;

    private MdscrEl1() {}
}
