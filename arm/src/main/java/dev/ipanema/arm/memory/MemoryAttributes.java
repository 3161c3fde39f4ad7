package dev.ipanema.arm.memory;

import java.util.concurrent.atomic.AtomicReferenceArray;

/// The memory type of one location, as one translation stage or both stages together give it: Device of
/// some kind, or Normal with inner and outer cacheability, and shareability, Allocation Tagged, NoTagAccess
/// and XS (ASL type `MemoryAttributes`).
///
/// Instances are interned, so `==` compares values, and hot code may carry [#packed()] (16 bits, this
/// project's own layout) and turn it back by one array load. The invariant `effective shareability` holds
/// for every value: Device memory, and Normal memory that is Non-cacheable at both levels, is Outer
/// Shareable (ASL `EffectiveShareability`; applied to the stage-1 result too, which the architecture
/// permits).
public final class MemoryAttributes {
    private static final int SH = 0b11;
    private static final int DEVICE = 1 << 2;
    private static final int TAGGED = 1 << 3;
    private static final int NO_TAG_ACCESS = 1 << 4;
    private static final int XS = 1 << 5;
    private static final int INNER_SHIFT = 6;
    private static final int OUTER_SHIFT = INNER_SHIFT + MemAttrHints.PACKED_BITS;
    private static final int LEVEL = (1 << MemAttrHints.PACKED_BITS) - 1;
    private static final int PACKED_VALUES = 1 << (OUTER_SHIFT + MemAttrHints.PACKED_BITS);

    private static final AtomicReferenceArray<MemoryAttributes> INTERNED = new AtomicReferenceArray<>(PACKED_VALUES);

    /// Device-nGnRnE.
    public static final MemoryAttributes DEVICE_nGnRnE = device(DeviceType.nGnRnE);
    /// Device-nGnRE.
    public static final MemoryAttributes DEVICE_nGnRE = device(DeviceType.nGnRE);
    /// Device-nGRE.
    public static final MemoryAttributes DEVICE_nGRE = device(DeviceType.nGRE);
    /// Device-GRE.
    public static final MemoryAttributes DEVICE_GRE = device(DeviceType.GRE);
    /// Normal Non-cacheable, which is Outer Shareable.
    public static final MemoryAttributes NORMAL_NC = normal(MemAttrHints.NC, MemAttrHints.NC, Shareability.OSH);
    /// Normal Write-back read- and write-allocate, Inner Shareable.
    public static final MemoryAttributes NORMAL_WB = normal(MemAttrHints.WB_RWA, MemAttrHints.WB_RWA, Shareability.ISH);
    /// Normal Write-back read- and write-allocate, Inner Shareable, Allocation Tagged.
    public static final MemoryAttributes NORMAL_WB_TAGGED = NORMAL_WB.withTagged(true);
    /// Normal Write-through read-allocate, Outer Shareable.
    public static final MemoryAttributes NORMAL_WT_RA =
            normal(MemAttrHints.WT_RA, MemAttrHints.WT_RA, Shareability.OSH);

    private final int packed;

    private MemoryAttributes(int packed) {
        this.packed = packed;
    }

    /// {@return Device memory of a kind, with XS set}
    public static MemoryAttributes device(DeviceType type) {
        return device(type, true);
    }

    /// {@return Device memory of a kind}
    /// @param xs the XS attribute (FEAT_XS): whether an access may take long to complete
    public static MemoryAttributes device(DeviceType type, boolean xs) {
        return ofPacked(packDevice(type.ordinal(), xs));
    }

    /// {@return Normal memory, not tagged, with the XS attribute that a MAIR encoding of these hints has:
    /// clear where both levels are Write-back, else set}
    public static MemoryAttributes normal(MemAttrHints inner, MemAttrHints outer, Shareability shareability) {
        boolean xs = inner.cacheability() != Cacheability.WB || outer.cacheability() != Cacheability.WB;
        return ofPacked(packNormal(inner.packed(), outer.packed(), shareability.bits(), xs));
    }

    /// {@return the value of [#packed()] turned back, without allocation after its first use}
    /// @param packed a result of [#packed()]
    /// @throws IndexOutOfBoundsException when `packed` has more than 16 bits
    public static MemoryAttributes ofPacked(int packed) {
        MemoryAttributes known = INTERNED.getPlain(packed);
        return known != null ? known : create(packed);
    }

    private static MemoryAttributes create(int packed) {
        // RACE: getPlain may miss an object that another thread has just published; the final field makes an object
        // safe to publish by any route, and compareAndSet keeps one object per value.
        INTERNED.compareAndSet(packed, null, new MemoryAttributes(packed));
        return INTERNED.get(packed);
    }

    static int packDevice(int type, boolean xs) {
        return DEVICE | type << INNER_SHIFT | (xs ? XS : 0) | Shareability.OSH.bits();
    }

    static int packNormal(int inner, int outer, int sh, boolean xs) {
        int effective = inner == 0 && outer == 0 ? Shareability.OSH.bits() : sh;
        return inner << INNER_SHIFT | outer << OUTER_SHIFT | (xs ? XS : 0) | effective;
    }

    static boolean isDevice(int packed) {
        return (packed & DEVICE) != 0;
    }

    static int inner(int packed) {
        return packed >> INNER_SHIFT & LEVEL;
    }

    static int outer(int packed) {
        return packed >> OUTER_SHIFT & LEVEL;
    }

    /// {@return 16 bits that identify this value; the layout may change between builds}
    public int packed() {
        return packed;
    }

    /// {@return whether this is Device memory}
    public boolean isDevice() {
        return isDevice(packed);
    }

    /// {@return the kind of Device memory}
    /// @throws IllegalStateException when this is Normal memory
    public DeviceType deviceType() {
        if (!isDevice()) {
            throw new IllegalStateException("Not Device memory: " + this);
        }
        return DeviceType.ofBits(inner(packed));
    }

    /// {@return inner cacheability and hints; [MemAttrHints#NC] for Device memory}
    public MemAttrHints inner() {
        return isDevice() ? MemAttrHints.NC : MemAttrHints.ofPacked(inner(packed));
    }

    /// {@return outer cacheability and hints; [MemAttrHints#NC] for Device memory}
    public MemAttrHints outer() {
        return MemAttrHints.ofPacked(outer(packed));
    }

    /// {@return the effective shareability}
    public Shareability shareability() {
        return Shareability.ofBits(packed & SH);
    }

    /// {@return whether the location has allocation tags (FEAT_MTE2)}
    public boolean tagged() {
        return (packed & TAGGED) != 0;
    }

    /// {@return whether stage 2 forbids access to the allocation tags (FEAT_MTE_PERM); only for tagged
    /// memory}
    public boolean noTagAccess() {
        return (packed & NO_TAG_ACCESS) != 0;
    }

    /// {@return the XS attribute (FEAT_XS)}
    public boolean xs() {
        return (packed & XS) != 0;
    }

    /// {@return whether this is Normal memory, cacheable at the inner or the outer level}
    public boolean isCacheable() {
        return !isDevice() && packed >> INNER_SHIFT != 0;
    }

    /// {@return whether this is Normal memory, Non-cacheable at both levels}
    public boolean isNormalNonCacheable() {
        return !isDevice() && packed >> INNER_SHIFT == 0;
    }

    /// {@return whether this is cacheable memory that is Write-back at no level: every store reaches memory}
    public boolean isWriteThrough() {
        return isCacheable() && inner().cacheability() != Cacheability.WB && outer().cacheability() != Cacheability.WB;
    }

    /// {@return whether this is Normal memory, Write-back at both levels, whatever the hints}
    public boolean isWriteBackBoth() {
        return !isDevice() && inner().cacheability() == Cacheability.WB && outer().cacheability() == Cacheability.WB;
    }

    /// {@return whether this is Write-back read- and write-allocate, not transient, at both levels: the
    /// memory that carries tags and on which exclusives and atomics are architecturally guaranteed}
    public boolean isWriteBackFullAllocate() {
        return isWriteBackFullAllocate(packed);
    }

    static boolean isWriteBackFullAllocate(int packed) {
        int full = MemAttrHints.WB_RWA.packed();
        return (packed & DEVICE) == 0 && packed >> INNER_SHIFT == (full | full << MemAttrHints.PACKED_BITS);
    }

    /// {@return this type in another shareability domain, as far as the effective shareability rule allows}
    public MemoryAttributes withShareability(Shareability shareability) {
        return isDevice() || isNormalNonCacheable() ? this : ofPacked((packed & ~SH) | shareability.bits());
    }

    /// {@return this type with or without allocation tags}
    /// @throws IllegalArgumentException when tags are asked for on memory that cannot have them
    public MemoryAttributes withTagged(boolean tagged) {
        if (!tagged) {
            return ofPacked(packed & ~(TAGGED | NO_TAG_ACCESS));
        }
        if (!isWriteBackFullAllocate()) {
            throw new IllegalArgumentException("Only Write-back RWA memory has allocation tags, not " + this);
        }
        return ofPacked(packed | TAGGED);
    }

    static int tagged(int packed, boolean noTagAccess) {
        return packed | TAGGED | (noTagAccess ? NO_TAG_ACCESS : 0);
    }

    /// {@return this type with another XS attribute}
    public MemoryAttributes withXs(boolean xs) {
        return ofPacked(xs ? packed | XS : packed & ~XS);
    }

    /// {@return the class of the type without hints and shareability: `Device-nGnRE`, `Normal-NC`,
    /// `Normal-WB`, `Normal-WB-Tagged`, or `Normal-oWB-iNC` where the levels differ}
    public String className() {
        if (isDevice()) {
            return deviceType().armName();
        }
        Cacheability inner = inner().cacheability();
        Cacheability outer = outer().cacheability();
        if (inner != outer) {
            return "Normal-o" + outer + "-i" + inner;
        }
        return "Normal-" + inner + (tagged() ? "-Tagged" : "");
    }

    /// {@return the type with all hints, without shareability: `Device-nGnRE`, or
    /// `Normal outer WB-RWA inner WB-RWA Tagged NoTagAccess`}
    public String longName() {
        if (isDevice()) {
            return deviceType().armName();
        }
        return "Normal outer " + outer() + " inner " + inner() + tagSuffix();
    }

    private String tagSuffix() {
        return (tagged() ? " Tagged" : "") + (noTagAccess() ? " NoTagAccess" : "");
    }

    /// {@return for example `Device-nGnRE`, `Normal-NC OSH`, `Normal-WB RWA ISH`, `Normal-WB RWA ISH Tagged`}
    @Override
    public String toString() {
        if (isDevice()) {
            return deviceType().armName();
        }
        if (inner() != outer()) {
            return longName() + " " + shareability();
        }
        String hints = inner().hints() + (inner().isTransient() ? " transient" : "");
        return "Normal-" + inner().cacheability() + (hints.isEmpty() ? "" : " " + hints) + " " + shareability()
                + tagSuffix();
    }
}
