package dev.ipanema.machine.mmu;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.memory.Stage2Modifiers;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.VtcrEl2;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.VttbrEl2;

/// How stage 2 is walked: `VTCR_EL2` and the stage-2 bits of `HCR_EL2`, decoded.
///
/// Source: Arm ARM DDI 0487, D8.2 "Translation process"; ASL `AArch64_GetS2TTWParams`.
///
/// @param walkable whether the start level fits the IPA size; otherwise every access takes a translation
///     fault, level 0
/// @param oa52 whether descriptors hold 52-bit addresses (see [dev.ipanema.arm.pgtable.Stage2Descriptor])
/// @param shFromVtcr whether shareability comes from VTCR_EL2.SH0 rather than the descriptor (LPA2)
/// @param oaBits size of an output address in bits
/// @param hardwareAf whether hardware sets the access flag
/// @param hardwareDirty whether hardware manages the dirty state
/// @param xnx FEAT_XNX
/// @param walkType memory type of walks
record Stage2Regime(
        boolean walkable,
        Granule granule,
        int ipaBits,
        int startLevel,
        int baseShift,
        boolean oa52,
        boolean shFromVtcr,
        int oaBits,
        boolean hardwareAf,
        boolean hardwareDirty,
        boolean xnx,
        Shareability vtcrShareability,
        MemoryAttributes walkType,
        Stage2Modifiers modifiers) {
    private static final int PA_BITS_52 = 52;
    private static final int PA_BITS_48 = 48;

    static Stage2Regime of(long vtcr, long hcr, CpuModel model) {
        Granule granule = VtcrEl2.granule(vtcr);
        int paMax = model.paRangeBits();
        boolean ds = VtcrEl2.ds(vtcr) && granule != Granule.K64 && model.has(CpuFeature.LPA2);
        boolean oa52 = ds || (granule == Granule.K64 && paMax >= PA_BITS_52);
        int paBits = Math.min(VtcrEl2.paBits(vtcr), paMax);
        long shape = ds ? vtcr : vtcr & ~VtcrEl2.DS;
        boolean walkable = VtcrEl2.isWalkable(shape, paMax, model.has(CpuFeature.TTST));
        Stage2Modifiers modifiers = new Stage2Modifiers(
                (hcr & HcrEl2.FWB) != 0 && model.has(CpuFeature.FWB),
                (hcr & HcrEl2.PTW) != 0,
                (hcr & HcrEl2.CD) != 0,
                (hcr & HcrEl2.ID) != 0,
                false);
        return new Stage2Regime(
                walkable,
                granule,
                VtcrEl2.ipaBits(vtcr),
                walkable ? VtcrEl2.startLevel(shape) : 0,
                walkable ? VtcrEl2.baseAlignmentShift(shape) : 0,
                oa52,
                ds,
                oa52 ? paBits : Math.min(paBits, PA_BITS_48),
                VtcrEl2.ha(vtcr) && model.has(CpuFeature.HAFDBS),
                VtcrEl2.ha(vtcr) && VtcrEl2.hd(vtcr) && model.has(CpuFeature.HAFDBS),
                model.has(CpuFeature.XNX),
                VtcrEl2.sh0(vtcr),
                modifiers.walkType(VtcrEl2.irgn0(vtcr), VtcrEl2.orgn0(vtcr), VtcrEl2.sh0(vtcr)),
                modifiers);
    }

    /// {@return the address of the first table, or of several concatenated}
    long base(long vttbr) {
        return VttbrEl2.base(vttbr, oa52) & -1L << baseShift;
    }
}
