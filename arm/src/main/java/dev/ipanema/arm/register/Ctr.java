package dev.ipanema.arm.register;

/// Fields of `CTR_EL0`, the cache type register.
public final class Ctr {
    /// Instruction cache invalidation to the point of unification is not required for data to instruction
    /// coherence.
    public static final long DIC = 1L << 29;

    /// Data cache clean to the point of unification is not required for instruction to data coherence.
    public static final long IDC = 1L << 28;

    /// Where `DminLine` stands; `IminLine` is the lowest field.
    public static final int DMINLINE_SHIFT = 16;

    /// Mask of either, once shifted: log2 of words of 4 bytes.
    public static final int LINE_MASK = 0xf;

    private static final int L1IP_PIPT = 3;

    private Ctr() {}

    /// {@return whether an instruction may be cached under several virtual indices: `L1Ip` says other than PIPT}
    public static boolean hasAliasingInstructionCache(long ctr) {
        return (ctr >>> 14 & 3) != L1IP_PIPT;
    }

    /// {@return `CTR_EL0` with [#IDC] set also where `CLIDR_EL1` says that no level has to be cleaned to the
    /// point of unification: what software may rely on}
    ///
    /// Source: Arm ARM DDI 0487, `CTR_EL0.IDC`; Linux `arch/arm64/include/asm/cache.h`,
    /// `read_cpuid_effective_cachetype`.
    public static long effective(long ctr, long clidr) {
        boolean coherent = (clidr & Clidr.LOC) == 0 || (clidr & Clidr.LOU) == 0;
        return coherent ? ctr | IDC : ctr;
    }

    /// {@return the smallest data cache line in bytes, from `DminLine`}
    public static int dMinLineBytes(long ctr) {
        return 4 << (ctr >>> DMINLINE_SHIFT & LINE_MASK);
    }

    /// {@return the smallest instruction cache line in bytes, from `IminLine`}
    public static int iMinLineBytes(long ctr) {
        return 4 << (ctr & LINE_MASK);
    }
}
