package dev.ipanema.arm.exception;

/// HPFAR_EL2: the page of the faulting IPA of a stage-2 fault, in FIPA, bits 47:4, which hold IPA bits 55:12
/// (Arm ARM DDI 0487, HPFAR_EL2; ASL `IPAValid`).
///
/// Hardware writes it for translation, access flag and address size faults, and for a permission fault only
/// when the fault was on a stage-1 table walk; otherwise it is UNKNOWN (Linux `__populate_fault_info`
/// re-translates FAR_EL2).
public final class Hpfar {
    private static final int FIPA_SHIFT = 4;
    private static final long FIPA_MASK = ((1L << 44) - 1) << FIPA_SHIFT;
    private static final int PAGE_SHIFT = 12;
    private static final int SHIFT = PAGE_SHIFT - FIPA_SHIFT;
    private static final long NS = 1L << 63;

    private Hpfar() {}

    /// {@return the register value for a faulting IPA}
    /// @param ipa byte address; its low 12 bits are dropped
    public static long of(long ipa) {
        return ipa >>> SHIFT & FIPA_MASK;
    }

    /// {@return the IPA of the 4 KiB page that a register value names}
    public static long ipa(long hpfar) {
        return (hpfar & FIPA_MASK) << SHIFT;
    }

    /// {@return the IPA of the access: the page of HPFAR_EL2 with the offset of FAR_EL2}
    public static long ipa(long hpfar, long far) {
        return ipa(hpfar) | (far & ((1L << PAGE_SHIFT) - 1));
    }

    /// {@return whether hardware writes HPFAR_EL2 for a stage-2 fault}
    /// @param fsc a [FaultStatus]
    /// @param s1ptw whether the fault was on a stage-1 table walk
    public static boolean isValidFor(int fsc, boolean s1ptw) {
        return switch (FaultStatus.kind(fsc)) {
            case FaultStatus.TRANSLATION, FaultStatus.ACCESS_FLAG, FaultStatus.ADDRESS_SIZE -> true;
            case FaultStatus.PERMISSION -> s1ptw;
            default -> false;
        };
    }

    /// {@return the value in words}
    public static String describe(long hpfar) {
        return "0x%x FIPA=0x%x%s".formatted(hpfar, ipa(hpfar), (hpfar & NS) != 0 ? " NS" : "");
    }
}
