package dev.ipanema.kvm.abort;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.version.KernelVersion;

/// The order of decisions of `kvm_handle_guest_abort` (`arch/arm64/kvm/mmu.c`): a pure function of facts.
public final class AbortRouter {
    private static final String STEP = "kvm_handle_guest_abort";

    private AbortRouter() {}

    /// {@return where an abort goes}
    public static AbortRoute route(KernelVersion version, AbortFacts facts, DecisionTrail trail) {
        AbortRoute route = decide(version, facts);
        if (trail.enabled()) {
            trail.fact("ESR_EL2", describe(facts), version.source(STEP));
            trail.fact("IPA", facts.zone(), version.source(STEP));
            trail.fact("memslot", facts.slot(), "virt/kvm/kvm_main.c:gfn_to_memslot");
            trail.rule("abort goes to", route.description(), version.source(STEP));
        }
        return route;
    }

    private static AbortRoute decide(KernelVersion version, AbortFacts facts) {
        int fsc = facts.fsc();
        if (FaultStatus.isSynchronousExternalAbort(fsc)) {
            return AbortRoute.HANDLE_SEA;
        }
        if (!facts.ipaValid()) {
            return AbortRoute.BUGGED;
        }
        if (FaultStatus.isTranslation(fsc)) {
            switch (facts.zone()) {
                case BEYOND_IPA_LIMIT -> {
                    return AbortRoute.INJECT_ADDRESS_SIZE;
                }
                case BETWEEN_VM_IPA_AND_LIMIT -> {
                    return AbortRoute.INJECT_SEA_AT_IPA;
                }
                case INSIDE -> {}
            }
        }
        if (!isSupported(version, fsc)) {
            return AbortRoute.UNSUPPORTED_FSC;
        }
        if (!facts.slot().valid() || (facts.write() && facts.slot() == SlotState.READ_ONLY)) {
            return noMemory(facts);
        }
        if (FaultStatus.isAccessFlag(fsc)) {
            return AbortRoute.ACCESS_FAULT;
        }
        return facts.gmem() ? AbortRoute.GMEM_ABORT : AbortRoute.USER_MEM_ABORT;
    }

    private static boolean isSupported(KernelVersion version, int fsc) {
        return FaultStatus.isTranslation(fsc)
                || FaultStatus.isPermission(fsc)
                || FaultStatus.isAccessFlag(fsc)
                || (isExclusiveAtomic(fsc) && version.handlesExclusiveAtomicFault());
    }

    /// {@return whether an abort means an exclusive or atomic that the memory does not support}
    static boolean isExclusiveAtomic(int fsc) {
        return fsc == FaultStatus.UNSUPPORTED_EXCLUSIVE_ATOMIC;
    }

    /// The gfn has no address in the VMM, or not for a write.
    private static AbortRoute noMemory(AbortFacts facts) {
        if (facts.iabt()) {
            return AbortRoute.INJECT_SEA_IABT;
        }
        if (facts.s1ptw()) {
            return AbortRoute.INJECT_SEA_TTW;
        }
        // Maintenance of memory that is not there has nothing to do; of a read-only slot it is MMIO all the same.
        if (!facts.slot().valid() && facts.cm()) {
            return AbortRoute.SKIP_INSTRUCTION;
        }
        return AbortRoute.IO_MEM_ABORT;
    }

    private static String describe(AbortFacts facts) {
        return (facts.iabt() ? "IABT " : "DABT ")
                + FaultStatus.describe(facts.fsc())
                + (facts.s1ptw() ? " S1PTW" : "")
                + (facts.cm() ? " CM" : "")
                + (facts.wnr() ? " WnR" : "");
    }
}
