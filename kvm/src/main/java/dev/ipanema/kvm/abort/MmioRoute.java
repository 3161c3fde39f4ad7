package dev.ipanema.kvm.abort;

import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.version.KernelVersion;

/// What `io_mem_abort` does (`arch/arm64/kvm/mmio.c`).
public enum MmioRoute {
    /// No syndrome, and the VMM asked for such accesses: `KVM_EXIT_ARM_NISV`.
    EXIT_NISV,

    /// No syndrome: `-ENOSYS`.
    ENOSYS,

    /// A 64-byte access: `KVM_EXIT_ARM_LDST64B`.
    EXIT_LDST64B,

    /// A described access: an in-kernel device if one accepts it, else `KVM_EXIT_MMIO`.
    EMULATE;

    private static final String SOURCE = "arch/arm64/kvm/mmio.c:io_mem_abort";

    /// {@return what becomes of a data access to no memory}
    ///
    /// @param isv ESR_EL2.ISV: the syndrome describes the access
    /// @param nisvToUser `KVM_CAP_ARM_NISV_TO_USER` is enabled
    /// @param ldst64b the syndrome says LD64B or ST64B
    public static MmioRoute of(
            KernelVersion version, boolean isv, boolean nisvToUser, boolean ldst64b, DecisionTrail trail) {
        MmioRoute route;
        if (!isv) {
            route = nisvToUser ? EXIT_NISV : ENOSYS;
        } else {
            route = ldst64b && version.exitsOnLdst64b() ? EXIT_LDST64B : EMULATE;
        }
        if (trail.enabled()) {
            trail.fact("ESR_EL2.ISV", isv ? 1 : 0, SOURCE);
            trail.fact("KVM_CAP_ARM_NISV_TO_USER", nisvToUser, SOURCE);
            trail.rule("access to no memory", route.toString(), SOURCE);
        }
        return route;
    }
}
