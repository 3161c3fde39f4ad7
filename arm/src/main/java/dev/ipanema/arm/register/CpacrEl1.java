package dev.ipanema.arm.register;

/// Fields of `CPACR_EL1`, which lets EL1 and EL0 use floating point.
public final class CpacrEl1 {
    /// FPEN at EL1: without this bit floating point and SIMD trap at EL1 and EL0.
    public static final long FPEN_EL1 = 1L << 20;

    /// FPEN at EL0: with [#FPEN_EL1], EL0 may use floating point and SIMD too.
    public static final long FPEN_EL0 = 1L << 21;

    private CpacrEl1() {}

    /// {@return whether floating point and SIMD are enabled}
    ///
    /// @param el 0 or 1
    public static boolean isFpEnabled(long cpacr, int el) {
        long needed = el == 0 ? FPEN_EL0 | FPEN_EL1 : FPEN_EL1;
        return (cpacr & needed) == needed;
    }
}
