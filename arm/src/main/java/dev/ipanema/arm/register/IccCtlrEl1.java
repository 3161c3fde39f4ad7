package dev.ipanema.arm.register;

/// Fields of `ICC_CTLR_EL1` as a guest sees it (`ICV_CTLR_EL1`).
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), "ICV_CTLR_EL1".
public final class IccCtlrEl1 {
    public static final long CBPR = 1;
    public static final long EOIMODE = 1L << 1;

    /// SError from the interrupt controller is supported.
    public static final long SEIS = 1L << 14;

    /// Affinity level 3 is supported in SGIs.
    public static final long A3V = 1L << 15;

    /// Affinity level 0 of an SGI may be above 15.
    public static final long RSS = 1L << 18;

    private static final int PRIBITS_SHIFT = 8;
    private static final int IDBITS_SHIFT = 11;
    private static final long THREE_BITS = 7;

    private IccCtlrEl1() {}

    /// {@return the field that tells how many bits of priority there are}
    ///
    /// @param bits 1 to 8
    public static long priBits(int bits) {
        return (bits - 1 & THREE_BITS) << PRIBITS_SHIFT;
    }

    /// {@return how many bits of priority a value tells of}
    public static int priBitsOf(long ctlr) {
        return (int) (ctlr >>> PRIBITS_SHIFT & THREE_BITS) + 1;
    }

    /// {@return the field for interrupt numbers of 16 (0) or 24 (1) bits}
    public static long idBits(int field) {
        return (field & THREE_BITS) << IDBITS_SHIFT;
    }

    /// {@return the field of the size of interrupt numbers}
    public static int idBitsOf(long ctlr) {
        return (int) (ctlr >>> IDBITS_SHIFT & THREE_BITS);
    }
}
