package dev.ipanema.arm.register;

/// Fields of `CLIDR_EL1`, the cache level identification register.
public final class Clidr {
    /// LoUU and LoUIS: how many levels have to be cleaned to reach the points of unification of one processing
    /// element and of the Inner Shareable domain.
    public static final long LOU = 7L << 27 | 7L << 21;

    /// LoUU and LoUIS of 1: data of level 1 has to be cleaned before instructions are fetched from level 2.
    public static final long LOU_LEVEL_1 = 1L << 27 | 1L << 21;

    /// LoC: how many levels have to be cleaned to reach the point of coherency.
    public static final long LOC = 7L << 24;

    private Clidr() {}

    /// {@return LoC as a number: the level of coherency}
    public static int levelOfCoherency(long clidr) {
        return (int) (clidr >>> 24) & 7;
    }
}
