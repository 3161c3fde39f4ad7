package dev.ipanema.arm.memory;

/// How Normal memory is cached at one level (inner or outer), weakest first: when two stages disagree, the
/// smaller ordinal wins (Arm ARM DDI 0487, combining the stage 1 and stage 2 attributes).
public enum Cacheability {
    /// Non-cacheable.
    NC,
    /// Write-through cacheable.
    WT,
    /// Write-back cacheable.
    WB;

    private static final Cacheability[] OF_ORDINAL = values();

    static Cacheability ofOrdinal(int ordinal) {
        return OF_ORDINAL[ordinal];
    }

    /// {@return the weaker of this and another, NC before WT before WB}
    public Cacheability weaker(Cacheability other) {
        return ordinal() <= other.ordinal() ? this : other;
    }
}
