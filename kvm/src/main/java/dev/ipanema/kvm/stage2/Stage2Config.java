package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Geometry;
import dev.ipanema.arm.pgtable.VtcrEl2;

/// What a host fixes for a stage-2 table: its shape and the features that its entries and their maintenance
/// depend on.
///
/// @param geometry granule and IPA size
/// @param paBits physical address size that VTCR_EL2.PS allows: 32, 36, 40, 42, 44, 48 or 52
/// @param fwb FEAT_S2FWB on all CPUs
/// @param lpa2 VTCR_EL2.DS (4 KiB and 16 KiB granules)
/// @param xnx FEAT_XNX
/// @param tlbiRange FEAT_TLBIRANGE
/// @param hardwareAccessFlag VTCR_EL2.HA
/// @param vmid16 VTCR_EL2.VS
/// @param splitKeepsMemAttr whether [Stage2PageTable#split] gives the pages of a block its memory type.
/// Linux 7.3 derives them from permissions and software bits alone, so that a Device or Non-cacheable block
/// would become Normal Write-back (unreachable there, as logging of PFNMAP slots is refused); false does
/// the same
public record Stage2Config(
        Stage2Geometry geometry,
        int paBits,
        boolean fwb,
        boolean lpa2,
        boolean xnx,
        boolean tlbiRange,
        boolean hardwareAccessFlag,
        boolean vmid16,
        boolean splitKeepsMemAttr) {
    private static final int PA_BITS_64K_LVA = 52;

    /// A host with all features of this list, without LPA2: 48-bit physical addresses.
    public static Stage2Config of(Granule granule, int ipaBits) {
        return new Stage2Config(
                new Stage2Geometry(granule, ipaBits),
                Stage2Geometry.MAX_IPA_BITS_WITHOUT_LPA2,
                true,
                false,
                true,
                true,
                true,
                true,
                true);
    }

    /// @throws IllegalArgumentException when the IPA size needs LPA2 or a larger physical address
    public Stage2Config {
        if (geometry.needsLpa2() && !lpa2) {
            throw new IllegalArgumentException(
                    "IPA size " + geometry.ipaBits() + " with granule " + geometry.granule() + " needs LPA2");
        }
        VtcrEl2.psOf(paBits);
    }

    /// {@return a copy with another physical address size}
    public Stage2Config withPaBits(int bits) {
        return new Stage2Config(
                geometry, bits, fwb, lpa2, xnx, tlbiRange, hardwareAccessFlag, vmid16, splitKeepsMemAttr);
    }

    /// {@return a copy with FEAT_S2FWB or without}
    public Stage2Config withFwb(boolean on) {
        return new Stage2Config(
                geometry, paBits, on, lpa2, xnx, tlbiRange, hardwareAccessFlag, vmid16, splitKeepsMemAttr);
    }

    /// {@return a copy with LPA2, which also makes physical addresses 52 bits wide}
    public Stage2Config withLpa2() {
        return new Stage2Config(
                geometry,
                Stage2Geometry.MAX_IPA_BITS,
                fwb,
                true,
                xnx,
                tlbiRange,
                hardwareAccessFlag,
                vmid16,
                splitKeepsMemAttr);
    }

    /// {@return a copy with FEAT_XNX or without}
    public Stage2Config withXnx(boolean on) {
        return new Stage2Config(
                geometry, paBits, fwb, lpa2, on, tlbiRange, hardwareAccessFlag, vmid16, splitKeepsMemAttr);
    }

    /// {@return a copy with FEAT_TLBIRANGE or without}
    public Stage2Config withTlbiRange(boolean on) {
        return new Stage2Config(geometry, paBits, fwb, lpa2, xnx, on, hardwareAccessFlag, vmid16, splitKeepsMemAttr);
    }

    /// {@return a copy with another answer to `splitKeepsMemAttr`}
    public Stage2Config withSplitKeepsMemAttr(boolean on) {
        return new Stage2Config(geometry, paBits, fwb, lpa2, xnx, tlbiRange, hardwareAccessFlag, vmid16, on);
    }

    /// {@return translation granule}
    public Granule granule() {
        return geometry.granule();
    }

    /// {@return whether descriptors hold 52-bit addresses, in the sense of the functions of `arm.pgtable`}
    public boolean oa52() {
        return granule() == Granule.K64 ? paBits == PA_BITS_64K_LVA : lpa2;
    }

    /// {@return VTCR_EL2 for these tables}
    public long vtcr() {
        return VtcrEl2.of(geometry, paBits, hardwareAccessFlag, vmid16, lpa2);
    }

    /// {@return whether leaf invalidations of an unmap are put off and done once for its range
    /// (Linux `stage2_unmap_defer_tlb_flush`)}
    public boolean defersUnmapTlbi() {
        return tlbiRange && fwb;
    }
}
