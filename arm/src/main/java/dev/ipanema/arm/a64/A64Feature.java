package dev.ipanema.arm.a64;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// An architectural feature that some encodings need; without it they are unallocated. Named as in
/// `FEAT_…`.
///
/// Where a CPU model can have the feature, its [CpuFeature] decides. The others are decoded by name for the
/// reader of a listing, and no model offers them to a guest.
public enum A64Feature {
    LSE(CpuFeature.LSE),
    CRC32(CpuFeature.CRC32),
    FLAGM(CpuFeature.FLAGM),
    FLAGM2(CpuFeature.FLAGM2),
    LOR(CpuFeature.LOR),
    LRCPC(CpuFeature.LRCPC),
    LRCPC2(CpuFeature.LRCPC2),
    PAN(CpuFeature.PAN),
    UAO(CpuFeature.UAO),
    DIT(CpuFeature.DIT),
    SSBS(CpuFeature.SSBS),
    SB(CpuFeature.SB),
    MTE(CpuFeature.MTE),
    PAUTH(null),
    HBC(null),
    XS(null),
    WFXT(null),
    LS64(null),
    LS64_V(null),
    LS64_ACCDATA(null);

    private final @Nullable CpuFeature cpuFeature;

    A64Feature(@Nullable CpuFeature cpuFeature) {
        this.cpuFeature = cpuFeature;
    }

    /// {@return the features whose instructions `model` executes}
    public static Set<A64Feature> of(CpuModel model) {
        Set<A64Feature> present = EnumSet.noneOf(A64Feature.class);
        for (A64Feature feature : values()) {
            if (feature.cpuFeature != null && model.has(feature.cpuFeature)) {
                present.add(feature);
            }
        }
        return present;
    }
}
