package dev.ipanema.arm.pgtable;

import dev.ipanema.arm.memory.Shareability;

/// VTCR_EL2: control of stage 2 of the EL1&0 translation regime, as constants and static functions over the
/// register value (Arm ARM DDI 0487, VTCR_EL2; ASL `AArch64_S2StartLevel`, `AArch64_S2InvalidSL`,
/// `AArch64_S2InconsistentSL`).
public final class VtcrEl2 {
    /// Bit 31, RES1.
    public static final long RES1 = 1L << 31;
    /// Field VS: 16-bit VMIDs.
    public static final long VS = 1L << 19;
    /// Field HA: hardware management of the access flag.
    public static final long HA = 1L << 21;
    /// Field HD: hardware management of dirty state.
    public static final long HD = 1L << 22;
    /// Field DS: FEAT_LPA2 descriptors and 52-bit addresses with 4 KiB and 16 KiB granules.
    public static final long DS = 1L << 32;
    /// Field SL2: top bit of the start level with DS and 4 KiB granule.
    public static final long SL2 = 1L << 33;

    /// Cacheability of walks, Normal Write-back read- and write-allocate, in IRGN0 and ORGN0.
    public static final int RGN_WBWA = 0b01;

    /// Result of [#startLevel] for a reserved encoding.
    public static final int NO_START_LEVEL = Integer.MIN_VALUE;

    private static final int T0SZ_MASK = 0x3F;
    private static final int SL0_SHIFT = 6;
    private static final int IRGN0_SHIFT = 8;
    private static final int ORGN0_SHIFT = 10;
    private static final int SH0_SHIFT = 12;
    private static final int TG0_SHIFT = 14;
    private static final int PS_SHIFT = 16;
    private static final int TWO_BITS = 0b11;
    private static final int PS_MASK = 0b111;
    private static final int SL2_WEIGHT = 0b100;

    private static final int LAST_LEVEL = 3;
    private static final int LOG2_MAX_CONCATENATED = 4;
    private static final int PA_BITS_FOR_4K_LEVEL_0 = 44;
    private static final int PA_BITS_FOR_16K_LEVEL_1 = 42;
    private static final int PA_BITS_FOR_64K_LEVEL_1 = 44;
    private static final int PA_BITS_LPA2 = 52;

    private static final int[] PS_BITS = {32, 36, 40, 42, 44, 48, 52, 56};

    private VtcrEl2() {}

    /// The value that KVM writes: shape of the tables, Inner Shareable Write-back walks, RES1 set
    /// (Linux `kvm_get_vtcr`).
    ///
    /// @param geometry granule and IPA size
    /// @param paBits physical address size to allow, one of 32, 36, 40, 42, 44, 48, 52
    /// @param hardwareAccessFlag HA
    /// @param vmid16 VS
    /// @param lpa2 DS; ignored with a 64 KiB granule, which has 52-bit addresses without it
    /// @throws IllegalArgumentException when `paBits` has no encoding
    public static long of(
            Stage2Geometry geometry, int paBits, boolean hardwareAccessFlag, boolean vmid16, boolean lpa2) {
        boolean ds = lpa2 && geometry.granule() != Granule.K64;
        return RES1
                | geometry.t0sz()
                | (long) geometry.sl0() << SL0_SHIFT
                | (long) RGN_WBWA << IRGN0_SHIFT
                | (long) RGN_WBWA << ORGN0_SHIFT
                | (long) Shareability.ISH.bits() << SH0_SHIFT
                | (long) geometry.granule().tg0() << TG0_SHIFT
                | (long) psOf(paBits) << PS_SHIFT
                | (vmid16 ? VS : 0)
                | (hardwareAccessFlag ? HA : 0)
                | (ds ? DS : 0);
    }

    /// {@return field T0SZ: 64 minus the IPA size in bits}
    public static int t0sz(long vtcr) {
        return (int) vtcr & T0SZ_MASK;
    }

    /// {@return the size of the IPA space in bits, 1 to 64}
    public static int ipaBits(long vtcr) {
        return Long.SIZE - t0sz(vtcr);
    }

    /// {@return field SL0}
    public static int sl0(long vtcr) {
        return (int) (vtcr >>> SL0_SHIFT) & TWO_BITS;
    }

    /// {@return field IRGN0: 00 NC, 01 WB RWA, 10 WT RA, 11 WB RA}
    public static int irgn0(long vtcr) {
        return (int) (vtcr >>> IRGN0_SHIFT) & TWO_BITS;
    }

    /// {@return field ORGN0: 00 NC, 01 WB RWA, 10 WT RA, 11 WB RA}
    public static int orgn0(long vtcr) {
        return (int) (vtcr >>> ORGN0_SHIFT) & TWO_BITS;
    }

    /// {@return field SH0: shareability of walks, and with DS of all translated memory}
    public static Shareability sh0(long vtcr) {
        return Shareability.ofBits((int) (vtcr >>> SH0_SHIFT));
    }

    /// {@return field TG0}
    public static Granule granule(long vtcr) {
        return Granule.ofTg0((int) (vtcr >>> TG0_SHIFT));
    }

    /// {@return field PS}
    public static int ps(long vtcr) {
        return (int) (vtcr >>> PS_SHIFT) & PS_MASK;
    }

    /// {@return the physical address size that field PS allows, in bits}
    public static int paBits(long vtcr) {
        return PS_BITS[ps(vtcr)];
    }

    /// {@return the encoding of a physical address size in VTCR_EL2.PS, TCR_EL1.IPS and
    /// ID_AA64MMFR0_EL1.PARange}
    /// @throws IllegalArgumentException when the size has no encoding
    public static int psOf(int paBits) {
        for (int ps = 0; ps < PS_BITS.length; ps++) {
            if (PS_BITS[ps] == paBits) {
                return ps;
            }
        }
        throw new IllegalArgumentException("No encoding of a physical address size of " + paBits + " bits");
    }

    /// {@return the bits of an address size encoding}
    /// @param ps PS, IPS or PARange, 0 to 7
    public static int paBitsOf(int ps) {
        return PS_BITS[ps & PS_MASK];
    }

    /// {@return whether field VS selects 16-bit VMIDs}
    public static boolean vs(long vtcr) {
        return (vtcr & VS) != 0;
    }

    /// {@return whether hardware sets the access flag}
    public static boolean ha(long vtcr) {
        return (vtcr & HA) != 0;
    }

    /// {@return whether hardware manages dirty state}
    public static boolean hd(long vtcr) {
        return (vtcr & HD) != 0;
    }

    /// {@return field DS}
    public static boolean ds(long vtcr) {
        return (vtcr & DS) != 0;
    }

    /// {@return SL0 of a start level, with SL2 clear}
    /// @throws IllegalArgumentException when SL0 alone cannot encode the level
    public static int sl0Of(Granule granule, int startLevel) {
        if (startLevel >= 0 && startLevel <= 2) {
            return granule == Granule.K4 ? 2 - startLevel : LAST_LEVEL - startLevel;
        }
        throw new IllegalArgumentException("No SL0 for start level " + startLevel + " with granule " + granule);
    }

    /// The level at which a walk starts.
    ///
    /// 4 KiB, SL2:SL0: 000 → 2, 001 → 1, 010 → 0, 011 → 3 (FEAT_TTST), 100 → −1 (DS).
    /// 16 KiB, SL0: 00 → 3, 01 → 2, 10 → 1, 11 → 0 (DS). 64 KiB, SL0: 00 → 3, 01 → 2, 10 → 1.
    ///
    /// @return −1 to 3, or [#NO_START_LEVEL] for a reserved encoding
    public static int startLevel(long vtcr) {
        int sl0 = sl0(vtcr);
        return switch (granule(vtcr)) {
            case K4 ->
                switch (sl0 | (ds(vtcr) && (vtcr & SL2) != 0 ? SL2_WEIGHT : 0)) {
                    case 0b000 -> 2;
                    case 0b001 -> 1;
                    case 0b010 -> 0;
                    case 0b011 -> LAST_LEVEL;
                    case 0b100 -> ds(vtcr) ? -1 : NO_START_LEVEL;
                    default -> NO_START_LEVEL;
                };
            case K16 -> sl0 == 0b11 && !ds(vtcr) ? NO_START_LEVEL : LAST_LEVEL - sl0;
            case K64 -> sl0 == 0b11 ? NO_START_LEVEL : LAST_LEVEL - sl0;
        };
    }

    /// Whether hardware walks with a value: the start level is legal for the CPU and consistent with the
    /// IPA size, which is not larger than the CPU can do. Otherwise every access takes a stage-2
    /// translation fault at level 0.
    ///
    /// @param paMax physical address size that the CPU implements, in bits
    /// @param featTtst whether the CPU has FEAT_TTST (small translation tables)
    public static boolean isWalkable(long vtcr, int paMax, boolean featTtst) {
        int start = startLevel(vtcr);
        if (start == NO_START_LEVEL || !isStartLevelImplemented(vtcr, start, paMax, featTtst)) {
            return false;
        }
        Granule granule = granule(vtcr);
        int bits = ipaBits(vtcr);
        int least = (LAST_LEVEL - start) * granule.stride() + granule.shift() + 1;
        int most = least + granule.stride() - 1 + LOG2_MAX_CONCATENATED;
        return bits >= least
                && bits <= most
                && bits <= maxIpaBits(vtcr, paMax)
                && bits >= minIpaBits(granule, featTtst);
    }

    private static boolean isStartLevelImplemented(long vtcr, int start, int paMax, boolean featTtst) {
        return switch (granule(vtcr)) {
            case K4 ->
                switch (start) {
                    case -1 -> paMax >= PA_BITS_LPA2;
                    case 0 -> paMax >= PA_BITS_FOR_4K_LEVEL_0;
                    case LAST_LEVEL -> featTtst;
                    default -> true;
                };
            case K16 ->
                switch (start) {
                    case 0 -> paMax >= PA_BITS_LPA2;
                    case 1 -> paMax >= PA_BITS_FOR_16K_LEVEL_1;
                    default -> true;
                };
            case K64 -> start != 1 || paMax >= PA_BITS_FOR_64K_LEVEL_1;
        };
    }

    /// {@return the largest IPA size in bits that a CPU allows with this granule and DS}
    /// @param paMax physical address size that the CPU implements, in bits
    public static int maxIpaBits(long vtcr, int paMax) {
        boolean wide = granule(vtcr) == Granule.K64 || ds(vtcr);
        return Math.min(paMax, wide ? Stage2Geometry.MAX_IPA_BITS : Stage2Geometry.MAX_IPA_BITS_WITHOUT_LPA2);
    }

    private static int minIpaBits(Granule granule, boolean featTtst) {
        int maxT0sz = featTtst ? (granule == Granule.K64 ? 47 : 48) : 39;
        return Long.SIZE - maxT0sz;
    }

    /// {@return log2 of the alignment in bytes of the base address in VTTBR_EL2: the size of the tables at
    /// the start level, at least 64 bytes}
    /// @param vtcr a value that [#isWalkable] accepts
    public static int baseAlignmentShift(long vtcr) {
        int shift = ipaBits(vtcr) - granule(vtcr).levelShift(startLevel(vtcr)) + 3;
        return Math.max(6, shift);
    }

    /// {@return the value in words}
    public static String describe(long vtcr) {
        int start = startLevel(vtcr);
        return "0x%x T0SZ=%d (%d-bit IPA) SL0=%d (start level %s) TG0=%s PS=%d bits SH0=%s%s%s%s%s"
                .formatted(
                        vtcr,
                        t0sz(vtcr),
                        ipaBits(vtcr),
                        sl0(vtcr),
                        start == NO_START_LEVEL ? "reserved" : Integer.toString(start),
                        granule(vtcr),
                        paBits(vtcr),
                        sh0(vtcr),
                        vs(vtcr) ? " VS" : "",
                        ha(vtcr) ? " HA" : "",
                        hd(vtcr) ? " HD" : "",
                        ds(vtcr) ? " DS" : "");
    }
}
