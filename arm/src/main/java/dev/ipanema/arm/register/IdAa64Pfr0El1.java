package dev.ipanema.arm.register;

/// Fields of `ID_AA64PFR0_EL1` that do not come with a processor alone.
///
/// Source: Arm ARM DDI 0487, D24.2 "ID_AA64PFR0_EL1".
public final class IdAa64Pfr0El1 {
    private static final int GIC_SHIFT = 24;
    private static final long FIELD = 0xf;

    private IdAa64Pfr0El1() {}

    /// {@return the register with or without a GIC CPU interface that system registers reach, version 3}
    public static long withGic(long value, boolean present) {
        return (value & ~(FIELD << GIC_SHIFT)) | (present ? 1L << GIC_SHIFT : 0);
    }
}
