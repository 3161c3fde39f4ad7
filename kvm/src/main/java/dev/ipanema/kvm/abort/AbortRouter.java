package dev.ipanema.kvm.abort;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.version.KernelVersion;

/// The order of decisions of `kvm_handle_guest_abort` (`arch/arm64/kvm/mmu.c`): a pure function of facts.
public final class AbortRouter {
    private static final String STEP = "kvm_handle_guest_abort";

    /// A fault status code and flags of this class.
    private static final DecisionTrail.Form SYNDROME = AbortRouter::describe;

    private static final long IABT = 1;
    private static final long S1PTW = 1 << 1;
    private static final long CM = 1 << 2;
    private static final long WNR = 1 << 3;

    private AbortRouter() {}

    /// {@return where an abort goes}
    public static AbortRoute route(KernelVersion version, AbortFacts facts, DecisionTrail trail) {
        AbortRoute route = decide(version, facts);
        if (trail.enabled()) {
            String source = version.source(STEP);
            trail.fact("ESR_EL2", SYNDROME, facts.fsc(), flags(facts), source);
            trail.fact("IPA", facts.zone(), source);
            trail.fact("memslot", facts.slot(), "virt/kvm/kvm_main.c:gfn_to_memslot");
            trail.rule("abort goes to", route.description(), source);
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

    private static long flags(AbortFacts facts) {
        return (facts.iabt() ? IABT : 0)
                | (facts.s1ptw() ? S1PTW : 0)
                | (facts.cm() ? CM : 0)
                | (facts.wnr() ? WNR : 0);
    }

    private static String describe(long fsc, long flags) {
        return ((flags & IABT) != 0 ? "IABT " : "DABT ")
                + FaultStatus.describe((int) fsc)
                + ((flags & S1PTW) != 0 ? " S1PTW" : "")
                + ((flags & CM) != 0 ? " CM" : "")
                + ((flags & WNR) != 0 ? " WnR" : "");
    }
}
