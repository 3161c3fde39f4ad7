package dev.ipanema.arm.gic;

/// What is of GICv2 in a list register: the CPU that has sent an SGI stands above its number, in the interrupt number
/// that the guest acknowledges.
///
/// Source: Arm IHI 0048 (GICv2), 5.3.10 "GICH_LRn", 4.4.4 "GICC_IAR"; Arm IHI 0069 on `ICH_LR<n>_EL2` with
/// ICC_SRE_EL1.SRE = 0.
public final class Gich {
    private static final int CPUID_SHIFT = 10;
    private static final int CPUID = 7;
    private static final int INTID = 0x3ff;

    private Gich() {}

    /// {@return the field with the CPU that has sent an SGI}
    ///
    /// @param cpu 0 to 7
    public static long sourceInList(int cpu) {
        return (cpu & (long) CPUID) << CPUID_SHIFT;
    }

    /// {@return the CPU that has sent the SGI of a list register}
    public static int sourceOf(long lr) {
        return (int) (lr >>> CPUID_SHIFT) & CPUID;
    }

    /// {@return the interrupt of a list register without the CPU that has sent it}
    public static int intidOf(long lr) {
        return (int) lr & INTID;
    }
}
