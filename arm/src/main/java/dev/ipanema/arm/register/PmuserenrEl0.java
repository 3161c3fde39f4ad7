package dev.ipanema.arm.register;

/// Fields of `PMUSERENR_EL0`: what of the performance monitors EL0 may access.
///
/// Source: Arm ARM DDI 0487, D24.5 "PMUSERENR_EL0".
public final class PmuserenrEl0 {
    /// Everything.
    public static final long EN = 1;

    /// Writes of PMSWINC_EL0.
    public static final long SW = 1L << 1;

    /// Reads of the cycle counter.
    public static final long CR = 1L << 2;

    /// Reads of event counters, and their selection.
    public static final long ER = 1L << 3;

    private PmuserenrEl0() {}

    /// {@return whether EL0 may access a register of the performance monitors that it can name}
    ///
    /// @param value of PMUSERENR_EL0
    public static boolean allows(long value, SysReg reg, boolean read) {
        long enough = switch (reg) {
            case PMUSERENR_EL0 -> -1;
            case PMSWINC_EL0 -> SW;
            case PMSELR_EL0 -> ER;
            case PMCCNTR_EL0 -> read ? CR : 0;
            default -> read && isEventCounter(reg) ? ER : 0;
        };
        return enough == -1 || (value & (EN | enough)) != 0;
    }

    private static boolean isEventCounter(SysReg reg) {
        return reg == SysReg.PMXEVCNTR_EL0 || (reg.pmuIndex() >= 0 && reg == SysReg.pmuCounter(reg.pmuIndex()));
    }
}
