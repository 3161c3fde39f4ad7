package dev.ipanema.arm.register;

/// Fields of `CPTR_EL2`, which traps floating point of EL1 and EL0 to EL2; its form depends on `HCR_EL2.E2H`.
public final class CptrEl2 {
    /// With E2H clear: floating point and SIMD trap.
    public static final long TFP = 1L << 10;

    /// With E2H set: without this bit floating point and SIMD trap.
    public static final long FPEN = 1L << 20;

    private CptrEl2() {}

    /// {@return whether floating point and SIMD of a guest (HCR_EL2.TGE clear) are not trapped}
    public static boolean isFpEnabled(long cptr, long hcr) {
        return (hcr & HcrEl2.E2H) != 0 ? (cptr & FPEN) != 0 : (cptr & TFP) == 0;
    }
}
