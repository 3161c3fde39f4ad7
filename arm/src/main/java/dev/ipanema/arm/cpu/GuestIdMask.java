package dev.ipanema.arm.cpu;

import dev.ipanema.arm.register.SysReg;

/// Groups of fields of the identification registers that a hypervisor hides together.
///
/// Source: Arm ARM DDI 0487, ID_AA64ISAR1_EL1, ID_AA64ISAR2_EL1, ID_AA64DFR0_EL1.
public final class GuestIdMask {
    /// APA, API, GPA, GPI.
    private static final long ISAR1_POINTER_AUTHENTICATION = 0xff00_0ff0L;

    /// APA3, GPA3.
    private static final long ISAR2_POINTER_AUTHENTICATION = 0xff00L;

    /// PMUVer.
    private static final long DFR0_PERFORMANCE_MONITORS = 0xf00L;

    private GuestIdMask() {}

    /// {@return the fields of a register that tell of pointer authentication; 0 for other registers}
    public static long pointerAuthentication(SysReg reg) {
        return switch (reg) {
            case ID_AA64ISAR1_EL1 -> ISAR1_POINTER_AUTHENTICATION;
            case ID_AA64ISAR2_EL1 -> ISAR2_POINTER_AUTHENTICATION;
            default -> 0;
        };
    }

    /// {@return the fields of a register that tell of the performance monitors; 0 for other registers}
    public static long performanceMonitors(SysReg reg) {
        return reg == SysReg.ID_AA64DFR0_EL1 ? DFR0_PERFORMANCE_MONITORS : 0;
    }
}
