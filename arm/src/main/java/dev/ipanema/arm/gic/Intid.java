package dev.ipanema.arm.gic;

/// Ranges of interrupt numbers.
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), 2.2 "INTIDs".
public final class Intid {
    /// Software generated interrupts: 0 to 15, private to a processor.
    public static final int SGIS = 16;

    /// Private interrupts, SGIs and PPIs: 0 to 31.
    public static final int PRIVATE = 32;

    /// The largest number of an SPI.
    public static final int MAX_SPI = 1019;

    /// The first special number; the distributor has no interrupt of it.
    public static final int RESERVED = 1020;

    /// The first LPI.
    public static final int MIN_LPI = 8192;

    private Intid() {}

    /// {@return whether an interrupt is software generated}
    public static boolean isSgi(int intid) {
        return intid < SGIS;
    }

    /// {@return whether an interrupt is private to a processor}
    public static boolean isPrivate(int intid) {
        return intid < PRIVATE;
    }

    /// {@return whether an interrupt is an LPI}
    public static boolean isLpi(int intid) {
        return intid >= MIN_LPI;
    }
}
