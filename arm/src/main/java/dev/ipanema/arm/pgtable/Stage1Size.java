package dev.ipanema.arm.pgtable;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.register.TcrEl1;

/// The size of a half of the EL1&0 address space, from T0SZ or T1SZ and what the processor allows.
///
/// Source: Arm ARM DDI 0487, D8.2; ASL `AArch64_S1TxSZFaults`, `AArch64_GetS1TTWParams`.
public final class Stage1Size {
    private static final int MAX_TSZ = 39;
    private static final int MAX_TSZ_TTST = 48;
    private static final int MAX_TSZ_TTST_64K = 47;
    private static final int MIN_TSZ = 16;
    private static final int MIN_TSZ_52 = 12;

    private Stage1Size() {}

    /// {@return whether the size is one that the processor has; otherwise accesses to the half fault}
    ///
    /// @param half 0 for T0SZ, 1 for T1SZ
    public static boolean isLegal(long tcr, int half, CpuModel model) {
        int tsz = TcrEl1.tsz(tcr, half);
        return tsz >= least(tcr, half, model) && tsz <= most(tcr, half, model);
    }

    /// {@return the size in bits, the nearest legal one for a size that is not}
    public static int vaBits(long tcr, int half, CpuModel model) {
        int tsz = TcrEl1.tsz(tcr, half);
        return Long.SIZE - Math.clamp(tsz, least(tcr, half, model), most(tcr, half, model));
    }

    private static int most(long tcr, int half, CpuModel model) {
        if (!model.has(CpuFeature.TTST)) {
            return MAX_TSZ;
        }
        return TcrEl1.granule(tcr, half) == Granule.K64 ? MAX_TSZ_TTST_64K : MAX_TSZ_TTST;
    }

    private static int least(long tcr, int half, CpuModel model) {
        boolean k64 = TcrEl1.granule(tcr, half) == Granule.K64;
        boolean ds = (tcr & TcrEl1.DS) != 0 && !k64 && model.has(CpuFeature.LPA2);
        return ds || (k64 && model.has(CpuFeature.LVA)) ? MIN_TSZ_52 : MIN_TSZ;
    }
}
