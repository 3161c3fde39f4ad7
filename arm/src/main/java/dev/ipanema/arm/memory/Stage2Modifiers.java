package dev.ipanema.arm.memory;

/// The controls of EL2 that change how stage 2 gives a memory type, and the steps from a stage-2 leaf to
/// the final type (Arm ARM DDI 0487, HCR_EL2; ASL `AArch64_S2Translate`, `AArch64_S2Walk`). Only for
/// HCR_EL2.VM set.
///
/// 1. [#leafType]: the stage-2 type, with FWB already combined with stage 1. Stage-2 alignment
/// ([AlignmentRules#faultsByType]), fetch and walk checks look at this one.
/// 2. [#walkFaults]: a stage-1 walk that hits Device memory, with PTW.
/// 3. [#result]: CD, ID and fetches from Device memory, then the combination with stage 1.
///
/// KVM runs guests with PTW set and CD and ID clear.
///
/// @param fwb HCR_EL2.FWB
/// @param ptw HCR_EL2.PTW: a stage-1 walk that stage 2 maps as Device faults
/// @param cd HCR_EL2.CD: data accesses and walks that stage 2 maps as Normal are Non-cacheable
/// @param id HCR_EL2.ID: fetches are Non-cacheable at stage 2
/// @param mtePerm whether the CPU has FEAT_MTE_PERM
public record Stage2Modifiers(boolean fwb, boolean ptw, boolean cd, boolean id, boolean mtePerm) {
    /// {@return the type of a stage-2 leaf: decoded, with FWB combined with stage 1}
    /// @param s1 the type that stage 1 gives, see [Stage1Output]
    /// @param memAttr MemAttr[3:0] of the leaf
    /// @param shareability SH of the leaf, or VTCR_EL2.SH0 with LPA2
    public MemoryAttributes leafType(MemoryAttributes s1, int memAttr, Shareability shareability) {
        return fwb
                ? AttributeCombiner.combine(s1, memAttr, shareability, true, mtePerm)
                : Stage2MemAttr.decode(memAttr, shareability, mtePerm);
    }

    /// {@return whether a stage-1 walk takes a stage-2 permission fault because of the memory type}
    /// @param leafType result of [#leafType]
    public boolean walkFaults(AccessKind kind, MemoryAttributes leafType) {
        return kind == AccessKind.WALK && ptw && leafType.isDevice();
    }

    /// {@return the final type of an access that did not fault}
    /// @param s1 the type that stage 1 gives
    /// @param leafType result of [#leafType] for the same `s1`, `memAttr` and `shareability`
    /// @param fnxs the FnXS bit of the leaf (FEAT_XS), which clears XS
    public MemoryAttributes result(
            AccessKind kind,
            MemoryAttributes s1,
            MemoryAttributes leafType,
            int memAttr,
            Shareability shareability,
            boolean fnxs) {
        MemoryAttributes s2 = modified(kind, leafType);
        MemoryAttributes combined = s2;
        if (!fwb) {
            boolean noTagAccess = Stage2MemAttr.noTagAccess(memAttr, false, mtePerm);
            combined = AttributeCombiner.combine(s1, s2, shareability, noTagAccess);
        }
        return fnxs ? combined.withXs(false) : combined;
    }

    private MemoryAttributes modified(AccessKind kind, MemoryAttributes leafType) {
        boolean nonCacheable = switch (kind) {
            case FETCH -> id || leafType.isDevice();
            case WALK -> leafType.isDevice() || cd;
            case DATA -> cd && !leafType.isDevice();
        };
        return nonCacheable ? MemoryAttributes.NORMAL_NC.withXs(leafType.xs()) : leafType;
    }

    /// {@return the type of stage-2 table walks}
    /// @param irgn0 VTCR_EL2.IRGN0
    /// @param orgn0 VTCR_EL2.ORGN0
    /// @param sh0 VTCR_EL2.SH0
    public MemoryAttributes walkType(int irgn0, int orgn0, Shareability sh0) {
        MemoryAttributes type = Stage1Output.walkType(irgn0, orgn0, sh0);
        return cd ? MemoryAttributes.NORMAL_NC.withXs(type.xs()) : type;
    }
}
