package dev.ipanema.arm.exception;

/// The exception class, ESR_ELx.EC (bits 31:26): why an exception was taken (Arm ARM DDI 0487, ESR_ELx; the
/// names in comments are Linux's `ESR_ELx_EC_*`, `arch/arm64/include/asm/esr.h`).
public final class ExceptionClass {
    /// Unknown reason: an UNDEFINED instruction and the like.
    public static final int UNKNOWN = 0x00;
    /// Trapped WFI, WFE, WFIT or WFET (`WFx`).
    public static final int WFX = 0x01;
    /// Access to SIMD or floating point trapped by CPACR_EL1, CPTR_EL2 or CPTR_EL3 (`FP_ASIMD`).
    public static final int FP_ASIMD = 0x07;
    /// Trapped pointer authentication instruction (`PAC`).
    public static final int PAC = 0x09;
    /// Trapped LD64B, ST64B, ST64BV or ST64BV0 (`OTHER`).
    public static final int LS64 = 0x0A;
    /// Branch target exception (`BTI`).
    public static final int BTI = 0x0D;
    /// Illegal Execution state, PSTATE.IL (`ILL`).
    public static final int ILLEGAL_STATE = 0x0E;
    /// SVC from AArch64 (`SVC64`).
    public static final int SVC64 = 0x15;
    /// HVC from AArch64 (`HVC64`).
    public static final int HVC64 = 0x16;
    /// SMC from AArch64 (`SMC64`).
    public static final int SMC64 = 0x17;
    /// Trapped MSR, MRS or system instruction (`SYS64`).
    public static final int SYS64 = 0x18;
    /// Access to SVE trapped by CPACR_EL1.ZEN or CPTR_EL2 (`SVE`).
    public static final int SVE = 0x19;
    /// Trapped ERET, ERETAA or ERETAB (`ERET`).
    public static final int ERET = 0x1A;
    /// Failed pointer authentication (`FPAC`).
    public static final int FPAC = 0x1C;
    /// Access to SME trapped (`SME`).
    public static final int SME = 0x1D;
    /// Instruction Abort from a lower Exception level (`IABT_LOW`).
    public static final int INSTRUCTION_ABORT_LOWER = 0x20;
    /// Instruction Abort without a change of Exception level (`IABT_CUR`).
    public static final int INSTRUCTION_ABORT_SAME = 0x21;
    /// PC alignment fault (`PC_ALIGN`).
    public static final int PC_ALIGNMENT = 0x22;
    /// Data Abort from a lower Exception level (`DABT_LOW`).
    public static final int DATA_ABORT_LOWER = 0x24;
    /// Data Abort without a change of Exception level (`DABT_CUR`).
    public static final int DATA_ABORT_SAME = 0x25;
    /// SP alignment fault (`SP_ALIGN`).
    public static final int SP_ALIGNMENT = 0x26;
    /// Memory copy and memory set exception (`MOPS`).
    public static final int MOPS = 0x27;
    /// Trapped floating-point exception from AArch64 (`FP_EXC64`).
    public static final int FP_EXCEPTION = 0x2C;
    /// SError exception (`SERROR`).
    public static final int SERROR = 0x2F;
    /// Breakpoint from a lower Exception level (`BREAKPT_LOW`).
    public static final int BREAKPOINT_LOWER = 0x30;
    /// Breakpoint without a change of Exception level (`BREAKPT_CUR`).
    public static final int BREAKPOINT_SAME = 0x31;
    /// Software step from a lower Exception level (`SOFTSTP_LOW`).
    public static final int SOFTWARE_STEP_LOWER = 0x32;
    /// Software step without a change of Exception level (`SOFTSTP_CUR`).
    public static final int SOFTWARE_STEP_SAME = 0x33;
    /// Watchpoint from a lower Exception level (`WATCHPT_LOW`).
    public static final int WATCHPOINT_LOWER = 0x34;
    /// Watchpoint without a change of Exception level (`WATCHPT_CUR`).
    public static final int WATCHPOINT_SAME = 0x35;
    /// BRK from AArch64 (`BRK64`).
    public static final int BRK64 = 0x3C;

    private ExceptionClass() {}

    /// {@return whether a class is an Instruction Abort or a Data Abort}
    public static boolean isAbort(int ec) {
        return isInstructionAbort(ec) || isDataAbort(ec);
    }

    /// {@return whether a class is an Instruction Abort, from whichever Exception level}
    public static boolean isInstructionAbort(int ec) {
        return ec == INSTRUCTION_ABORT_LOWER || ec == INSTRUCTION_ABORT_SAME;
    }

    /// {@return whether a class is a Data Abort, from whichever Exception level}
    public static boolean isDataAbort(int ec) {
        return ec == DATA_ABORT_LOWER || ec == DATA_ABORT_SAME;
    }

    /// {@return the class in words; `reserved` for a value that no architecture version used here defines}
    /// @param ec ESR_ELx.EC, 0 to 0x3F
    public static String name(int ec) {
        return switch (ec) {
            case UNKNOWN -> "Unknown reason";
            case WFX -> "Trapped WFI or WFE";
            case FP_ASIMD -> "Trapped SIMD or floating point";
            case PAC -> "Trapped pointer authentication";
            case LS64 -> "Trapped LD64B or ST64B";
            case BTI -> "Branch target exception";
            case ILLEGAL_STATE -> "Illegal Execution state";
            case SVC64 -> "SVC";
            case HVC64 -> "HVC";
            case SMC64 -> "SMC";
            case SYS64 -> "Trapped MSR, MRS or system instruction";
            case SVE -> "Trapped SVE";
            case ERET -> "Trapped ERET";
            case FPAC -> "Failed pointer authentication";
            case SME -> "Trapped SME";
            case INSTRUCTION_ABORT_LOWER -> "Instruction Abort from a lower EL";
            case INSTRUCTION_ABORT_SAME -> "Instruction Abort from the current EL";
            case PC_ALIGNMENT -> "PC alignment fault";
            case DATA_ABORT_LOWER -> "Data Abort from a lower EL";
            case DATA_ABORT_SAME -> "Data Abort from the current EL";
            case SP_ALIGNMENT -> "SP alignment fault";
            case MOPS -> "Memory copy or set exception";
            case FP_EXCEPTION -> "Floating-point exception";
            case SERROR -> "SError";
            case BREAKPOINT_LOWER -> "Breakpoint from a lower EL";
            case BREAKPOINT_SAME -> "Breakpoint from the current EL";
            case SOFTWARE_STEP_LOWER -> "Software step from a lower EL";
            case SOFTWARE_STEP_SAME -> "Software step from the current EL";
            case WATCHPOINT_LOWER -> "Watchpoint from a lower EL";
            case WATCHPOINT_SAME -> "Watchpoint from the current EL";
            case BRK64 -> "BRK";
            default -> "reserved";
        };
    }
}
