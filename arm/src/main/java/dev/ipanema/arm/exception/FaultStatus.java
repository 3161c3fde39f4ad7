package dev.ipanema.arm.exception;

/// Fault status codes: the DFSC and IFSC fields of ESR_ELx and FST of PAR_EL1, six bits
/// (Arm ARM DDI 0487, ESR_ELx ISS encoding for an exception from a Data Abort; ASL `EncodeLDFSC`).
///
/// A kind that has a level is named by its code for level 0; [#of] adds the level.
public final class FaultStatus {
    /// Address size fault, level 0 (FSC 0x00 to 0x03, level -1: 0x29).
    public static final int ADDRESS_SIZE = 0x00;
    /// Translation fault, level 0 (FSC 0x04 to 0x07, level -1: 0x2B).
    public static final int TRANSLATION = 0x04;
    /// Access flag fault, level 0 (FSC 0x08 to 0x0B).
    public static final int ACCESS_FLAG = 0x08;
    /// Permission fault, level 0 (FSC 0x0C to 0x0F).
    public static final int PERMISSION = 0x0C;
    /// Synchronous External abort, not on a translation table walk.
    public static final int SYNC_EXTERNAL_ABORT = 0x10;
    /// Synchronous Tag Check Fault (FEAT_MTE2).
    public static final int TAG_CHECK = 0x11;
    /// Synchronous External abort on a translation table walk, level 0 (0x14 to 0x17, level -1: 0x13).
    public static final int SYNC_EXTERNAL_ABORT_TTW = 0x14;
    /// Synchronous parity or ECC error, not on a walk (without FEAT_RAS).
    public static final int PARITY = 0x18;
    /// Synchronous parity or ECC error on a walk, level 0 (0x1C to 0x1F, level -1: 0x1B).
    public static final int PARITY_TTW = 0x1C;
    /// Alignment fault.
    public static final int ALIGNMENT = 0x21;
    /// Debug exception: a watchpoint, in an abort's place.
    public static final int DEBUG = 0x22;
    /// TLB conflict abort.
    public static final int TLB_CONFLICT = 0x30;
    /// Unsupported atomic hardware update fault (access flag or dirty state).
    public static final int UNSUPPORTED_HW_UPDATE = 0x31;
    /// IMPLEMENTATION DEFINED fault (lockdown).
    public static final int IMPDEF_LOCKDOWN = 0x34;
    /// IMPLEMENTATION DEFINED fault: unsupported exclusive or atomic access (Linux
    /// `ESR_ELx_FSC_EXCL_ATOMIC`).
    public static final int UNSUPPORTED_EXCLUSIVE_ATOMIC = 0x35;

    private static final int LEVEL = 0b11;
    private static final int ADDRESS_SIZE_LM1 = 0x29;
    private static final int TRANSLATION_LM1 = 0x2B;
    private static final int SYNC_EXTERNAL_ABORT_TTW_LM1 = 0x13;
    private static final int PARITY_TTW_LM1 = 0x1B;

    private FaultStatus() {}

    /// {@return the code of a kind at a level; the kind itself where it has no level}
    /// @param kind one of the constants of this class
    /// @param level lookup level, -1 to 3
    /// @throws IllegalArgumentException when the kind has no code for that level
    public static int of(int kind, int level) {
        if (!hasLevel(kind)) {
            return kind;
        }
        if (level >= 0 && level <= 3) {
            return kind | level;
        }
        if (level == -1) {
            switch (kind) {
                case ADDRESS_SIZE:
                    return ADDRESS_SIZE_LM1;
                case TRANSLATION:
                    return TRANSLATION_LM1;
                case SYNC_EXTERNAL_ABORT_TTW:
                    return SYNC_EXTERNAL_ABORT_TTW_LM1;
                case PARITY_TTW:
                    return PARITY_TTW_LM1;
                default:
                    break;
            }
        }
        throw new IllegalArgumentException(
                "No fault status code of kind 0x" + Integer.toHexString(kind) + " at level " + level);
    }

    /// {@return the kind of a code: one of the constants of this class, or the code itself where none fits}
    public static int kind(int fsc) {
        return switch (fsc) {
            case ADDRESS_SIZE_LM1 -> ADDRESS_SIZE;
            case TRANSLATION_LM1 -> TRANSLATION;
            case SYNC_EXTERNAL_ABORT_TTW_LM1 -> SYNC_EXTERNAL_ABORT_TTW;
            case PARITY_TTW_LM1 -> PARITY_TTW;
            default -> hasLevel(fsc & ~LEVEL) ? fsc & ~LEVEL : fsc;
        };
    }

    private static boolean hasLevel(int kind) {
        return switch (kind) {
            case ADDRESS_SIZE, TRANSLATION, ACCESS_FLAG, PERMISSION, SYNC_EXTERNAL_ABORT_TTW, PARITY_TTW -> true;
            default -> false;
        };
    }

    /// {@return the lookup level of a code, -1 to 3; [Integer#MIN_VALUE] for a code without a level}
    public static int level(int fsc) {
        int kind = kind(fsc);
        if (!hasLevel(kind)) {
            return Integer.MIN_VALUE;
        }
        return fsc == (kind | (fsc & LEVEL)) ? fsc & LEVEL : -1;
    }

    /// {@return whether a code is an address size fault of any level}
    public static boolean isAddressSize(int fsc) {
        return kind(fsc) == ADDRESS_SIZE;
    }

    /// {@return whether a code is a translation fault of any level}
    public static boolean isTranslation(int fsc) {
        return kind(fsc) == TRANSLATION;
    }

    /// {@return whether a code is an access flag fault of any level}
    public static boolean isAccessFlag(int fsc) {
        return kind(fsc) == ACCESS_FLAG;
    }

    /// {@return whether a code is a permission fault of any level}
    public static boolean isPermission(int fsc) {
        return kind(fsc) == PERMISSION;
    }

    /// {@return whether a code is a synchronous External abort or parity error, on a walk or not
    /// (Linux `esr_fsc_is_secc`, `kvm_vcpu_abt_issea`)}
    public static boolean isSynchronousExternalAbort(int fsc) {
        return switch (kind(fsc)) {
            case SYNC_EXTERNAL_ABORT, SYNC_EXTERNAL_ABORT_TTW, PARITY, PARITY_TTW -> true;
            default -> false;
        };
    }

    /// {@return the code in words, for example `translation fault level 2`}
    public static String describe(int fsc) {
        int level = level(fsc);
        String name = switch (kind(fsc)) {
            case ADDRESS_SIZE -> "address size fault";
            case TRANSLATION -> "translation fault";
            case ACCESS_FLAG -> "access flag fault";
            case PERMISSION -> "permission fault";
            case SYNC_EXTERNAL_ABORT -> "synchronous External abort";
            case TAG_CHECK -> "synchronous Tag Check Fault";
            case SYNC_EXTERNAL_ABORT_TTW -> "synchronous External abort on walk";
            case PARITY -> "synchronous parity or ECC error";
            case PARITY_TTW -> "synchronous parity or ECC error on walk";
            case ALIGNMENT -> "alignment fault";
            case DEBUG -> "debug exception";
            case TLB_CONFLICT -> "TLB conflict abort";
            case UNSUPPORTED_HW_UPDATE -> "unsupported atomic hardware update";
            case IMPDEF_LOCKDOWN -> "IMPLEMENTATION DEFINED lockdown fault";
            case UNSUPPORTED_EXCLUSIVE_ATOMIC -> "unsupported exclusive or atomic access";
            default -> "reserved";
        };
        return level == Integer.MIN_VALUE ? name : name + " level " + level;
    }
}
