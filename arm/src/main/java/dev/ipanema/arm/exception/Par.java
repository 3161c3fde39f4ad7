package dev.ipanema.arm.exception;

import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Shareability;

/// PAR_EL1: the result of an AT instruction, an output address with its memory type or a fault
/// (Arm ARM DDI 0487, PAR_EL1; ASL `AArch64_EncodePAR`, `EncodePARAttrs`, `PAREncodeShareability`).
public final class Par {
    /// Bit F: the translation faulted.
    public static final long F = 1;

    private static final long RES1 = 1L << 11;
    /// Bit NS of a success: UNKNOWN outside Secure state, reported set here.
    public static final long NS = 1L << 9;
    private static final int SH_SHIFT = 7;
    private static final int ATTR_SHIFT = 56;
    private static final int ATTR_MASK = 0xFF;
    private static final long PA_MASK = ((1L << 52) - 1) & -(1L << 12);
    private static final int FST_SHIFT = 1;
    private static final int FST_MASK = 0x3F;
    private static final long PTW = 1L << 8;
    private static final long S = 1L << 9;

    /// ATTR of Tagged memory whose tags stage 2 forbids (FEAT_MTE_PERM).
    private static final int ATTR_TAGGED_NO_TAG_ACCESS = 0xE0;

    private Par() {}

    /// {@return the value of a successful translation in Non-secure state}
    /// @param pa output address; its low 12 bits are dropped
    /// @param attributes the memory type that the translation gives
    public static long success(long pa, MemoryAttributes attributes) {
        int attr = attributes.noTagAccess() ? ATTR_TAGGED_NO_TAG_ACCESS : Mair.encode(attributes);
        return (long) attr << ATTR_SHIFT
                | (pa & PA_MASK)
                | RES1
                | NS
                | (long) attributes.shareability().bits() << SH_SHIFT;
    }

    /// {@return the value of a translation that faulted}
    /// @param fsc a [FaultStatus]
    /// @param stage2 whether stage 2 faulted (field S)
    /// @param s1ptw whether stage 2 faulted on a stage-1 table walk (field PTW)
    public static long fault(int fsc, boolean stage2, boolean s1ptw) {
        return RES1 | (stage2 ? S : 0) | (s1ptw ? PTW : 0) | (long) (fsc & FST_MASK) << FST_SHIFT | F;
    }

    /// {@return whether the translation faulted}
    public static boolean isFault(long par) {
        return (par & F) != 0;
    }

    /// {@return the output address of a success, a multiple of 4 KiB}
    public static long pa(long par) {
        return par & PA_MASK;
    }

    /// {@return the memory type of a success}
    public static MemoryAttributes attributes(long par) {
        int attr = (int) (par >>> ATTR_SHIFT) & ATTR_MASK;
        Shareability sh = Shareability.ofBits((int) (par >>> SH_SHIFT));
        return Mair.decode(attr == ATTR_TAGGED_NO_TAG_ACCESS ? Mair.NORMAL_TAGGED : attr, sh);
    }

    /// {@return the [FaultStatus] of a fault}
    public static int fsc(long par) {
        return (int) (par >>> FST_SHIFT) & FST_MASK;
    }

    /// {@return whether stage 2 faulted}
    public static boolean isStage2(long par) {
        return (par & S) != 0;
    }

    /// {@return whether stage 2 faulted on a stage-1 table walk}
    public static boolean isS1ptw(long par) {
        return (par & PTW) != 0;
    }

    /// {@return the value in words}
    public static String describe(long par) {
        if (!isFault(par)) {
            return "0x%x PA=0x%x %s".formatted(par, pa(par), attributes(par));
        }
        return "0x%x F, FST=0x%02x %s%s%s"
                .formatted(
                        par,
                        fsc(par),
                        FaultStatus.describe(fsc(par)),
                        isStage2(par) ? ", stage 2" : ", stage 1",
                        isS1ptw(par) ? ", S1PTW" : "");
    }
}
