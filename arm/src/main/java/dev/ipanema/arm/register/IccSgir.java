package dev.ipanema.arm.register;

/// Fields of `ICC_SGI1R_EL1`, `ICC_ASGI1R_EL1` and `ICC_SGI0R_EL1`, by which a processor sends software generated
/// interrupts.
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), "ICC_SGI1R_EL1".
public final class IccSgir {
    /// To all processors but the sender.
    public static final long IRM = 1L << 40;

    private static final long AFF = 0xff;
    private static final int AFF1_SHIFT = 16;
    private static final int INTID_SHIFT = 24;
    private static final int AFF2_SHIFT = 32;
    private static final int AFF3_SHIFT = 48;

    private IccSgir() {}

    /// {@return the interrupt, 0 to 15}
    public static int intid(long value) {
        return (int) (value >>> INTID_SHIFT) & 15;
    }

    /// {@return affinity levels 1 to 3 of the targets, as MPIDR_EL1 has them}
    public static long cluster(long value) {
        return MpidrEl1.of(0, (int) (value >>> AFF1_SHIFT & AFF), (int) (value >>> AFF2_SHIFT & AFF))
                | MpidrEl1.aff3((int) (value >>> AFF3_SHIFT & AFF));
    }

    /// {@return one bit for each of 16 processors of the cluster}
    public static int targetList(long value) {
        return (int) value & 0xffff;
    }
}
