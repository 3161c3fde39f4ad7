package dev.ipanema.arm.a64;

/// Which instructions may be replaced by each other while another processing element executes them, without
/// maintenance: whoever executes the place meanwhile executes either the old or the new one.
///
/// Source: Arm ARM DDI 0487, B2.2.5 "Concurrent modification and execution of instructions".
public final class ConcurrentModification {
    private ConcurrentModification() {}

    /// {@return whether an instruction of the set may replace, and be replaced by, another of the set}
    ///
    /// @param op a constant of [Op]
    public static boolean isInSet(int op) {
        return switch (op) {
            case Op.B, Op.BL, Op.BRK, Op.HVC, Op.ISB, Op.NOP, Op.SMC, Op.SVC -> true;
            default -> false;
        };
    }
}
