package dev.ipanema.arm.register;

import static dev.ipanema.arm.register.SysReg.Access.EL0_READ_EL1_READ;
import static dev.ipanema.arm.register.SysReg.Access.EL0_READ_EL1_WRITE;
import static dev.ipanema.arm.register.SysReg.Access.EL0_WRITE;
import static dev.ipanema.arm.register.SysReg.Access.EL0_WRITE_ONLY;
import static dev.ipanema.arm.register.SysReg.Access.EL1_READ;
import static dev.ipanema.arm.register.SysReg.Access.EL1_WRITE;
import static dev.ipanema.arm.register.SysReg.Access.EL1_WRITE_ONLY;
import static dev.ipanema.arm.register.SysReg.Access.EL2_WRITE;

import org.jspecify.annotations.Nullable;

/// A system register of AArch64 that this project knows, by its `op0, op1, CRn, CRm, op2` encoding.
///
/// [#encoding()] packs the five fields as instruction bits `[20:5]` of MRS and MSR hold them (`op0<<14 | op1<<11 |
/// CRn<<7 | CRm<<3 | op2`, 16 bits), which is also the register part of Linux's `ARM64_SYS_REG()` in the one-reg
/// API. Registers of EL2 are listed because a hypervisor sets them; an access to one of them from EL1 or EL0 is
/// UNDEFINED.
///
/// Sources: Arm ARM DDI 0487 D17 to D24 (encodings and fields), Arm's machine-readable register descriptions; reset
/// values that the architecture leaves UNKNOWN are 0 here.
public enum SysReg {
    // Identification, op0=3 op1=0 CRn=0: read-only at EL1; CRm 1 to 7 are group TID3.
    MIDR_EL1(3, 0, 0, 0, 0, EL1_READ),
    MPIDR_EL1(3, 0, 0, 0, 5, EL1_READ),
    REVIDR_EL1(3, 0, 0, 0, 6, EL1_READ),
    ID_PFR0_EL1(3, 0, 0, 1, 0, EL1_READ),
    ID_PFR1_EL1(3, 0, 0, 1, 1, EL1_READ),
    ID_DFR0_EL1(3, 0, 0, 1, 2, EL1_READ),
    ID_AFR0_EL1(3, 0, 0, 1, 3, EL1_READ),
    ID_MMFR0_EL1(3, 0, 0, 1, 4, EL1_READ),
    ID_MMFR1_EL1(3, 0, 0, 1, 5, EL1_READ),
    ID_MMFR2_EL1(3, 0, 0, 1, 6, EL1_READ),
    ID_MMFR3_EL1(3, 0, 0, 1, 7, EL1_READ),
    ID_ISAR0_EL1(3, 0, 0, 2, 0, EL1_READ),
    ID_ISAR1_EL1(3, 0, 0, 2, 1, EL1_READ),
    ID_ISAR2_EL1(3, 0, 0, 2, 2, EL1_READ),
    ID_ISAR3_EL1(3, 0, 0, 2, 3, EL1_READ),
    ID_ISAR4_EL1(3, 0, 0, 2, 4, EL1_READ),
    ID_ISAR5_EL1(3, 0, 0, 2, 5, EL1_READ),
    ID_MMFR4_EL1(3, 0, 0, 2, 6, EL1_READ),
    ID_ISAR6_EL1(3, 0, 0, 2, 7, EL1_READ),
    MVFR0_EL1(3, 0, 0, 3, 0, EL1_READ),
    MVFR1_EL1(3, 0, 0, 3, 1, EL1_READ),
    MVFR2_EL1(3, 0, 0, 3, 2, EL1_READ),
    ID_PFR2_EL1(3, 0, 0, 3, 4, EL1_READ),
    ID_DFR1_EL1(3, 0, 0, 3, 5, EL1_READ),
    ID_MMFR5_EL1(3, 0, 0, 3, 6, EL1_READ),
    ID_AA64PFR0_EL1(3, 0, 0, 4, 0, EL1_READ),
    ID_AA64PFR1_EL1(3, 0, 0, 4, 1, EL1_READ),
    ID_AA64PFR2_EL1(3, 0, 0, 4, 2, EL1_READ),
    ID_AA64ZFR0_EL1(3, 0, 0, 4, 4, EL1_READ),
    ID_AA64SMFR0_EL1(3, 0, 0, 4, 5, EL1_READ),
    ID_AA64FPFR0_EL1(3, 0, 0, 4, 7, EL1_READ),
    ID_AA64DFR0_EL1(3, 0, 0, 5, 0, EL1_READ),
    ID_AA64DFR1_EL1(3, 0, 0, 5, 1, EL1_READ),
    ID_AA64AFR0_EL1(3, 0, 0, 5, 4, EL1_READ),
    ID_AA64AFR1_EL1(3, 0, 0, 5, 5, EL1_READ),
    ID_AA64ISAR0_EL1(3, 0, 0, 6, 0, EL1_READ),
    ID_AA64ISAR1_EL1(3, 0, 0, 6, 1, EL1_READ),
    ID_AA64ISAR2_EL1(3, 0, 0, 6, 2, EL1_READ),
    ID_AA64ISAR3_EL1(3, 0, 0, 6, 3, EL1_READ),
    ID_AA64MMFR0_EL1(3, 0, 0, 7, 0, EL1_READ),
    ID_AA64MMFR1_EL1(3, 0, 0, 7, 1, EL1_READ),
    ID_AA64MMFR2_EL1(3, 0, 0, 7, 2, EL1_READ),
    ID_AA64MMFR3_EL1(3, 0, 0, 7, 3, EL1_READ),
    ID_AA64MMFR4_EL1(3, 0, 0, 7, 4, EL1_READ),

    // Cache identification.
    CCSIDR_EL1(3, 1, 0, 0, 0, EL1_READ),
    CLIDR_EL1(3, 1, 0, 0, 1, EL1_READ),
    CCSIDR2_EL1(3, 1, 0, 0, 2, EL1_READ),
    GMID_EL1(3, 1, 0, 0, 4, EL1_READ),
    AIDR_EL1(3, 1, 0, 0, 7, EL1_READ),
    CSSELR_EL1(3, 2, 0, 0, 0, EL1_WRITE, 0x1f),
    CTR_EL0(3, 3, 0, 0, 1, EL0_READ_EL1_READ),
    DCZID_EL0(3, 3, 0, 0, 7, EL0_READ_EL1_READ),

    // Control and translation.
    SCTLR_EL1(3, 0, 1, 0, 0, EL1_WRITE),
    ACTLR_EL1(3, 0, 1, 0, 1, EL1_WRITE, 0),
    CPACR_EL1(3, 0, 1, 0, 2, EL1_WRITE, 0x0030_0000),
    TTBR0_EL1(3, 0, 2, 0, 0, EL1_WRITE),
    TTBR1_EL1(3, 0, 2, 0, 1, EL1_WRITE),
    TCR_EL1(3, 0, 2, 0, 2, EL1_WRITE),
    APIAKeyLo_EL1(3, 0, 2, 1, 0, EL1_WRITE),
    APIAKeyHi_EL1(3, 0, 2, 1, 1, EL1_WRITE),
    APIBKeyLo_EL1(3, 0, 2, 1, 2, EL1_WRITE),
    APIBKeyHi_EL1(3, 0, 2, 1, 3, EL1_WRITE),
    APDAKeyLo_EL1(3, 0, 2, 2, 0, EL1_WRITE),
    APDAKeyHi_EL1(3, 0, 2, 2, 1, EL1_WRITE),
    APDBKeyLo_EL1(3, 0, 2, 2, 2, EL1_WRITE),
    APDBKeyHi_EL1(3, 0, 2, 2, 3, EL1_WRITE),
    APGAKeyLo_EL1(3, 0, 2, 3, 0, EL1_WRITE),
    APGAKeyHi_EL1(3, 0, 2, 3, 1, EL1_WRITE),
    AFSR0_EL1(3, 0, 5, 1, 0, EL1_WRITE, 0),
    AFSR1_EL1(3, 0, 5, 1, 1, EL1_WRITE, 0),
    ESR_EL1(3, 0, 5, 2, 0, EL1_WRITE),
    ERRIDR_EL1(3, 0, 5, 3, 0, EL1_READ),
    ERRSELR_EL1(3, 0, 5, 3, 1, EL1_WRITE, 0),
    FAR_EL1(3, 0, 6, 0, 0, EL1_WRITE),
    PAR_EL1(3, 0, 7, 4, 0, EL1_WRITE),
    MAIR_EL1(3, 0, 10, 2, 0, EL1_WRITE),
    AMAIR_EL1(3, 0, 10, 3, 0, EL1_WRITE, 0),
    LORSA_EL1(3, 0, 10, 4, 0, EL1_WRITE, 0),
    LOREA_EL1(3, 0, 10, 4, 1, EL1_WRITE, 0),
    LORN_EL1(3, 0, 10, 4, 2, EL1_WRITE, 0),
    LORC_EL1(3, 0, 10, 4, 3, EL1_WRITE, 0),
    LORID_EL1(3, 0, 10, 4, 7, EL1_READ),
    VBAR_EL1(3, 0, 12, 0, 0, EL1_WRITE, ~0x7ffL),
    RVBAR_EL1(3, 0, 12, 0, 1, EL1_READ),
    ISR_EL1(3, 0, 12, 1, 0, EL1_READ),
    DISR_EL1(3, 0, 12, 1, 1, EL1_WRITE, 0x8100_ffffL),
    CONTEXTIDR_EL1(3, 0, 13, 0, 1, EL1_WRITE, 0xffff_ffffL),

    // Exception state, stack pointers and PSTATE fields as registers.
    SPSR_EL1(3, 0, 4, 0, 0, EL1_WRITE, 0xffff_ffffL),
    ELR_EL1(3, 0, 4, 0, 1, EL1_WRITE),
    SP_EL0(3, 0, 4, 1, 0, EL1_WRITE),
    SP_EL1(3, 4, 4, 1, 0, EL2_WRITE),
    SPSel(3, 0, 4, 2, 0, EL1_WRITE, 1),
    CurrentEL(3, 0, 4, 2, 2, EL1_READ),
    PAN(3, 0, 4, 2, 3, EL1_WRITE, 1L << 22),
    UAO(3, 0, 4, 2, 4, EL1_WRITE, 1L << 23),
    NZCV(3, 3, 4, 2, 0, EL0_WRITE, 0xf000_0000L),
    DAIF(3, 3, 4, 2, 1, EL0_WRITE, 0x3c0),
    DIT(3, 3, 4, 2, 5, EL0_WRITE, 1L << 24),
    SSBS(3, 3, 4, 2, 6, EL0_WRITE, 1L << 12),
    RNDR(3, 3, 2, 4, 0, EL0_READ_EL1_READ),
    RNDRRS(3, 3, 2, 4, 1, EL0_READ_EL1_READ),
    FPCR(3, 3, 4, 4, 0, EL0_WRITE),
    FPSR(3, 3, 4, 4, 1, EL0_WRITE),

    // Thread identification.
    TPIDR_EL1(3, 0, 13, 0, 4, EL1_WRITE),
    TPIDR_EL0(3, 3, 13, 0, 2, EL0_WRITE),
    TPIDRRO_EL0(3, 3, 13, 0, 3, EL0_READ_EL1_WRITE),

    // Generic timer.
    CNTKCTL_EL1(3, 0, 14, 1, 0, EL1_WRITE, 0x3ff),
    CNTFRQ_EL0(3, 3, 14, 0, 0, EL0_READ_EL1_READ),
    CNTPCT_EL0(3, 3, 14, 0, 1, EL0_READ_EL1_READ),
    CNTVCT_EL0(3, 3, 14, 0, 2, EL0_READ_EL1_READ),
    CNTPCTSS_EL0(3, 3, 14, 0, 5, EL0_READ_EL1_READ),
    CNTVCTSS_EL0(3, 3, 14, 0, 6, EL0_READ_EL1_READ),
    CNTP_TVAL_EL0(3, 3, 14, 2, 0, EL0_WRITE),
    CNTP_CTL_EL0(3, 3, 14, 2, 1, EL0_WRITE, 3),
    CNTP_CVAL_EL0(3, 3, 14, 2, 2, EL0_WRITE),
    CNTV_TVAL_EL0(3, 3, 14, 3, 0, EL0_WRITE),
    CNTV_CTL_EL0(3, 3, 14, 3, 1, EL0_WRITE, 3),
    CNTV_CVAL_EL0(3, 3, 14, 3, 2, EL0_WRITE),

    // Performance monitors. All 31 event counters are named; a model has PMCR_EL0.N of them.
    PMINTENSET_EL1(3, 0, 9, 14, 1, EL1_WRITE, 0xffff_ffffL),
    PMINTENCLR_EL1(3, 0, 9, 14, 2, EL1_WRITE, 0xffff_ffffL),
    PMMIR_EL1(3, 0, 9, 14, 6, EL1_READ),
    PMCR_EL0(3, 3, 9, 12, 0, EL0_WRITE, 0xff),
    PMCNTENSET_EL0(3, 3, 9, 12, 1, EL0_WRITE, 0xffff_ffffL),
    PMCNTENCLR_EL0(3, 3, 9, 12, 2, EL0_WRITE, 0xffff_ffffL),
    PMOVSCLR_EL0(3, 3, 9, 12, 3, EL0_WRITE, 0xffff_ffffL),
    PMSWINC_EL0(3, 3, 9, 12, 4, EL0_WRITE_ONLY, 0x7fff_ffffL),
    PMSELR_EL0(3, 3, 9, 12, 5, EL0_WRITE, 0x1f),
    PMCEID0_EL0(3, 3, 9, 12, 6, EL0_READ_EL1_READ),
    PMCEID1_EL0(3, 3, 9, 12, 7, EL0_READ_EL1_READ),
    PMCCNTR_EL0(3, 3, 9, 13, 0, EL0_WRITE),
    PMXEVTYPER_EL0(3, 3, 9, 13, 1, EL0_WRITE),
    PMXEVCNTR_EL0(3, 3, 9, 13, 2, EL0_WRITE),
    PMUSERENR_EL0(3, 3, 9, 14, 0, EL0_READ_EL1_WRITE, 0xf),
    PMOVSSET_EL0(3, 3, 9, 14, 3, EL0_WRITE, 0xffff_ffffL),
    PMEVCNTR0_EL0(3, 3, 14, 8, 0, EL0_WRITE),
    PMEVCNTR1_EL0(3, 3, 14, 8, 1, EL0_WRITE),
    PMEVCNTR2_EL0(3, 3, 14, 8, 2, EL0_WRITE),
    PMEVCNTR3_EL0(3, 3, 14, 8, 3, EL0_WRITE),
    PMEVCNTR4_EL0(3, 3, 14, 8, 4, EL0_WRITE),
    PMEVCNTR5_EL0(3, 3, 14, 8, 5, EL0_WRITE),
    PMEVCNTR6_EL0(3, 3, 14, 8, 6, EL0_WRITE),
    PMEVCNTR7_EL0(3, 3, 14, 8, 7, EL0_WRITE),
    PMEVCNTR8_EL0(3, 3, 14, 9, 0, EL0_WRITE),
    PMEVCNTR9_EL0(3, 3, 14, 9, 1, EL0_WRITE),
    PMEVCNTR10_EL0(3, 3, 14, 9, 2, EL0_WRITE),
    PMEVCNTR11_EL0(3, 3, 14, 9, 3, EL0_WRITE),
    PMEVCNTR12_EL0(3, 3, 14, 9, 4, EL0_WRITE),
    PMEVCNTR13_EL0(3, 3, 14, 9, 5, EL0_WRITE),
    PMEVCNTR14_EL0(3, 3, 14, 9, 6, EL0_WRITE),
    PMEVCNTR15_EL0(3, 3, 14, 9, 7, EL0_WRITE),
    PMEVCNTR16_EL0(3, 3, 14, 10, 0, EL0_WRITE),
    PMEVCNTR17_EL0(3, 3, 14, 10, 1, EL0_WRITE),
    PMEVCNTR18_EL0(3, 3, 14, 10, 2, EL0_WRITE),
    PMEVCNTR19_EL0(3, 3, 14, 10, 3, EL0_WRITE),
    PMEVCNTR20_EL0(3, 3, 14, 10, 4, EL0_WRITE),
    PMEVCNTR21_EL0(3, 3, 14, 10, 5, EL0_WRITE),
    PMEVCNTR22_EL0(3, 3, 14, 10, 6, EL0_WRITE),
    PMEVCNTR23_EL0(3, 3, 14, 10, 7, EL0_WRITE),
    PMEVCNTR24_EL0(3, 3, 14, 11, 0, EL0_WRITE),
    PMEVCNTR25_EL0(3, 3, 14, 11, 1, EL0_WRITE),
    PMEVCNTR26_EL0(3, 3, 14, 11, 2, EL0_WRITE),
    PMEVCNTR27_EL0(3, 3, 14, 11, 3, EL0_WRITE),
    PMEVCNTR28_EL0(3, 3, 14, 11, 4, EL0_WRITE),
    PMEVCNTR29_EL0(3, 3, 14, 11, 5, EL0_WRITE),
    PMEVCNTR30_EL0(3, 3, 14, 11, 6, EL0_WRITE),
    PMEVTYPER0_EL0(3, 3, 14, 12, 0, EL0_WRITE),
    PMEVTYPER1_EL0(3, 3, 14, 12, 1, EL0_WRITE),
    PMEVTYPER2_EL0(3, 3, 14, 12, 2, EL0_WRITE),
    PMEVTYPER3_EL0(3, 3, 14, 12, 3, EL0_WRITE),
    PMEVTYPER4_EL0(3, 3, 14, 12, 4, EL0_WRITE),
    PMEVTYPER5_EL0(3, 3, 14, 12, 5, EL0_WRITE),
    PMEVTYPER6_EL0(3, 3, 14, 12, 6, EL0_WRITE),
    PMEVTYPER7_EL0(3, 3, 14, 12, 7, EL0_WRITE),
    PMEVTYPER8_EL0(3, 3, 14, 13, 0, EL0_WRITE),
    PMEVTYPER9_EL0(3, 3, 14, 13, 1, EL0_WRITE),
    PMEVTYPER10_EL0(3, 3, 14, 13, 2, EL0_WRITE),
    PMEVTYPER11_EL0(3, 3, 14, 13, 3, EL0_WRITE),
    PMEVTYPER12_EL0(3, 3, 14, 13, 4, EL0_WRITE),
    PMEVTYPER13_EL0(3, 3, 14, 13, 5, EL0_WRITE),
    PMEVTYPER14_EL0(3, 3, 14, 13, 6, EL0_WRITE),
    PMEVTYPER15_EL0(3, 3, 14, 13, 7, EL0_WRITE),
    PMEVTYPER16_EL0(3, 3, 14, 14, 0, EL0_WRITE),
    PMEVTYPER17_EL0(3, 3, 14, 14, 1, EL0_WRITE),
    PMEVTYPER18_EL0(3, 3, 14, 14, 2, EL0_WRITE),
    PMEVTYPER19_EL0(3, 3, 14, 14, 3, EL0_WRITE),
    PMEVTYPER20_EL0(3, 3, 14, 14, 4, EL0_WRITE),
    PMEVTYPER21_EL0(3, 3, 14, 14, 5, EL0_WRITE),
    PMEVTYPER22_EL0(3, 3, 14, 14, 6, EL0_WRITE),
    PMEVTYPER23_EL0(3, 3, 14, 14, 7, EL0_WRITE),
    PMEVTYPER24_EL0(3, 3, 14, 15, 0, EL0_WRITE),
    PMEVTYPER25_EL0(3, 3, 14, 15, 1, EL0_WRITE),
    PMEVTYPER26_EL0(3, 3, 14, 15, 2, EL0_WRITE),
    PMEVTYPER27_EL0(3, 3, 14, 15, 3, EL0_WRITE),
    PMEVTYPER28_EL0(3, 3, 14, 15, 4, EL0_WRITE),
    PMEVTYPER29_EL0(3, 3, 14, 15, 5, EL0_WRITE),
    PMEVTYPER30_EL0(3, 3, 14, 15, 6, EL0_WRITE),
    PMCCFILTR_EL0(3, 3, 14, 15, 7, EL0_WRITE),

    // GIC CPU interface; state is in the list registers and ICH_VMCR_EL2.
    ICC_PMR_EL1(3, 0, 4, 6, 0, EL1_WRITE, 0xf8),
    ICC_IAR0_EL1(3, 0, 12, 8, 0, EL1_READ),
    ICC_EOIR0_EL1(3, 0, 12, 8, 1, EL1_WRITE_ONLY, 0xff_ffff),
    ICC_HPPIR0_EL1(3, 0, 12, 8, 2, EL1_READ),
    ICC_BPR0_EL1(3, 0, 12, 8, 3, EL1_WRITE, 7),
    ICC_AP0R0_EL1(3, 0, 12, 8, 4, EL1_WRITE, 0xffff_ffffL),
    ICC_AP0R1_EL1(3, 0, 12, 8, 5, EL1_WRITE, 0xffff_ffffL),
    ICC_AP0R2_EL1(3, 0, 12, 8, 6, EL1_WRITE, 0xffff_ffffL),
    ICC_AP0R3_EL1(3, 0, 12, 8, 7, EL1_WRITE, 0xffff_ffffL),
    ICC_AP1R0_EL1(3, 0, 12, 9, 0, EL1_WRITE, 0xffff_ffffL),
    ICC_AP1R1_EL1(3, 0, 12, 9, 1, EL1_WRITE, 0xffff_ffffL),
    ICC_AP1R2_EL1(3, 0, 12, 9, 2, EL1_WRITE, 0xffff_ffffL),
    ICC_AP1R3_EL1(3, 0, 12, 9, 3, EL1_WRITE, 0xffff_ffffL),
    ICC_DIR_EL1(3, 0, 12, 11, 1, EL1_WRITE_ONLY, 0xff_ffff),
    ICC_RPR_EL1(3, 0, 12, 11, 3, EL1_READ),
    ICC_SGI1R_EL1(3, 0, 12, 11, 5, EL1_WRITE_ONLY),
    ICC_ASGI1R_EL1(3, 0, 12, 11, 6, EL1_WRITE_ONLY),
    ICC_SGI0R_EL1(3, 0, 12, 11, 7, EL1_WRITE_ONLY),
    ICC_IAR1_EL1(3, 0, 12, 12, 0, EL1_READ),
    ICC_EOIR1_EL1(3, 0, 12, 12, 1, EL1_WRITE_ONLY, 0xff_ffff),
    ICC_HPPIR1_EL1(3, 0, 12, 12, 2, EL1_READ),
    ICC_BPR1_EL1(3, 0, 12, 12, 3, EL1_WRITE, 7),
    ICC_CTLR_EL1(3, 0, 12, 12, 4, EL1_WRITE, 3),
    ICC_SRE_EL1(3, 0, 12, 12, 5, EL1_WRITE, 0),
    ICC_IGRPEN0_EL1(3, 0, 12, 12, 6, EL1_WRITE, 1),
    ICC_IGRPEN1_EL1(3, 0, 12, 12, 7, EL1_WRITE, 1),

    // Debug. As many breakpoints and watchpoints as the models have; those a model lacks are UNDEFINED.
    MDCCINT_EL1(2, 0, 0, 2, 0, EL1_WRITE, 0x6000_0000L),
    MDSCR_EL1(2, 0, 0, 2, 2, EL1_WRITE, 0xb001L),
    OSDTRRX_EL1(2, 0, 0, 0, 2, EL1_WRITE, 0xffff_ffffL),
    OSDTRTX_EL1(2, 0, 0, 3, 2, EL1_WRITE, 0xffff_ffffL),
    OSECCR_EL1(2, 0, 0, 6, 2, EL1_WRITE, 0),
    MDRAR_EL1(2, 0, 1, 0, 0, EL1_READ),
    OSLAR_EL1(2, 0, 1, 0, 4, EL1_WRITE_ONLY, 1),
    OSLSR_EL1(2, 0, 1, 1, 4, EL1_READ),
    OSDLR_EL1(2, 0, 1, 3, 4, EL1_WRITE, 1),
    DBGPRCR_EL1(2, 0, 1, 4, 4, EL1_WRITE, 0),
    DBGBVR0_EL1(2, 0, 0, 0, 4, EL1_WRITE),
    DBGBCR0_EL1(2, 0, 0, 0, 5, EL1_WRITE, 0x00ff_e1e7L),
    DBGWVR0_EL1(2, 0, 0, 0, 6, EL1_WRITE),
    DBGWCR0_EL1(2, 0, 0, 0, 7, EL1_WRITE, 0x1f1f_ffffL),
    DBGBVR1_EL1(2, 0, 0, 1, 4, EL1_WRITE),
    DBGBCR1_EL1(2, 0, 0, 1, 5, EL1_WRITE, 0x00ff_e1e7L),
    DBGWVR1_EL1(2, 0, 0, 1, 6, EL1_WRITE),
    DBGWCR1_EL1(2, 0, 0, 1, 7, EL1_WRITE, 0x1f1f_ffffL),
    DBGBVR2_EL1(2, 0, 0, 2, 4, EL1_WRITE),
    DBGBCR2_EL1(2, 0, 0, 2, 5, EL1_WRITE, 0x00ff_e1e7L),
    DBGWVR2_EL1(2, 0, 0, 2, 6, EL1_WRITE),
    DBGWCR2_EL1(2, 0, 0, 2, 7, EL1_WRITE, 0x1f1f_ffffL),
    DBGBVR3_EL1(2, 0, 0, 3, 4, EL1_WRITE),
    DBGBCR3_EL1(2, 0, 0, 3, 5, EL1_WRITE, 0x00ff_e1e7L),
    DBGWVR3_EL1(2, 0, 0, 3, 6, EL1_WRITE),
    DBGWCR3_EL1(2, 0, 0, 3, 7, EL1_WRITE, 0x1f1f_ffffL),
    DBGBVR4_EL1(2, 0, 0, 4, 4, EL1_WRITE),
    DBGBCR4_EL1(2, 0, 0, 4, 5, EL1_WRITE, 0x00ff_e1e7L),
    DBGBVR5_EL1(2, 0, 0, 5, 4, EL1_WRITE),
    DBGBCR5_EL1(2, 0, 0, 5, 5, EL1_WRITE, 0x00ff_e1e7L),
    DBGCLAIMSET_EL1(2, 0, 7, 8, 6, EL1_WRITE, 0xff),
    DBGCLAIMCLR_EL1(2, 0, 7, 9, 6, EL1_WRITE, 0xff),
    DBGAUTHSTATUS_EL1(2, 0, 7, 14, 6, EL1_READ),
    MDCCSR_EL0(2, 3, 0, 1, 0, EL0_READ_EL1_READ),

    // EL2: what a hypervisor sets around a guest.
    VPIDR_EL2(3, 4, 0, 0, 0, EL2_WRITE, 0xffff_ffffL),
    VMPIDR_EL2(3, 4, 0, 0, 5, EL2_WRITE),
    HCR_EL2(3, 4, 1, 1, 0, EL2_WRITE),
    MDCR_EL2(3, 4, 1, 1, 1, EL2_WRITE),
    CPTR_EL2(3, 4, 1, 1, 2, EL2_WRITE),
    HSTR_EL2(3, 4, 1, 1, 3, EL2_WRITE),
    VTTBR_EL2(3, 4, 2, 1, 0, EL2_WRITE),
    VTCR_EL2(3, 4, 2, 1, 2, EL2_WRITE),
    ESR_EL2(3, 4, 5, 2, 0, EL2_WRITE),
    VSESR_EL2(3, 4, 5, 2, 3, EL2_WRITE, 0x01ff_ffffL),
    FAR_EL2(3, 4, 6, 0, 0, EL2_WRITE),
    HPFAR_EL2(3, 4, 6, 0, 4, EL2_WRITE),
    VDISR_EL2(3, 4, 12, 1, 1, EL2_WRITE),
    CNTVOFF_EL2(3, 4, 14, 0, 3, EL2_WRITE),
    CNTHCTL_EL2(3, 4, 14, 1, 0, EL2_WRITE),
    ICC_SRE_EL2(3, 4, 12, 9, 5, EL2_WRITE, 0xf);

    /// Who may read and write a register, before any trap.
    public enum Access {
        /// Read and write from EL0 and EL1.
        EL0_WRITE,
        /// Write-only, from EL0 and EL1.
        EL0_WRITE_ONLY,
        /// Read from EL0, read and write from EL1.
        EL0_READ_EL1_WRITE,
        /// Read-only, from EL0 and EL1.
        EL0_READ_EL1_READ,
        /// Read and write from EL1.
        EL1_WRITE,
        /// Read-only, from EL1.
        EL1_READ,
        /// Write-only, from EL1.
        EL1_WRITE_ONLY,
        /// Read and write from EL2; UNDEFINED below it.
        EL2_WRITE
    }

    /// Number of distinct encodings: the size of a table indexed by [#encoding()].
    public static final int ENCODINGS = 1 << 16;

    /// Number of registers in the catalogue: the size of a table indexed by [#index()].
    public static final int COUNT = values().length;

    private static final int PMU_CRN = 9;
    private static final int TIMER_CRN = 14;
    private static final int PMU_EVENT_CRM = 8;

    /// The cycle counter's number, behind those of the event counters.
    private static final int CYCLE_COUNTER = 31;

    private static final SysReg[] BY_ENCODING = new SysReg[ENCODINGS];

    static {
        for (SysReg reg : values()) {
            BY_ENCODING[reg.encoding] = reg;
        }
    }

    private final int encoding;
    private final Access access;
    private final long writable;

    SysReg(int op0, int op1, int crn, int crm, int op2, Access access) {
        this(op0, op1, crn, crm, op2, access, -1L);
    }

    SysReg(int op0, int op1, int crn, int crm, int op2, Access access, long writable) {
        this.encoding = encoding(op0, op1, crn, crm, op2);
        this.access = access;
        this.writable = writable;
    }

    /// {@return the 16-bit encoding of five fields, out-of-range bits dropped}
    public static int encoding(int op0, int op1, int crn, int crm, int op2) {
        return (op0 & 3) << 14 | (op1 & 7) << 11 | (crn & 15) << 7 | (crm & 15) << 3 | (op2 & 7);
    }

    /// {@return the register with this encoding, or null when it is not in the catalogue}
    public static @Nullable SysReg of(int encoding) {
        return BY_ENCODING[encoding & (ENCODINGS - 1)];
    }

    /// {@return the name in the generic form that assemblers accept for any encoding: `S3_0_C1_C0_0`}
    public static String genericName(int encoding) {
        return "S" + (encoding >>> 14 & 3) + "_" + (encoding >>> 11 & 7) + "_C" + (encoding >>> 7 & 15) + "_C"
                + (encoding >>> 3 & 15) + "_" + (encoding & 7);
    }

    /// {@return `op0<<14 | op1<<11 | CRn<<7 | CRm<<3 | op2`}
    public int encoding() {
        return encoding;
    }

    public int op0() {
        return encoding >>> 14;
    }

    public int op1() {
        return encoding >>> 11 & 7;
    }

    public int crn() {
        return crn(encoding);
    }

    /// {@return CRn of an encoding, named or not}
    public static int crn(int encoding) {
        return encoding >>> 7 & 15;
    }

    public int crm() {
        return encoding >>> 3 & 15;
    }

    public int op2() {
        return encoding & 7;
    }

    /// {@return a small number for tables: registers are numbered from 0 to [#COUNT] − 1}
    @SuppressWarnings("EnumOrdinal") // the one place where the order of the enum becomes a table index
    public int index() {
        return ordinal();
    }

    /// {@return who may access the register, before any trap}
    public Access access() {
        return access;
    }

    /// {@return the bits that a write changes; the others are RES0, or read-only}
    public long writable() {
        return writable;
    }

    /// {@return whether the register is one of the feature identification registers (`ID_*`, `MVFR*`), whose reads
    /// HCR_EL2.TID3 traps}
    public boolean isFeatureId() {
        return isFeatureIdSpace(encoding);
    }

    /// {@return whether the register belongs to the GIC CPU interface that EL1 uses (`ICC_*_EL1`)}
    public boolean isGicCpuInterface() {
        return this == ICC_PMR_EL1 || (op0() == 3 && op1() == 0 && crn() == 12 && crm() >= 8);
    }

    /// {@return whether the register belongs to the performance monitors (`PM*`)}
    public boolean isPmu() {
        return op0() == 3 && (crn() == PMU_CRN || (op1() == 3 && crn() == TIMER_CRN && crm() >= PMU_EVENT_CRM));
    }

    /// {@return `PMEVCNTR<n>_EL0`, PMCCNTR_EL0 for 31}
    ///
    /// @param n 0 to 31
    public static SysReg pmuCounter(int n) {
        return n == CYCLE_COUNTER ? PMCCNTR_EL0 : BY_ENCODING[PMEVCNTR0_EL0.encoding + n];
    }

    /// {@return `PMEVTYPER<n>_EL0`, PMCCFILTR_EL0 for 31}
    ///
    /// @param n 0 to 31
    public static SysReg pmuEventType(int n) {
        return BY_ENCODING[PMEVTYPER0_EL0.encoding + n];
    }

    /// {@return n of `PMEVCNTR<n>_EL0` and `PMEVTYPER<n>_EL0`, 31 for PMCCNTR_EL0 and PMCCFILTR_EL0;
    /// negative for
    /// other registers}
    public int pmuIndex() {
        if (this == PMCCNTR_EL0) {
            return CYCLE_COUNTER;
        }
        return isPmu() && crn() == TIMER_CRN ? encoding & CYCLE_COUNTER : -1;
    }

    /// {@return whether an encoding, named or not, lies in the space of feature identification registers, whose
    /// unnamed members read as zero: op0=3 op1=0 CRn=0, CRm 1 to 7}
    public static boolean isFeatureIdSpace(int encoding) {
        int crm = encoding >>> 3 & 15;
        return (encoding >>> 7) == (encoding(3, 0, 0, 0, 0) >>> 7) && crm >= 1 && crm <= 7;
    }
}
