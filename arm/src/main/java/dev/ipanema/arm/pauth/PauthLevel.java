package dev.ipanema.arm.pauth;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;

/// How far a processor goes in pointer authentication: the values of `ID_AA64ISAR1_EL1.APA`, each of which includes
/// those before it.
///
/// Source: Arm ARM DDI 0487, ID_AA64ISAR1_EL1, ID_AA64ISAR2_EL1.
public enum PauthLevel {
    NONE,
    /// FEAT_PAuth.
    PAUTH,
    /// FEAT_EPAC: a code put into a bad pointer is zero.
    EPAC,
    /// FEAT_PAuth2: the code is xor-ed into the pointer.
    PAUTH2,
    /// FEAT_FPAC: AUT instructions fault on a wrong code.
    FPAC,
    /// FEAT_FPACCOMBINE: so do the combined ones, such as RETAA.
    FPACCOMBINE;

    /// {@return the level of a processor}
    public static PauthLevel of(CpuModel model) {
        return values()[Math.min(model.pauthLevel(), FPACCOMBINE.ordinal())];
    }

    /// {@return the cipher of a processor}
    public static Qarma cipherOf(CpuModel model) {
        return model.has(CpuFeature.PACQARMA3) ? Qarma.QARMA3 : Qarma.QARMA5;
    }

    /// {@return whether codes are xor-ed into pointers}
    public boolean xors() {
        return compareTo(PAUTH2) >= 0;
    }
}
