package dev.ipanema.arm.register;

/// Fields of `CLIDR_EL1`, the cache level ID register.
public final class Clidr {
    private static final int LOUIS_SHIFT = 21;
    private static final int LOC_SHIFT = 24;
    private static final int LOUU_SHIFT = 27;
    private static final long LEVEL = 7;

    /// The levels of unification, of the Inner Shareable domain and of a single processing element.
    public static final long LEVELS_OF_UNIFICATION = LEVEL << LOUIS_SHIFT | LEVEL << LOUU_SHIFT;

    private Clidr() {}

    /// {@return whether data has to be cleaned for instruction fetches to see it where `CTR_EL0.IDC` is 0: a
    /// cache lies before the point of unification, and before that of coherency}
    public static boolean cleansToUnification(long clidr) {
        return (clidr & LEVEL << LOC_SHIFT) != 0 && (clidr & LEVELS_OF_UNIFICATION) != 0;
    }

    /// {@return the register with the first level of cache before the points of unification, or none}
    public static long withUnificationBehindLevel1(long clidr, boolean behind) {
        long none = clidr & ~LEVELS_OF_UNIFICATION;
        return behind ? none | 1L << LOUIS_SHIFT | 1L << LOUU_SHIFT : none;
    }
}
