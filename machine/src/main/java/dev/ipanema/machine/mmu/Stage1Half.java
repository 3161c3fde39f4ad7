package dev.ipanema.machine.mmu;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Stage1Output;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Size;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.arm.register.TtbrEl1;

/// How one half of the stage-1 address space is walked: what `TCR_EL1` says of TTBR0 or TTBR1, decoded.
///
/// Source: Arm ARM DDI 0487, D8.2 "Translation process"; ASL `AArch64_GetS1TTWParams`,
/// `AArch64_S1TxSZFaults`.
///
/// @param legal whether T0SZ or T1SZ is a size that the CPU has; otherwise every access takes a
///     translation fault
/// @param vaBits size of the half in bits
/// @param startLevel level of the first table, −1 to 3
/// @param oa52 whether descriptors hold 52-bit addresses (see [dev.ipanema.arm.pgtable.Stage1Descriptor])
/// @param shFromTcr whether shareability comes from TCR_EL1 rather than the descriptor (LPA2)
/// @param oaBits size of an output address in bits
/// @param walksDisabled EPD0 or EPD1
/// @param tbi whether data accesses ignore the top byte
/// @param tbiFetch whether fetches ignore it
/// @param ignoreHierarchical HPD0 or HPD1
/// @param e0pd whether EL0 has no access to the half
/// @param tcrShareability SH0 or SH1
/// @param walkType memory type of walks at stage 1
record Stage1Half(
        boolean legal,
        Granule granule,
        int vaBits,
        int startLevel,
        boolean oa52,
        boolean shFromTcr,
        int oaBits,
        boolean walksDisabled,
        boolean tbi,
        boolean tbiFetch,
        boolean ignoreHierarchical,
        boolean e0pd,
        dev.ipanema.arm.memory.Shareability tcrShareability,
        MemoryAttributes walkType) {
    private static final int MIN_BASE_SHIFT_52 = 6;
    private static final int LAST_LEVEL = 3;
    private static final int DESCRIPTOR_SHIFT = 3;
    private static final int PA_BITS_52 = 52;
    private static final int PA_BITS_48 = 48;

    /// Decodes one half.
    ///
    /// @param half 0 for TTBR0, 1 for TTBR1
    static Stage1Half of(long tcr, long sctlr, int half, CpuModel model) {
        Granule granule = TcrEl1.granule(tcr, half);
        boolean ds = (tcr & TcrEl1.DS) != 0 && granule != Granule.K64 && model.has(CpuFeature.LPA2);
        boolean k64 = granule == Granule.K64;
        boolean oa52 = ds || (k64 && model.paRangeBits() >= PA_BITS_52);
        int vaBits = Stage1Size.vaBits(tcr, half, model);
        boolean tbi = TcrEl1.tbi(tcr, half);
        int paBits = Math.min(TcrEl1.ipsBits(tcr), model.paRangeBits());
        return new Stage1Half(
                Stage1Size.isLegal(tcr, half, model),
                granule,
                vaBits,
                LAST_LEVEL - (vaBits - 1 - granule.shift()) / granule.stride(),
                oa52,
                ds,
                oa52 ? paBits : Math.min(paBits, PA_BITS_48),
                TcrEl1.epd(tcr, half),
                tbi,
                tbi && !TcrEl1.tbid(tcr, half),
                TcrEl1.hpd(tcr, half) && model.has(CpuFeature.HPDS),
                TcrEl1.e0pd(tcr, half) && model.has(CpuFeature.E0PD),
                TcrEl1.sh(tcr, half),
                Stage1Output.walk(
                        TcrEl1.irgn(tcr, half),
                        TcrEl1.orgn(tcr, half),
                        TcrEl1.sh(tcr, half),
                        (sctlr & SctlrEl1.C) != 0));
    }

    /// {@return the address of the first table}
    long base(long ttbr) {
        int shift = vaBits - granule.levelShift(startLevel) + DESCRIPTOR_SHIFT;
        long base = TtbrEl1.base(ttbr, oa52);
        return base & -1L << (oa52 ? Math.max(shift, MIN_BASE_SHIFT_52) : shift);
    }

    /// {@return the index of an address into the first table}
    long startIndex(long va) {
        return (va & (1L << vaBits) - 1) >>> granule.levelShift(startLevel);
    }

    /// {@return whether an address lies in this half: all bits between its size and the top byte, or the
    /// top, are equal to bit 55}
    boolean contains(long va, boolean ignoreTopByte) {
        long address = ignoreTopByte ? va << 8 >> 8 : va;
        return address >> vaBits == va << 8 >> 63;
    }
}
