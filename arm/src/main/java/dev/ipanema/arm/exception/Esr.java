package dev.ipanema.arm.exception;

/// ESR_EL1 and ESR_EL2: the syndrome of an exception, as static functions over the 64-bit register value
/// (Arm ARM DDI 0487, ESR_ELx; ASL `AArch64_FaultSyndrome`, `LSInstructionSyndrome`).
///
/// <h2>Encoders</h2>
/// [#of] puts class, instruction length and ISS together. The ISS of an abort is [#abortIss], with the
/// single-register syndrome of a stage-2 Data Abort added by [#withAccess]. The other encoders return the
/// whole register.
///
/// <h2>Decoders</h2>
/// One method a field, named as the field; a decoder of an ISS field is meaningful only for its exception
/// class.
public final class Esr {
    /// Bit of ISS and ESR for `ISV`: the fields SAS to AR hold the access (Data Abort).
    public static final int ISV = 1 << 24;
    /// Bit of ISS and ESR for `CM`: a cache maintenance or address translation instruction faulted (Data
    /// Abort).
    public static final int CM = 1 << 8;
    /// Bit of ISS and ESR for `S1PTW`: stage 2 faulted on a stage-1 table walk.
    public static final int S1PTW = 1 << 7;
    /// Bit of ISS and ESR for `WnR`: a write faulted (Data Abort).
    public static final int WNR = 1 << 6;
    /// Bit of ISS and ESR for `FnV`: FAR is not valid (External abort).
    public static final int FNV = 1 << 10;
    /// Bit of ISS and ESR for `EA`: IMPLEMENTATION DEFINED External abort type.
    public static final int EA = 1 << 9;
    /// Bit of ISS and ESR for `VNCR`: the fault was on an access through VNCR_EL2 (Data Abort).
    public static final int VNCR = 1 << 13;

    /// Bit of ISS for `IDS`: the rest of the syndrome is IMPLEMENTATION DEFINED (SError).
    public static final int SERROR_IDS = 1 << 24;

    /// The sizes of field `SAS` are powers of two from a byte; this is the one of a doubleword.
    public static final int SAS_DOUBLEWORD = 3;

    /// WFx trapped instruction `WFI`.
    public static final int WFX_WFI = 0b00;
    /// WFx trapped instruction `WFE`.
    public static final int WFX_WFE = 0b01;
    /// WFx trapped instruction `WFIT`.
    public static final int WFX_WFIT = 0b10;
    /// WFx trapped instruction `WFET`.
    public static final int WFX_WFET = 0b11;

    private static final int EC_SHIFT = 26;
    private static final int EC_MASK = 0x3F;
    private static final long IL = 1L << 25;
    private static final int ISS_MASK = (1 << 25) - 1;
    private static final int ISS2_SHIFT = 32;
    private static final int ISS2_MASK = (1 << 24) - 1;
    private static final int FSC_MASK = 0x3F;

    private static final int SAS_SHIFT = 22;
    private static final int SAS_MASK = 0b11;
    private static final int SSE = 1 << 21;
    private static final int SRT_SHIFT = 16;
    private static final int REGISTER_MASK = 0x1F;
    private static final int SF = 1 << 15;
    private static final int AR = 1 << 14;
    private static final int SET_SHIFT = 11;
    private static final int SET_MASK = 0b11;

    private static final int CV = 1 << 24;
    private static final int COND_SHIFT = 20;
    private static final int COND_ALWAYS = 0b1110;
    private static final int IMM16_MASK = 0xFFFF;

    private static final int WFX_TI_MASK = 0b11;
    private static final int WFX_RV = 1 << 2;
    private static final int WFX_RN_SHIFT = 5;

    private static final int SYS_DIRECTION_READ = 1;
    private static final int SYS_CRM_SHIFT = 1;
    private static final int SYS_RT_SHIFT = 5;
    private static final int SYS_CRN_SHIFT = 10;
    private static final int SYS_OP1_SHIFT = 14;
    private static final int SYS_OP2_SHIFT = 17;
    private static final int SYS_OP0_SHIFT = 20;
    private static final int SYS_CR_MASK = 0xF;
    private static final int SYS_OP_MASK = 0x7;
    private static final int SYS_OP0_MASK = 0b11;

    private static final int BTYPE_MASK = 0b11;
    private static final int STEP_EX = 1 << 6;
    private static final int STEP_ISV = 1 << 24;
    private static final int DEBUG_FSC = 0x22;
    private static final int LST_SHIFT = 11;
    private static final int LST_MASK = 0b11;

    private Esr() {}

    /// {@return the register value of a class, instruction length and ISS}
    /// @param ec an [ExceptionClass]
    /// @param il whether the trapped instruction is 32 bits long, or the class always sets IL
    /// @param iss bits 24:0
    public static long of(int ec, boolean il, int iss) {
        return (long) (ec & EC_MASK) << EC_SHIFT | (il ? IL : 0) | (iss & ISS_MASK);
    }

    /// {@return the value with ISS2, bits 55:32, replaced}
    public static long withIss2(long esr, int iss2) {
        return (esr & ~((long) ISS2_MASK << ISS2_SHIFT)) | (long) (iss2 & ISS2_MASK) << ISS2_SHIFT;
    }

    /// {@return field EC, an [ExceptionClass]}
    public static int ec(long esr) {
        return (int) (esr >>> EC_SHIFT) & EC_MASK;
    }

    /// {@return field IL}
    public static boolean il(long esr) {
        return (esr & IL) != 0;
    }

    /// {@return field ISS, bits 24:0}
    public static int iss(long esr) {
        return (int) esr & ISS_MASK;
    }

    /// {@return field ISS2, bits 55:32}
    public static int iss2(long esr) {
        return (int) (esr >>> ISS2_SHIFT) & ISS2_MASK;
    }

    // ---- aborts ---------------------------------------------------------------------------------------------------

    /// The ISS of an Instruction Abort or Data Abort without an instruction syndrome.
    ///
    /// @param fsc a [FaultStatus]
    /// @param flags bits of [#WNR], [#S1PTW], [#CM], [#EA], [#FNV], [#VNCR] joined
    public static int abortIss(int fsc, int flags) {
        return (fsc & FSC_MASK) | (flags & (WNR | S1PTW | CM | EA | FNV | VNCR));
    }

    /// Adds the instruction syndrome of a load or store of one general-purpose register without writeback,
    /// which hardware reports for stage-2 Data Aborts to EL2 that are not on a stage-1 walk.
    ///
    /// @param iss result of [#abortIss]
    /// @param log2Size size of the access as a power of two, 0 to 3
    /// @param signExtend whether the load extends the sign
    /// @param register transfer register, 0 to 31, 31 being the zero register
    /// @param is64Bit whether the register is an X register
    /// @param acquireRelease whether the access has acquire or release semantics
    public static int withAccess(
            int iss, int log2Size, boolean signExtend, int register, boolean is64Bit, boolean acquireRelease) {
        return iss
                | ISV
                | (log2Size & SAS_MASK) << SAS_SHIFT
                | (signExtend ? SSE : 0)
                | (register & REGISTER_MASK) << SRT_SHIFT
                | (is64Bit ? SF : 0)
                | (acquireRelease ? AR : 0);
    }

    /// {@return the syndrome of a Data Abort}
    /// @param lower whether it was taken from a lower Exception level
    /// @param il false only for a 16-bit instruction; true whenever ISV is clear
    /// @param iss result of [#abortIss] or [#withAccess]
    public static long dataAbort(boolean lower, boolean il, int iss) {
        int ec = lower ? ExceptionClass.DATA_ABORT_LOWER : ExceptionClass.DATA_ABORT_SAME;
        return of(ec, il || (iss & ISV) == 0, iss);
    }

    /// {@return the syndrome of an Instruction Abort; IL is always set}
    /// @param lower whether it was taken from a lower Exception level
    /// @param iss result of [#abortIss]
    public static long instructionAbort(boolean lower, int iss) {
        int ec = lower ? ExceptionClass.INSTRUCTION_ABORT_LOWER : ExceptionClass.INSTRUCTION_ABORT_SAME;
        return of(ec, true, iss & ~(ISV | WNR | CM | VNCR));
    }

    /// {@return DFSC or IFSC, a [FaultStatus]}
    public static int fsc(long esr) {
        return (int) esr & FSC_MASK;
    }

    /// {@return field ISV of a Data Abort}
    public static boolean isv(long esr) {
        return (esr & ISV) != 0;
    }

    /// {@return field SAS of a Data Abort: the size of the access as a power of two}
    public static int sas(long esr) {
        return (int) esr >>> SAS_SHIFT & SAS_MASK;
    }

    /// {@return the size of the access in bytes, 1, 2, 4 or 8, from field SAS}
    public static int accessBytes(long esr) {
        return 1 << sas(esr);
    }

    /// {@return field SSE of a Data Abort: the load extends the sign}
    public static boolean sse(long esr) {
        return (esr & SSE) != 0;
    }

    /// {@return field SRT of a Data Abort: the transfer register, 31 being the zero register}
    public static int srt(long esr) {
        return (int) esr >>> SRT_SHIFT & REGISTER_MASK;
    }

    /// {@return field SF of a Data Abort: the register is 64 bits wide}
    public static boolean sf(long esr) {
        return (esr & SF) != 0;
    }

    /// {@return field AR of a Data Abort: acquire or release semantics}
    public static boolean ar(long esr) {
        return (esr & AR) != 0;
    }

    /// {@return field SET of an abort: Synchronous Error Type of an External abort}
    public static int set(long esr) {
        return (int) esr >>> SET_SHIFT & SET_MASK;
    }

    /// {@return the ISS of an External abort with field SET replaced}
    /// @param set Synchronous Error Type, two bits
    public static int withSet(int iss, int set) {
        return (iss & ~(SET_MASK << SET_SHIFT)) | (set & SET_MASK) << SET_SHIFT;
    }

    /// {@return whether a Data Abort was of LD64B, ST64B or one of its forms: field LST, which shares its bits with
    /// SET, is not zero and the fault is of a translation (Linux `arch/arm64/kvm/mmio.c:io_mem_abort`)}
    public static boolean isLoadStore64Bytes(long esr) {
        boolean lstDefined = switch (FaultStatus.kind(fsc(esr))) {
            case FaultStatus.TRANSLATION, FaultStatus.ACCESS_FLAG, FaultStatus.PERMISSION -> true;
            default -> false;
        };
        return lstDefined && ((int) esr >>> LST_SHIFT & LST_MASK) != 0;
    }

    /// {@return field FnV of an abort}
    public static boolean fnv(long esr) {
        return (esr & FNV) != 0;
    }

    /// {@return field EA of an abort}
    public static boolean ea(long esr) {
        return (esr & EA) != 0;
    }

    /// {@return field CM of a Data Abort}
    public static boolean cm(long esr) {
        return (esr & CM) != 0;
    }

    /// {@return field S1PTW of an abort}
    public static boolean s1ptw(long esr) {
        return (esr & S1PTW) != 0;
    }

    /// {@return field WnR of a Data Abort}
    public static boolean wnr(long esr) {
        return (esr & WNR) != 0;
    }

    // ---- instructions that call or trap
    // ------------------------------------------------------------------------------

    /// {@return the syndrome of an exception without information: UNDEFINED instruction}
    public static long unknown() {
        return of(ExceptionClass.UNKNOWN, true, 0);
    }

    /// {@return the syndrome of PSTATE.IL set}
    public static long illegalState() {
        return of(ExceptionClass.ILLEGAL_STATE, true, 0);
    }

    /// {@return the syndrome of a misaligned PC}
    public static long pcAlignment() {
        return of(ExceptionClass.PC_ALIGNMENT, true, 0);
    }

    /// {@return the syndrome of a misaligned SP}
    public static long spAlignment() {
        return of(ExceptionClass.SP_ALIGNMENT, true, 0);
    }

    /// {@return the syndrome of SVC #imm16}
    public static long svc(int imm16) {
        return of(ExceptionClass.SVC64, true, imm16 & IMM16_MASK);
    }

    /// {@return the syndrome of HVC #imm16}
    public static long hvc(int imm16) {
        return of(ExceptionClass.HVC64, true, imm16 & IMM16_MASK);
    }

    /// {@return the syndrome of SMC #imm16 trapped by HCR_EL2.TSC or taken}
    public static long smc(int imm16) {
        return of(ExceptionClass.SMC64, true, imm16 & IMM16_MASK);
    }

    /// {@return the syndrome of BRK #imm16}
    public static long brk(int imm16) {
        return of(ExceptionClass.BRK64, true, imm16 & IMM16_MASK);
    }

    /// {@return the 16-bit immediate of SVC, HVC, SMC or BRK}
    public static int imm16(long esr) {
        return (int) esr & IMM16_MASK;
    }

    /// {@return the syndrome of a trapped WFI, WFE, WFIT or WFET; condition field AL}
    /// @param ti [#WFX_WFI], [#WFX_WFE], [#WFX_WFIT] or [#WFX_WFET]
    /// @param register operand of WFIT and WFET, 0 to 31; ignored for WFI and WFE
    public static long wfx(int ti, int register) {
        boolean timed = ti == WFX_WFIT || ti == WFX_WFET;
        int operand = timed ? (register & REGISTER_MASK) << WFX_RN_SHIFT | WFX_RV : 0;
        return of(ExceptionClass.WFX, true, CV | COND_ALWAYS << COND_SHIFT | operand | (ti & WFX_TI_MASK));
    }

    /// {@return field TI of a WFx trap}
    public static int wfxTi(long esr) {
        return (int) esr & WFX_TI_MASK;
    }

    /// {@return the register that holds the time of a trapped WFIT or WFET, 0 to 31, or -1 when the syndrome does not
    /// say}
    public static int wfxRegister(long esr) {
        return ((int) esr & WFX_RV) != 0 ? (int) esr >>> WFX_RN_SHIFT & REGISTER_MASK : -1;
    }

    /// {@return the syndrome of SIMD and floating point trapped by CPACR_EL1 or CPTR_EL2}
    public static long fpAsimd() {
        return of(ExceptionClass.FP_ASIMD, true, CV | COND_ALWAYS << COND_SHIFT);
    }

    /// {@return the syndrome of SVE trapped by CPACR_EL1 or CPTR_EL2}
    public static long sve() {
        return of(ExceptionClass.SVE, true, 0);
    }

    /// {@return the syndrome of a pointer authentication instruction trapped by HCR_EL2.API}
    public static long pac() {
        return of(ExceptionClass.PAC, true, 0);
    }

    /// {@return the syndrome of an authentication that failed (FEAT_FPAC)}
    ///
    /// @param data whether the pointer is of data
    /// @param key 0 for an A key, 1 for a B key
    public static long fpac(boolean data, int key) {
        return of(ExceptionClass.FPAC, true, (data ? 2 : 0) | key);
    }

    /// {@return the syndrome of a branch to an instruction that PSTATE.BTYPE does not allow}
    /// @param btype PSTATE.BTYPE, 1 to 3
    public static long bti(int btype) {
        return of(ExceptionClass.BTI, true, btype & BTYPE_MASK);
    }

    /// {@return the syndrome of a trapped MSR, MRS or system instruction}
    /// @param rt transfer register, 0 to 31
    /// @param read true for MRS and SYSL
    public static long sys64(int op0, int op1, int crn, int crm, int op2, int rt, boolean read) {
        int iss = (op0 & SYS_OP0_MASK) << SYS_OP0_SHIFT
                | (op2 & SYS_OP_MASK) << SYS_OP2_SHIFT
                | (op1 & SYS_OP_MASK) << SYS_OP1_SHIFT
                | (crn & SYS_CR_MASK) << SYS_CRN_SHIFT
                | (rt & REGISTER_MASK) << SYS_RT_SHIFT
                | (crm & SYS_CR_MASK) << SYS_CRM_SHIFT
                | (read ? SYS_DIRECTION_READ : 0);
        return of(ExceptionClass.SYS64, true, iss);
    }

    /// {@return field Op0 of a system register trap}
    public static int sysOp0(long esr) {
        return (int) esr >>> SYS_OP0_SHIFT & SYS_OP0_MASK;
    }

    /// {@return field Op1 of a system register trap}
    public static int sysOp1(long esr) {
        return (int) esr >>> SYS_OP1_SHIFT & SYS_OP_MASK;
    }

    /// {@return field CRn of a system register trap}
    public static int sysCrn(long esr) {
        return (int) esr >>> SYS_CRN_SHIFT & SYS_CR_MASK;
    }

    /// {@return field CRm of a system register trap}
    public static int sysCrm(long esr) {
        return (int) esr >>> SYS_CRM_SHIFT & SYS_CR_MASK;
    }

    /// {@return field Op2 of a system register trap}
    public static int sysOp2(long esr) {
        return (int) esr >>> SYS_OP2_SHIFT & SYS_OP_MASK;
    }

    /// {@return field Rt of a system register trap}
    public static int sysRt(long esr) {
        return (int) esr >>> SYS_RT_SHIFT & REGISTER_MASK;
    }

    /// {@return whether a system register trap is a read (MRS, SYSL)}
    public static boolean sysIsRead(long esr) {
        return (esr & SYS_DIRECTION_READ) != 0;
    }

    // ---- debug and SError ----------------------------------------------------------------------------------------

    /// {@return the syndrome of a breakpoint}
    /// @param lower whether it was taken from a lower Exception level
    public static long breakpoint(boolean lower) {
        return of(lower ? ExceptionClass.BREAKPOINT_LOWER : ExceptionClass.BREAKPOINT_SAME, true, DEBUG_FSC);
    }

    /// {@return the syndrome of a software step}
    /// @param lower whether it was taken from a lower Exception level
    /// @param completed whether an instruction was stepped since the step began
    /// @param exclusive whether the stepped instruction was a load-exclusive
    public static long softwareStep(boolean lower, boolean completed, boolean exclusive) {
        int ec = lower ? ExceptionClass.SOFTWARE_STEP_LOWER : ExceptionClass.SOFTWARE_STEP_SAME;
        return of(ec, true, (completed ? STEP_ISV : 0) | (exclusive ? STEP_EX : 0) | DEBUG_FSC);
    }

    /// {@return the syndrome of a watchpoint}
    /// @param lower whether it was taken from a lower Exception level
    /// @param write whether a write hit it
    /// @param cacheMaintenance whether a cache maintenance instruction hit it
    public static long watchpoint(boolean lower, boolean write, boolean cacheMaintenance) {
        int ec = lower ? ExceptionClass.WATCHPOINT_LOWER : ExceptionClass.WATCHPOINT_SAME;
        return of(ec, true, (write ? WNR : 0) | (cacheMaintenance ? CM : 0) | DEBUG_FSC);
    }

    /// {@return the syndrome of an SError}
    /// @param iss the ISS, of which bit 24 (IDS) says that the rest is IMPLEMENTATION DEFINED
    public static long serror(int iss) {
        return of(ExceptionClass.SERROR, true, iss);
    }

    /// {@return whether the rest of an SError's ISS is IMPLEMENTATION DEFINED (field IDS)}
    public static boolean serrorIds(long esr) {
        return (esr & SERROR_IDS) != 0;
    }

    /// {@return the syndrome in one line: the value, its class and the fields of its ISS that are meaningful}
    public static String describe(long esr) {
        return EsrText.describe(esr);
    }
}
