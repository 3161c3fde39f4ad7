package dev.ipanema.kvm.abort;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.PfnClass;
import dev.ipanema.kvm.version.VmaInfo;

/// The decisions of a fault on the VMM's memory, in order. [UserMemAbort] takes them one by one as it finds the
/// facts out; [#decide] takes them all at once for whoever has the facts already.
public final class FaultDecision {
    private static final String LOOKUP = "kvm_s2_fault_get_vma_info";
    private static final String PIN = "kvm_s2_fault_pin_pfn";
    private static final String PROT = "kvm_s2_fault_compute_prot";
    private static final String MAP = "kvm_s2_fault_map";

    private FaultDecision() {}

    /// {@return how a fault with these facts ends}
    public static FaultOutcome decide(KernelVersion version, FaultFacts facts, DecisionTrail trail) {
        FaultOutcome outcome = outcome(version, facts, trail);
        if (trail.enabled()) {
            trail.outcome("fault", outcome, version.source("user_mem_abort"));
        }
        return outcome;
    }

    private static FaultOutcome outcome(KernelVersion version, FaultFacts facts, DecisionTrail trail) {
        int errno = vmaErrno(version, facts.vma(), trail);
        if (errno != 0) {
            return new FaultOutcome.Refuse(errno, version.leaksMmapLockOnVmaErrno());
        }
        boolean supported = facts.cacheablePfnmapSupported();
        PfnClass pfnClass = S2FaultClassifier.classify(version, facts.vma(), facts.pfnIsMapMemory(), supported, trail);
        errno = classErrno(version, pfnClass, trail);
        if (errno != 0) {
            return new FaultOutcome.Refuse(errno, false);
        }
        int prot = FaultProt.compute(
                facts.mapWritable(),
                pfnClass.device(),
                facts.logging(),
                facts.write(),
                facts.exec(),
                pfnClass.mapNonCacheable(),
                facts.vma().allowAnyUncached(),
                facts.dic(),
                trail);
        if (prot == Errno.ENOEXEC.negated()) {
            return new FaultOutcome.InjectSeaIabt();
        }
        if (facts.exclusiveAtomic() && version.handlesExclusiveAtomicFault()) {
            return new FaultOutcome.InjectExclusiveAtomic();
        }
        errno = mteErrno(facts.permission(), pfnClass, facts.vmMte(), facts.vma(), version, trail);
        if (errno != 0) {
            return new FaultOutcome.Refuse(errno, false);
        }
        errno = lockedErrno(version, facts.vma(), supported, trail);
        return errno != 0 ? new FaultOutcome.Refuse(errno, false) : new FaultOutcome.Map(prot);
    }

    /// {@return the errno with which the fault ends while its VMA is being looked at, 0 to go on}
    static int vmaErrno(KernelVersion version, VmaInfo vma, DecisionTrail trail) {
        int errno = version.vmaErrno(vma);
        if (errno != 0) {
            trail.rule("a COW mapping of PFNs is refused", Errno.render(errno), version.source(LOOKUP));
            if (version.leaksMmapLockOnVmaErrno()) {
                trail.outcome(
                        "mmap_lock",
                        "left held for read, so that the VMM's memory cannot be used any more",
                        version.source(LOOKUP));
            }
        }
        return errno;
    }

    /// {@return the errno of a PFN that may not be mapped, 0 to go on}
    static int classErrno(KernelVersion version, PfnClass pfnClass, DecisionTrail trail) {
        if (pfnClass != PfnClass.REFUSED) {
            return 0;
        }
        trail.rule(
                "stage 2 cannot follow a cacheable VMA here",
                Errno.render(version.refusedErrno()),
                version.source(PIN));
        return version.refusedErrno();
    }

    /// {@return `-EFAULT` when a VM with MTE would get a cacheable mapping of memory without tags, else 0}
    static int mteErrno(
            boolean permission,
            PfnClass pfnClass,
            boolean vmMte,
            VmaInfo vma,
            KernelVersion version,
            DecisionTrail trail) {
        if (!vmMte || permission || pfnClass.mapNonCacheable() || vma.mteAllowed()) {
            return 0;
        }
        trail.rule("the VM has MTE and the VMA lacks VM_MTE_ALLOWED", "-EFAULT", version.source(PROT));
        return Errno.EFAULT.negated();
    }

    /// {@return the errno with which the fault ends under `mmu_lock`, 0 to go on}
    static int lockedErrno(KernelVersion version, VmaInfo vma, boolean cacheablePfnmapSupported, DecisionTrail trail) {
        int errno = version.lockedErrno(vma, cacheablePfnmapSupported);
        if (errno != 0) {
            trail.rule(
                    "a cacheable VMA is refused without FEAT_S2FWB and CTR_EL0.DIC, whatever the PFN is",
                    Errno.render(errno),
                    version.source(MAP));
        }
        return errno;
    }
}
