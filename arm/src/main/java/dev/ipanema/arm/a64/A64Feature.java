package dev.ipanema.arm.a64;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

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
    SSBS2(CpuFeature.SSBS2),
    SB(CpuFeature.SB),
    MTE(CpuFeature.MTE),
    PAUTH(CpuFeature.PAUTH, CpuFeature.PACQARMA3),
    FP(CpuFeature.FP),
    ADVSIMD(CpuFeature.ADVSIMD),
    FP16(CpuFeature.FP16),
    AES(CpuFeature.AES),
    PMULL(CpuFeature.PMULL),
    SHA1(CpuFeature.SHA1),
    SHA256(CpuFeature.SHA256),
    SHA512(CpuFeature.SHA512),
    RDM(CpuFeature.RDM),
    SHA3(CpuFeature.SHA3),
    SM3(CpuFeature.SM3),
    SM4(CpuFeature.SM4),
    DOTPROD(CpuFeature.DOTPROD),
    FHM(CpuFeature.FHM),
    JSCVT(CpuFeature.JSCVT),
    FCMA(CpuFeature.FCMA),
    FRINTTS(CpuFeature.FRINTTS),
    BF16(CpuFeature.BF16),
    I8MM(CpuFeature.I8MM),
    WFXT(CpuFeature.WFXT),
    HBC(CpuFeature.HBC),
    XS,
    LS64,
    LS64_V,
    LS64_ACCDATA;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<CpuFeature> any;

    /// @param any one of them is enough
    A64Feature(CpuFeature... any) {
        this.any = List.of(any);
    }

    /// {@return the features of a processor any of which brings the instructions; none when no model has them}
    public List<CpuFeature> cpuFeatures() {
        return any;
    }

    /// {@return the features whose instructions `model` executes}
    public static Set<A64Feature> of(CpuModel model) {
        Set<A64Feature> present = EnumSet.noneOf(A64Feature.class);
        for (A64Feature feature : values()) {
            if (feature.any.stream().anyMatch(model::has)) {
                present.add(feature);
            }
        }
        return present;
    }
}
