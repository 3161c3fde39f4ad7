package dev.ipanema.arm.memory;

/// The attribute bytes of MAIR_ELx: decoding of all 256 values and the canonical encoding of a memory type.
///
/// High nibble 0 is Device, with the kind in bits 3:2. Otherwise the high nibble is the outer and the low
/// nibble the inner cacheability: `0100` Non-cacheable, `00RW` Write-through transient, `10RW`
/// Write-through, `01RW` (RW not 00) Write-back transient, `11RW` Write-back. Three bytes with low nibble 0
/// are exceptions: 0x40 Normal Non-cacheable with XS clear, 0xA0 Write-through read-allocate with XS clear,
/// 0xF0 Write-back Tagged. The remaining values are UNPREDICTABLE and act as Device-nGnRnE here (Arm ARM
/// DDI 0487, MAIR_EL1; ASL `S1DecodeMemAttrs`, `DecodeLDFAttr`).
public final class Mair {
    /// Device-nGnRnE.
    public static final int DEVICE_nGnRnE = 0x00;
    /// Device-nGnRE.
    public static final int DEVICE_nGnRE = 0x04;
    /// Device-nGRE.
    public static final int DEVICE_nGRE = 0x08;
    /// Device-GRE.
    public static final int DEVICE_GRE = 0x0C;
    /// Normal Non-cacheable.
    public static final int NORMAL_NC = 0x44;
    /// Normal Non-cacheable with XS clear (FEAT_XS).
    public static final int NORMAL_NC_NXS = 0x40;
    /// Normal Write-through, read- and write-allocate.
    public static final int NORMAL_WT = 0xBB;
    /// Normal Write-through read-allocate with XS clear (FEAT_XS).
    public static final int NORMAL_WT_RA_NXS = 0xA0;
    /// Normal Write-back, read- and write-allocate.
    public static final int NORMAL_WB = 0xFF;
    /// Normal Write-back, read- and write-allocate, Allocation Tagged (FEAT_MTE2).
    public static final int NORMAL_TAGGED = 0xF0;

    private static final int ATTR_BITS = 8;
    private static final int BYTE = (1 << ATTR_BITS) - 1;
    private static final int NIBBLE_BITS = 4;
    private static final int NIBBLE = 0xF;
    private static final int NIBBLE_NC = 0b0100;
    private static final int NIBBLE_W = 0b0001;
    private static final int NIBBLE_R = 0b0010;
    private static final int NIBBLE_BACK = 0b0100;
    private static final int NIBBLE_NON_TRANSIENT = 0b1000;
    private static final int DEVICE_TYPE_SHIFT = 2;
    private static final int DEVICE_NXS = 0b01;
    private static final int DEVICE_LOW = 0b11;

    private Mair() {}

    /// {@return byte `index` of a MAIR_ELx value}
    /// @param index the AttrIndx of a descriptor, 0 to 7
    public static int attr(long mair, int index) {
        return (int) (mair >>> (index * ATTR_BITS)) & BYTE;
    }

    /// {@return whether the architecture defines a byte}
    /// @param mair a MAIR byte, 0 to 255
    /// @param featXs whether the CPU has FEAT_XS, which defines 0x01, 0x05, 0x09, 0x0D, 0x40 and 0xA0
    /// @param featMte2 whether the CPU has FEAT_MTE2, which defines 0xF0
    public static boolean isDefined(int mair, boolean featXs, boolean featMte2) {
        int high = mair >> NIBBLE_BITS & NIBBLE;
        int low = mair & NIBBLE;
        if (high == 0) {
            int rest = low & DEVICE_LOW;
            return rest == 0 || (rest == DEVICE_NXS && featXs);
        }
        if (low != 0) {
            return true;
        }
        return switch (mair & BYTE) {
            case NORMAL_NC_NXS, NORMAL_WT_RA_NXS -> featXs;
            case NORMAL_TAGGED -> featMte2;
            default -> false;
        };
    }

    /// {@return the memory type of a MAIR byte on a CPU that has FEAT_XS and FEAT_MTE2}
    /// @param mair a MAIR byte; bits above 7 are ignored
    /// @param shareability the SH field of the descriptor, without effect on Device and Non-cacheable memory
    public static MemoryAttributes decode(int mair, Shareability shareability) {
        return decode(mair, shareability, true, true);
    }

    /// {@return the memory type of a MAIR byte; Device-nGnRnE where [#isDefined] says no}
    /// @param mair a MAIR byte; bits above 7 are ignored
    /// @param shareability the SH field of the descriptor, without effect on Device and Non-cacheable memory
    /// @param featXs whether the CPU has FEAT_XS
    /// @param featMte2 whether the CPU has FEAT_MTE2
    public static MemoryAttributes decode(int mair, Shareability shareability, boolean featXs, boolean featMte2) {
        if (!isDefined(mair, featXs, featMte2)) {
            return MemoryAttributes.DEVICE_nGnRnE;
        }
        int high = mair >> NIBBLE_BITS & NIBBLE;
        int low = mair & NIBBLE;
        Shareability sh = shareability.resolved();
        if (high == 0) {
            return MemoryAttributes.device(
                    DeviceType.ofBits(low >> DEVICE_TYPE_SHIFT), (low & DEVICE_LOW) != DEVICE_NXS);
        }
        if (low == 0) {
            MemAttrHints both = decodeNibble(high == NIBBLE ? NIBBLE : high);
            MemoryAttributes attributes =
                    MemoryAttributes.normal(both, both, sh).withXs(false);
            return high == NIBBLE ? attributes.withTagged(true) : attributes;
        }
        return MemoryAttributes.normal(decodeNibble(low), decodeNibble(high), sh);
    }

    private static MemAttrHints decodeNibble(int nibble) {
        if (nibble == NIBBLE_NC) {
            return MemAttrHints.NC;
        }
        return MemAttrHints.of(
                (nibble & NIBBLE_BACK) != 0 ? Cacheability.WB : Cacheability.WT,
                (nibble & NIBBLE_R) != 0,
                (nibble & NIBBLE_W) != 0,
                (nibble & NIBBLE_NON_TRANSIENT) == 0);
    }

    /// The MAIR byte of a memory type without regard to XS, as QEMU, KVM and the reference tables write it:
    /// 0x44 for Normal Non-cacheable, 0xF0 for Tagged memory.
    ///
    /// @return a byte that [#decode] turns back into the type, except for XS, NoTagAccess and shareability
    public static int encode(MemoryAttributes attributes) {
        if (attributes.isDevice()) {
            return attributes.deviceType().bits() << DEVICE_TYPE_SHIFT;
        }
        if (attributes.tagged()) {
            return NORMAL_TAGGED;
        }
        return encodeNibble(attributes.outer()) << NIBBLE_BITS | encodeNibble(attributes.inner());
    }

    private static int encodeNibble(MemAttrHints hints) {
        if (hints.cacheability() == Cacheability.NC) {
            return NIBBLE_NC;
        }
        return (hints.cacheability() == Cacheability.WB ? NIBBLE_BACK : 0)
                | (hints.readAllocate() ? NIBBLE_R : 0)
                | (hints.writeAllocate() ? NIBBLE_W : 0)
                | (hints.isTransient() ? 0 : NIBBLE_NON_TRANSIENT);
    }
}
