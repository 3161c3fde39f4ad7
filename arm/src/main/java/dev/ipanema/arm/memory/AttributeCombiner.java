package dev.ipanema.arm.memory;

/// The memory type that stage 1 and stage 2 give together (Arm ARM DDI 0487, combining the stage 1 and
/// stage 2 attributes; ASL `S2CombineS1MemAttrs`, `AArch64_S2ApplyFWBMemAttrs`, `S2MemTagType`).
///
/// <h2>HCR_EL2.FWB clear</h2>
/// Device wins over Normal and the stricter Device over the other; between two Normal types the weaker
/// cacheability wins, inner and outer separately, with the hints of stage 1.
///
/// <h2>HCR_EL2.FWB set</h2>
/// Stage 2 decides: Device (stricter where stage 1 is Device too), Normal Non-cacheable unless stage 1 is
/// Device, Normal Write-back whatever stage 1 says, or the type of stage 1. The reserved value 100 acts as
/// 101.
///
/// Always: the wider shareability, corrected to Outer Shareable for Device and Non-cacheable memory; tags
/// survive on Write-back RWA non-transient memory only; XS comes from stage 1, but is clear where stage 2
/// forces Write-back. Nothing here allocates once a result has been seen.
public final class AttributeCombiner {
    private AttributeCombiner() {}

    /// {@return the combined type}
    /// @param s1 the type that stage 1 gives
    /// @param memAttr MemAttr[3:0] of the stage-2 leaf
    /// @param s2Shareability SH of the stage-2 leaf, or VTCR_EL2.SH0 with LPA2
    /// @param fwb HCR_EL2.FWB
    /// @param mtePerm whether the CPU has FEAT_MTE_PERM
    public static MemoryAttributes combine(
            MemoryAttributes s1, int memAttr, Shareability s2Shareability, boolean fwb, boolean mtePerm) {
        if (fwb) {
            return applyFwb(s1, memAttr, s2Shareability, mtePerm);
        }
        MemoryAttributes s2 = Stage2MemAttr.decode(memAttr, s2Shareability, mtePerm);
        return combine(s1, s2, s2Shareability, Stage2MemAttr.noTagAccess(memAttr, false, mtePerm));
    }

    /// The combination with HCR_EL2.FWB clear of a stage-1 type and a stage-2 type that is already decoded
    /// (and perhaps modified, see [Stage2Modifiers]).
    ///
    /// @param s2Shareability the shareability of stage 2; not read from `s2`, whose own may have been forced
    /// @param noTagAccess whether stage 2 forbids tag access
    public static MemoryAttributes combine(
            MemoryAttributes s1, MemoryAttributes s2, Shareability s2Shareability, boolean noTagAccess) {
        int a = s1.packed();
        int b = s2.packed();
        int sh = s1.shareability().combine(s2Shareability).bits();
        int result;
        if (s1.isDevice()) {
            int type = MemoryAttributes.inner(a);
            result = MemoryAttributes.packDevice(
                    s2.isDevice() ? Math.min(type, MemoryAttributes.inner(b)) : type, s1.xs());
        } else if (s2.isDevice()) {
            result = MemoryAttributes.packDevice(MemoryAttributes.inner(b), s1.xs());
        } else {
            int inner = weaker(MemoryAttributes.inner(a), MemoryAttributes.inner(b));
            int outer = weaker(MemoryAttributes.outer(a), MemoryAttributes.outer(b));
            result = MemoryAttributes.packNormal(inner, outer, sh, s1.xs());
        }
        return withTagsOf(s1, result, noTagAccess);
    }

    private static MemoryAttributes applyFwb(
            MemoryAttributes s1, int memAttr, Shareability s2Shareability, boolean mtePerm) {
        int value = memAttr & Stage2MemAttr.FWB_FIELD;
        int a = s1.packed();
        int sh = s1.shareability().combine(s2Shareability).bits();
        int result;
        if ((value & Stage2MemAttr.FWB_NORMAL) == 0) {
            int type = value & Stage2MemAttr.DEVICE_TYPE;
            result = MemoryAttributes.packDevice(
                    s1.isDevice() ? Math.min(type, MemoryAttributes.inner(a)) : type, s1.xs());
        } else if (value == Stage2MemAttr.FWB_FORCE_WB) {
            result = MemoryAttributes.packNormal(
                    forceWriteBack(s1.inner().packed()),
                    forceWriteBack(s1.outer().packed()),
                    sh,
                    false);
        } else if (s1.isDevice()) {
            result = a;
        } else if (value == Stage2MemAttr.FWB_USE_S1) {
            result = MemoryAttributes.packNormal(MemoryAttributes.inner(a), MemoryAttributes.outer(a), sh, s1.xs());
        } else {
            result = MemoryAttributes.packNormal(0, 0, sh, s1.xs());
        }
        return withTagsOf(s1, result, Stage2MemAttr.noTagAccess(memAttr, true, mtePerm));
    }

    private static int weaker(int s1Hints, int s2Hints) {
        int cacheability = Math.min(s1Hints & MemAttrHints.CACHEABILITY, s2Hints & MemAttrHints.CACHEABILITY);
        return cacheability == 0 ? 0 : (s1Hints & MemAttrHints.HINTS) | cacheability;
    }

    private static int forceWriteBack(int s1Hints) {
        return s1Hints == 0 ? MemAttrHints.WB_RWA.packed() : (s1Hints & MemAttrHints.HINTS) | Cacheability.WB.ordinal();
    }

    private static MemoryAttributes withTagsOf(MemoryAttributes s1, int result, boolean noTagAccess) {
        boolean survives = s1.tagged() && MemoryAttributes.isWriteBackFullAllocate(result);
        return MemoryAttributes.ofPacked(survives ? MemoryAttributes.tagged(result, noTagAccess) : result);
    }
}
