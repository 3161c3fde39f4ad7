package dev.ipanema.kvm.abort;

import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;

/// The stage-2 protection of a fault (`arch/arm64/kvm/mmu.c:kvm_s2_fault_compute_prot`): a pure function of facts,
/// the same in every kernel version.
///
/// | condition | adds |
/// |---|---|
/// | always | R |
/// | writable on the host, and not a read of logged ordinary memory | W |
/// | instruction fetch | X |
/// | forced non-cacheable, VMA has `VM_ALLOW_ANY_UNCACHED` | NORMAL_NC |
/// | forced non-cacheable, otherwise | DEVICE |
/// | cacheable, CTR_EL0.DIC | X |
public final class FaultProt {
    private static final String SOURCE = "arch/arm64/kvm/mmu.c:kvm_s2_fault_compute_prot";

    private static final DecisionTrail.Form PROT = (prot, none) -> Stage2Prot.describe((int) prot);

    private FaultProt() {}

    /// {@return flags of [Stage2Prot], or `-ENOEXEC` for a fetch from memory that must not be executable}
    ///
    /// @param mapWritable the host maps the page writable
    /// @param device the PFN is special, see [dev.ipanema.kvm.version.PfnClass#device()]
    /// @param logging the slot logs dirty pages
    /// @param mapNonCacheable see [dev.ipanema.kvm.version.PfnClass#mapNonCacheable()]
    /// @param allowAnyUncached the VMA has `VM_ALLOW_ANY_UNCACHED`
    /// @param dic CTR_EL0.DIC on every CPU
    public static int compute(
            boolean mapWritable,
            boolean device,
            boolean logging,
            boolean writeFault,
            boolean execFault,
            boolean mapNonCacheable,
            boolean allowAnyUncached,
            boolean dic,
            DecisionTrail trail) {
        if (execFault && mapNonCacheable) {
            trail.rule("a fetch from memory that is forced non-cacheable", "-ENOEXEC", SOURCE);
            return Errno.ENOEXEC.negated();
        }
        int prot = Stage2Prot.R;
        if (mapWritable && (device || !logging || writeFault)) {
            prot |= Stage2Prot.W;
        }
        if (execFault) {
            prot |= Stage2Prot.X;
        }
        if (mapNonCacheable) {
            prot |= allowAnyUncached ? Stage2Prot.NORMAL_NC : Stage2Prot.DEVICE;
        } else if (dic) {
            prot |= Stage2Prot.X;
        }
        if (trail.enabled()) {
            trail.fact("host mapping writable", mapWritable, SOURCE);
            trail.fact("dirty logging", logging, SOURCE);
            trail.fact("CTR_EL0.DIC", dic, SOURCE);
            trail.rule("stage-2 protection", PROT, prot, SOURCE);
        }
        return prot;
    }
}
