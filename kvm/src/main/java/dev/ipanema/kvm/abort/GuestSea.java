package dev.ipanema.kvm.abort;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.mmu.VmMemory;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmRun;

/// A synchronous external abort that the guest's access met (`arch/arm64/kvm/mmu.c:kvm_handle_guest_sea`): handed
/// to the VMM where it asked for that, else a virtual SError. Platform firmware that would claim the error (APEI)
/// is not modelled.
final class GuestSea {
    private static final int RESUME = 1;
    private static final int EXIT = 0;

    private final VmMemory vm;
    private final KvmRun run;
    private final FaultInfo fault;
    private final ExceptionInjector injector;

    GuestSea(VmMemory vm, KvmRun run, FaultInfo fault, ExceptionInjector injector) {
        this.vm = vm;
        this.run = run;
        this.fault = fault;
        this.injector = injector;
    }

    /// {@return 1 to resume the guest, 0 to leave for the VMM}
    int handle(DecisionTrail trail) {
        String source = vm.version().source("kvm_handle_guest_sea");
        if (!vm.seaToUser() || hostOwns()) {
            trail.outcome("synchronous external abort", "virtual SError", source);
            injector.injectSerror();
            return RESUME;
        }
        long esr = fault.esr();
        int keep = Esr.FNV | Esr.EA | Esr.CM | Esr.WNR;
        int iss = Esr.abortIss(fault.fsc(), Esr.iss(esr) & keep);
        if (vm.caps().ras()) {
            iss = Esr.withSet(iss, Esr.set(esr));
        }
        run.exitReason = KvmExit.KVM_EXIT_ARM_SEA;
        run.armSea.esr = Esr.of(Esr.ec(esr), Esr.il(esr), iss);
        run.armSea.gva = Esr.fnv(esr) ? 0 : fault.far();
        run.armSea.gpa = fault.ipaValid() ? fault.ipa() : 0;
        run.armSea.flags = fault.ipaValid() ? KvmExit.KVM_EXIT_ARM_SEA_FLAG_GPA_VALID : 0;
        trail.outcome("synchronous external abort", "KVM_EXIT_ARM_SEA", source);
        return EXIT;
    }

    /// The host's own tables are broken, or it cannot tell without FEAT_RAS (`host_owns_sea`).
    private boolean hostOwns() {
        boolean onWalk = FaultStatus.kind(fault.fsc()) == FaultStatus.SYNC_EXTERNAL_ABORT_TTW;
        return !vm.caps().ras() || (onWalk && fault.s1ptw());
    }
}
