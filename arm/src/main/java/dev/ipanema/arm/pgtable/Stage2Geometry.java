package dev.ipanema.arm.pgtable;

/// The shape of a stage-2 table that Linux builds for a granule and an IPA size: its levels, where the walk
/// starts and how many tables are concatenated there.
///
/// levels = max(2, ((ipaBits − 4) − 4) / stride), start level = 4 − levels, and the start level has
/// 2^(ipaBits − levelShift(start − 1)) concatenated tables, at least one and at most 16 (Linux
/// `stage2_pgtable_levels`, `kvm_get_vtcr`, `kvm_pgd_pages`; Arm ARM DDI 0487, concatenated translation
/// tables).
///
/// @param granule translation granule
/// @param ipaBits size of the IPA space in bits, 32 to 52
public record Stage2Geometry(Granule granule, int ipaBits) {
    /// Smallest IPA size that KVM accepts, in bits.
    public static final int MIN_IPA_BITS = 32;
    /// Largest IPA size of the architecture without FEAT_D128, in bits.
    public static final int MAX_IPA_BITS = 52;
    /// Largest IPA size without LPA2 for 4 KiB and 16 KiB granules, in bits.
    public static final int MAX_IPA_BITS_WITHOUT_LPA2 = 48;

    private static final int LOG2_MAX_CONCATENATED = 4;
    private static final int MIN_LEVELS = 2;
    private static final int LEVELS = 4;

    /// @throws IllegalArgumentException when `ipaBits` is not 32 to 52
    public Stage2Geometry {
        if (ipaBits < MIN_IPA_BITS || ipaBits > MAX_IPA_BITS) {
            throw new IllegalArgumentException(
                    "IPA size " + ipaBits + " bits is not within " + MIN_IPA_BITS + " to " + MAX_IPA_BITS);
        }
    }

    /// {@return levels of lookup, 2 to 4}
    public int levels() {
        return Math.max(MIN_LEVELS, (ipaBits - LOG2_MAX_CONCATENATED - 4) / granule.stride());
    }

    /// {@return the level at which a walk starts, 0 to 2}
    public int startLevel() {
        return LEVELS - levels();
    }

    /// {@return VTCR_EL2.T0SZ}
    public int t0sz() {
        return Long.SIZE - ipaBits;
    }

    /// {@return VTCR_EL2.SL0 of the start level}
    public int sl0() {
        return VtcrEl2.sl0Of(granule, startLevel());
    }

    /// {@return tables concatenated at the start level, 1 to 16}
    public int concatenatedTables() {
        return 1 << Math.max(0, ipaBits - granule.levelShift(startLevel() - 1));
    }

    /// {@return bytes of the tables at the start level, which are one naturally aligned block}
    public long pgdBytes() {
        return (long) concatenatedTables() << granule.shift();
    }

    /// {@return table pages that one mapping may need besides the start level (Linux
    /// `kvm_mmu_cache_min_pages`)}
    public int memcacheMinPages() {
        return levels() - 1;
    }

    /// {@return whether the IPA size needs FEAT_LPA2 (VTCR_EL2.DS)}
    public boolean needsLpa2() {
        return granule != Granule.K64 && ipaBits > MAX_IPA_BITS_WITHOUT_LPA2;
    }

    /// {@return whether an IPA lies inside this space}
    public boolean contains(long ipa) {
        return ipa >>> ipaBits == 0;
    }

    /// {@return the index of an IPA into the concatenated tables of the start level}
    /// @param ipa an IPA that [#contains] accepts
    public int startIndex(long ipa) {
        return (int) (ipa >>> granule.levelShift(startLevel()));
    }
}
