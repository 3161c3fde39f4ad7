package dev.ipanema.arm.register;

/// Bits of `HCR_EL2`, the hypervisor configuration register.
///
/// Source: Arm ARM DDI 0487, D24.2 "HCR_EL2"; names as in Linux `arch/arm64/include/asm/kvm_arm.h`
/// without the prefix.
public final class HcrEl2 {
    /// Stage 2 translation is on.
    public static final long VM = 1L;
    /// Invalidate by set/way acts as clean and invalidate.
    public static final long SWIO = 1L << 1;
    /// A stage-1 walk that hits stage-2 Device memory takes a stage-2 permission fault.
    public static final long PTW = 1L << 2;
    /// Physical FIQ routing to EL2.
    public static final long FMO = 1L << 3;
    /// Physical IRQ routing to EL2.
    public static final long IMO = 1L << 4;
    /// Physical SError routing to EL2.
    public static final long AMO = 1L << 5;
    /// A virtual FIQ is pending.
    public static final long VF = 1L << 6;
    /// A virtual IRQ is pending.
    public static final long VI = 1L << 7;
    /// A virtual SError is pending.
    public static final long VSE = 1L << 8;
    /// Force broadcast of TLB, branch-predictor and instruction-cache maintenance, inner shareable.
    public static final long FB = 1L << 9;
    /// Minimum shareability of barriers, lowest bit of the two-bit field.
    public static final long BSU_IS = 1L << 10;
    /// Default cacheable: stage 1 acts as off with Normal write-back.
    public static final long DC = 1L << 12;
    /// Trap WFI.
    public static final long TWI = 1L << 13;
    /// Trap WFE.
    public static final long TWE = 1L << 14;
    /// Trap ID group 0.
    public static final long TID0 = 1L << 15;
    /// Trap ID group 1.
    public static final long TID1 = 1L << 16;
    /// Trap ID group 2 (cache identification).
    public static final long TID2 = 1L << 17;
    /// Trap ID group 3 (feature identification).
    public static final long TID3 = 1L << 18;
    /// Trap SMC.
    public static final long TSC = 1L << 19;
    /// Trap IMPLEMENTATION DEFINED registers.
    public static final long TIDCP = 1L << 20;
    /// Trap auxiliary control registers.
    public static final long TACR = 1L << 21;
    /// Trap data cache maintenance by set and way.
    public static final long TSW = 1L << 22;
    /// Trap data cache maintenance to the point of coherency or persistence.
    public static final long TPCP = 1L << 23;
    /// Trap cache maintenance to the point of unification.
    public static final long TPU = 1L << 24;
    /// Trap TLB maintenance.
    public static final long TTLB = 1L << 25;
    /// Trap writes of the virtual-memory control registers.
    public static final long TVM = 1L << 26;
    /// Trap general exceptions: EL0 is hosted by EL2, stage 1 of EL1&0 acts as off.
    public static final long TGE = 1L << 27;
    /// Trap DC ZVA.
    public static final long TDZ = 1L << 28;
    /// HVC is disabled.
    public static final long HCD = 1L << 29;
    /// Trap reads of the virtual-memory control registers.
    public static final long TRVM = 1L << 30;
    /// EL1 is AArch64.
    public static final long RW = 1L << 31;
    /// Data accesses treat stage-2 Normal memory as Non-cacheable.
    public static final long CD = 1L << 32;
    /// Instruction fetches treat stage-2 memory as Non-cacheable.
    public static final long ID = 1L << 33;
    /// The host runs at EL2.
    public static final long E2H = 1L << 34;
    /// Trap accesses to the LORegion registers.
    public static final long TLOR = 1L << 35;
    /// Trap accesses to error records.
    public static final long TERR = 1L << 36;
    /// Route synchronous external aborts to EL2.
    public static final long TEA = 1L << 37;
    /// Pointer-authentication key registers are not trapped.
    public static final long APK = 1L << 40;
    /// Pointer-authentication instructions are not trapped.
    public static final long API = 1L << 41;
    /// Nested virtualization.
    public static final long NV = 1L << 42;
    /// Forced write-back: MemAttr of stage 2 means what `FEAT_S2FWB` defines.
    public static final long FWB = 1L << 46;
    /// Access to error records of the fault injection registers is allowed.
    public static final long FIEN = 1L << 47;
    /// Trap ID group 4.
    public static final long TID4 = 1L << 49;
    /// Trap ICIALLUIS and IC IALLUIS.
    public static final long TICAB = 1L << 50;
    /// Activity monitors are virtualized.
    public static final long AMVOFFEN = 1L << 51;
    /// Trap cache maintenance to the point of unification, inner shareable forms.
    public static final long TOCU = 1L << 52;
    /// SCXTNUM access at EL1 and EL0 is enabled.
    public static final long ENSCXT = 1L << 53;
    /// Trap inner-shareable TLB maintenance.
    public static final long TTLBIS = 1L << 54;
    /// Trap outer-shareable TLB maintenance.
    public static final long TTLBOS = 1L << 55;
    /// Access to allocation tags is enabled.
    public static final long ATA = 1L << 56;
    /// With DC: the default memory is Tagged.
    public static final long DCT = 1L << 57;
    /// Trap GMID_EL1 and tag ID registers.
    public static final long TID5 = 1L << 58;

    /// The bits that change how the EL1&0 regime translates.
    public static final long TRANSLATION_BITS = VM | PTW | DC | TGE | CD | ID | FWB | DCT;

    private HcrEl2() {}

    /// {@return whether stage 2 is on: VM, or DC, which makes VM behave as 1}
    public static boolean stage2On(long hcr) {
        return (hcr & (VM | DC)) != 0;
    }

    /// {@return whether stage 1 of EL1&0 is forced off: TGE or DC}
    public static boolean stage1ForcedOff(long hcr) {
        return (hcr & (TGE | DC)) != 0;
    }
}
