package dev.ipanema.arm.register;

/// Bits of `SCTLR_EL1`, the system control register of EL1 and EL0.
///
/// Source: Arm ARM DDI 0487, D24.2 "SCTLR_EL1".
public final class SctlrEl1 {
    /// Stage 1 translation is on.
    public static final long M = 1L;
    /// Alignment of all data accesses is checked.
    public static final long A = 1L << 1;
    /// Data accesses and table walks use their cacheable attributes.
    public static final long C = 1L << 2;
    /// Stack pointer alignment is checked at EL1.
    public static final long SA = 1L << 3;
    /// Stack pointer alignment is checked at EL0.
    public static final long SA0 = 1L << 4;
    /// AArch32 barriers at EL0.
    public static final long CP15BEN = 1L << 5;
    /// Load-acquire and store-release may be unaligned across 16 bytes (FEAT_LSE2).
    public static final long NAA = 1L << 6;
    /// IT instructions are restricted (AArch32).
    public static final long ITD = 1L << 7;
    /// SETEND is disabled (AArch32).
    public static final long SED = 1L << 8;
    /// EL0 may access PSTATE.DAIF.
    public static final long UMA = 1L << 9;
    /// Exception entry is context-synchronizing (FEAT_ExS).
    public static final long EIS = 1L << 22;
    /// Exception return is context-synchronizing (FEAT_ExS).
    public static final long EOS = 1L << 11;
    /// Instruction fetches use their cacheable attributes.
    public static final long I = 1L << 12;
    /// Pointer authentication with key DB is on.
    public static final long ENDB = 1L << 13;
    /// DC ZVA is allowed at EL0.
    public static final long DZE = 1L << 14;
    /// CTR_EL0 may be read at EL0.
    public static final long UCT = 1L << 15;
    /// WFI is not trapped at EL0.
    public static final long NTWI = 1L << 16;
    /// WFE is not trapped at EL0.
    public static final long NTWE = 1L << 18;
    /// Write permission implies execute-never.
    public static final long WXN = 1L << 19;
    /// PSTATE.PAN is left unchanged on exception entry to EL1 when set, else it is set.
    public static final long SPAN = 1L << 23;
    /// Explicit data accesses at EL0 are big-endian.
    public static final long E0E = 1L << 24;
    /// Explicit data accesses at EL1 and table walks are big-endian.
    public static final long EE = 1L << 25;
    /// Cache maintenance is allowed at EL0.
    public static final long UCI = 1L << 26;
    /// Pointer authentication with key DA is on.
    public static final long ENDA = 1L << 27;
    /// Atomicity of multiple accesses (AArch32).
    public static final long NTLSMD = 1L << 28;
    /// Load and store multiple order (AArch32).
    public static final long LSMAOE = 1L << 29;
    /// Pointer authentication with key IB is on.
    public static final long ENIB = 1L << 30;
    /// Pointer authentication with key IA is on.
    public static final long ENIA = 1L << 31;
    /// PSTATE.BTYPE compatibility of PACIASP at EL0.
    public static final long BT0 = 1L << 35;
    /// PSTATE.BTYPE compatibility of PACIASP at EL1.
    public static final long BT1 = 1L << 36;
    /// Allocation tags may be accessed at EL1.
    public static final long ATA = 1L << 43;
    /// PSTATE.SSBS on exception entry.
    public static final long DSSBS = 1L << 44;
    /// PAN also covers pages that EL0 may execute (FEAT_PAN3).
    public static final long EPAN = 1L << 57;

    /// TSCXT: SCXTNUM_EL0 traps; RES1 without FEAT_CSV2_2.
    public static final long TSCXT = 1L << 20;

    /// The bits that are 1 without FEAT_ExS and FEAT_CSV2_2, AArch32's included (Linux `SCTLR_EL1_RES1`).
    public static final long RES1 = EOS | TSCXT | EIS | NTLSMD | LSMAOE;

    /// The bits that change how the EL1&0 regime translates and checks accesses.
    public static final long TRANSLATION_BITS = M | A | C | NAA | I | WXN | EE | EPAN;

    private SctlrEl1() {}
}
