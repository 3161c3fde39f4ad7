package dev.ipanema.arm.memory;

/// The memory type that stage 1 of the EL1&0 regime gives, before stage 2 (Arm ARM DDI 0487, the effects of
/// disabling an address translation stage, and of SCTLR_EL1.{C, I}; ASL `AArch64_S1Translate`,
/// `AArch64_S1DisabledOutput`, `AArch64_S1Walk`, `WalkMemAttrs`). EL2 is implemented and enabled.
///
/// | stage 1 | data | fetch |
/// |---|---|---|
/// | on | MAIR; Normal is Normal-NC when C is clear | MAIR; Normal-NC where Device, or when I is clear |
/// | off | Device-nGnRnE | Normal Write-through RA OSH, or Normal-NC when I is clear |
/// | off by HCR_EL2.DC | Normal Write-back RWA NSH, Tagged with DCT | the same |
public final class Stage1Output {
    private static final MemoryAttributes DEFAULT_CACHEABLE =
            MemoryAttributes.normal(MemAttrHints.WB_RWA, MemAttrHints.WB_RWA, Shareability.NSH);
    private static final MemoryAttributes DEFAULT_CACHEABLE_TAGGED = DEFAULT_CACHEABLE.withTagged(true);

    private static final int RGN_MASK = 0b11;

    private Stage1Output() {}

    /// {@return whether stage 1 translates}
    /// @param sctlrM SCTLR_EL1.M
    /// @param tge HCR_EL2.TGE, which turns stage 1 of EL1&0 off
    /// @param dc HCR_EL2.DC, which turns stage 1 of EL1&0 off
    public static boolean isEnabled(boolean sctlrM, boolean tge, boolean dc) {
        return sctlrM && !tge && !dc;
    }

    /// {@return whether stage 2 translates: HCR_EL2.VM, which DC implies}
    /// @param vm HCR_EL2.VM
    /// @param dc HCR_EL2.DC
    public static boolean isStage2Enabled(boolean vm, boolean dc) {
        return vm || dc;
    }

    /// {@return the type of an access that stage 1 translated}
    /// @param leaf the type of the MAIR byte that the leaf selects
    /// @param kind [AccessKind#DATA] or [AccessKind#FETCH]
    /// @param sctlrC SCTLR_EL1.C
    /// @param sctlrI SCTLR_EL1.I
    public static MemoryAttributes translated(MemoryAttributes leaf, AccessKind kind, boolean sctlrC, boolean sctlrI) {
        boolean nonCacheable = kind == AccessKind.FETCH ? leaf.isDevice() || !sctlrI : !sctlrC && !leaf.isDevice();
        return nonCacheable ? MemoryAttributes.NORMAL_NC.withXs(leaf.xs()) : leaf;
    }

    /// {@return the type of an access while stage 1 is off}
    /// @param kind [AccessKind#DATA] or [AccessKind#FETCH]
    /// @param sctlrI SCTLR_EL1.I
    /// @param dc HCR_EL2.DC
    /// @param dct HCR_EL2.DCT, which has no effect without `dc`
    public static MemoryAttributes disabled(AccessKind kind, boolean sctlrI, boolean dc, boolean dct) {
        if (dc) {
            return dct ? DEFAULT_CACHEABLE_TAGGED : DEFAULT_CACHEABLE;
        }
        if (kind == AccessKind.FETCH) {
            return sctlrI ? MemoryAttributes.NORMAL_WT_RA : MemoryAttributes.NORMAL_NC;
        }
        return MemoryAttributes.DEVICE_nGnRnE;
    }

    /// {@return the type of stage-1 table walks}
    /// @param irgn TCR_EL1.IRGNn: 00 NC, 01 WB RWA, 10 WT RA, 11 WB RA
    /// @param orgn TCR_EL1.ORGNn, encoded likewise
    /// @param shareability TCR_EL1.SHn
    /// @param sctlrC SCTLR_EL1.C
    public static MemoryAttributes walk(int irgn, int orgn, Shareability shareability, boolean sctlrC) {
        MemoryAttributes type = walkType(irgn, orgn, shareability);
        return sctlrC ? type : MemoryAttributes.NORMAL_NC.withXs(type.xs());
    }

    /// {@return the type of table walks with their cacheability and shareability fields, of either stage}
    public static MemoryAttributes walkType(int irgn, int orgn, Shareability shareability) {
        return MemoryAttributes.normal(region(irgn), region(orgn), shareability.resolved());
    }

    private static MemAttrHints region(int rgn) {
        return switch (rgn & RGN_MASK) {
            case 0b01 -> MemAttrHints.WB_RWA;
            case 0b10 -> MemAttrHints.WT_RA;
            case 0b11 -> MemAttrHints.WB_RA;
            default -> MemAttrHints.NC;
        };
    }
}
