package dev.ipanema.arm.memory;

/// The stage-2 MemAttr[3:0] field: its values, names and meaning with HCR_EL2.FWB clear and set.
///
/// With FWB clear bits 3:2 are the outer and bits 1:0 the inner cacheability (01 NC, 10 WT, 11 WB), or
/// Device of the kind in bits 1:0 when bits 3:2 are 00. With FWB set bits 2:0 decide and may name the
/// stage-1 type (Arm ARM DDI 0487, stage 2 memory region type and cacheability attributes; ASL
/// `S2DecodeMemAttrs`, `AArch64_S2ApplyFWBMemAttrs`).
public final class Stage2MemAttr {
    /// Device-nGnRnE, with and without FWB.
    public static final int DEVICE_nGnRnE = 0b0000;
    /// Device-nGnRE, with and without FWB (Linux `MT_S2_DEVICE_nGnRE`, `MT_S2_FWB_DEVICE_nGnRE`).
    public static final int DEVICE_nGnRE = 0b0001;
    /// Device-nGRE, with and without FWB.
    public static final int DEVICE_nGRE = 0b0010;
    /// Device-GRE, with and without FWB.
    public static final int DEVICE_GRE = 0b0011;
    /// Normal Non-cacheable; with FWB unless stage 1 says Device (Linux `MT_S2_NORMAL_NC`,
    /// `MT_S2_FWB_NORMAL_NC`).
    public static final int NORMAL_NC = 0b0101;
    /// Normal Write-back without FWB (Linux `MT_S2_NORMAL`).
    public static final int NORMAL_WB = 0b1111;
    /// Normal Write-back whatever stage 1 says, with FWB (Linux `MT_S2_FWB_NORMAL`).
    public static final int FWB_NORMAL_WB = 0b0110;
    /// The stage-1 type unchanged, with FWB (Linux `MT_S2_FWB_AS_S1`).
    public static final int FWB_AS_S1 = 0b0111;
    /// Normal Write-back NoTagAccess without FWB; needs FEAT_MTE_PERM.
    public static final int NORMAL_WB_NO_TAG_ACCESS = 0b0100;
    /// As [#FWB_NORMAL_WB] with NoTagAccess; needs FEAT_MTE_PERM.
    public static final int FWB_NORMAL_WB_NO_TAG_ACCESS = 0b1110;
    /// As [#FWB_AS_S1] with NoTagAccess; needs FEAT_MTE_PERM.
    public static final int FWB_AS_S1_NO_TAG_ACCESS = 0b1111;

    static final int FWB_NORMAL = 0b100;
    static final int FWB_FORCE_WB = 0b110;
    static final int FWB_USE_S1 = 0b111;
    static final int FWB_FIELD = 0b111;
    static final int FWB_RESERVED = 0b100;
    static final int DEVICE_TYPE = 0b11;

    private static final int BIT3 = 0b1000;
    private static final int FIELD = 0b1111;
    private static final int INNER = 0b11;
    private static final int OUTER_SHIFT = 2;

    /// Whether the architecture defines a MemAttr value.
    public enum Status {
        /// Defined.
        DEFINED,
        /// Defined because the CPU has FEAT_MTE_PERM.
        DEFINED_MTE_PERM,
        /// With FWB: bits 2:0 are a reserved encoding, acts as Normal Non-cacheable unless stage 1 says
        /// Device.
        RESERVED,
        /// With FWB: bit 3 is set although RES0; it is ignored.
        RES0_BIT3,
        /// Without FWB: the inner field is reserved; acts as inner Non-cacheable here.
        CONSTRAINED_UNPREDICTABLE
    }

    private Stage2MemAttr() {}

    /// {@return whether and how a value is defined}
    /// @param memAttr MemAttr[3:0]
    /// @param fwb HCR_EL2.FWB
    /// @param mtePerm whether the CPU has FEAT_MTE_PERM
    public static Status status(int memAttr, boolean fwb, boolean mtePerm) {
        if (fwb) {
            if ((memAttr & FWB_FIELD) == FWB_RESERVED) {
                return Status.RESERVED;
            }
            if ((memAttr & BIT3) == 0) {
                return Status.DEFINED;
            }
            return noTagAccess(memAttr, true, mtePerm) ? Status.DEFINED_MTE_PERM : Status.RES0_BIT3;
        }
        if (noTagAccess(memAttr, false, mtePerm)) {
            return Status.DEFINED_MTE_PERM;
        }
        boolean normalWithoutInner = outerField(memAttr) != 0 && (memAttr & INNER) == 0;
        return normalWithoutInner ? Status.CONSTRAINED_UNPREDICTABLE : Status.DEFINED;
    }

    /// {@return whether a value forbids tag access where the location is tagged}
    public static boolean noTagAccess(int memAttr, boolean fwb, boolean mtePerm) {
        if (!mtePerm) {
            return false;
        }
        int value = memAttr & FIELD;
        return fwb
                ? value == FWB_NORMAL_WB_NO_TAG_ACCESS || value == FWB_AS_S1_NO_TAG_ACCESS
                : value == NORMAL_WB_NO_TAG_ACCESS;
    }

    /// The stage-2 type on its own with HCR_EL2.FWB clear. Allocation hints, which stage 2 does not have,
    /// are shown as RWA; they never reach a combined result.
    ///
    /// @param memAttr MemAttr[3:0]
    /// @param shareability the SH field, or VTCR_EL2.SH0 with LPA2
    /// @param mtePerm whether the CPU has FEAT_MTE_PERM
    public static MemoryAttributes decode(int memAttr, Shareability shareability, boolean mtePerm) {
        int outer = outerField(memAttr);
        if (outer == 0) {
            return MemoryAttributes.device(DeviceType.ofBits(memAttr));
        }
        if (noTagAccess(memAttr, false, mtePerm)) {
            return MemoryAttributes.normal(MemAttrHints.WB_RWA, MemAttrHints.WB_RWA, shareability.resolved());
        }
        return MemoryAttributes.normal(decodeField(memAttr & INNER), decodeField(outer), shareability.resolved());
    }

    private static int outerField(int memAttr) {
        return memAttr >> OUTER_SHIFT & INNER;
    }

    private static MemAttrHints decodeField(int field) {
        return switch (field) {
            case 0b10 -> MemAttrHints.WT_RWA;
            case 0b11 -> MemAttrHints.WB_RWA;
            default -> MemAttrHints.NC;
        };
    }

    /// {@return the meaning of a value in words: `Normal oWB iWB`, `Device-nGnRE`, with FWB `Force
    /// Normal-WB`}
    public static String describe(int memAttr, boolean fwb, boolean mtePerm) {
        String tags = noTagAccess(memAttr, fwb, mtePerm) ? " NoTagAccess" : "";
        if (fwb) {
            return describeFwb(memAttr) + (tags.isEmpty() ? "" : " +" + tags);
        }
        if (outerField(memAttr) == 0) {
            return DeviceType.ofBits(memAttr).armName();
        }
        if (!tags.isEmpty()) {
            return "Normal oWB iWB" + tags;
        }
        return "Normal o" + fieldName(outerField(memAttr)) + " i" + fieldName(memAttr & INNER);
    }

    private static String describeFwb(int memAttr) {
        return switch (memAttr & FWB_FIELD) {
            case 0b000, 0b001, 0b010, 0b011 -> DeviceType.ofBits(memAttr).armName();
            case FWB_RESERVED -> "RESERVED";
            case FWB_FORCE_WB -> "Force Normal-WB";
            case FWB_USE_S1 -> "Use S1 attributes";
            default -> "Normal-NC unless S1 Device";
        };
    }

    private static String fieldName(int field) {
        return switch (field) {
            case 0b01 -> "NC";
            case 0b10 -> "WT";
            case 0b11 -> "WB";
            default -> "reserved";
        };
    }
}
