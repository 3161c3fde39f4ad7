package dev.ipanema.kvm.abort;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.cpu.CpuContext;

/// Gives exceptions to the guest's EL1 (`arch/arm64/kvm/inject_fault.c`). The kernel marks them pending and lets
/// the next entry take them; here they are taken at once, from the PC that the vCPU has.
public final class ExceptionInjector {
    private final CpuContext cpu;

    /// Injects into one vCPU.
    public ExceptionInjector(CpuContext cpu) {
        this.cpu = cpu;
    }

    /// Injects an external abort that is not on a table walk (`kvm_inject_sea`).
    ///
    /// @param iabt an instruction abort, otherwise a data abort
    /// @param far what FAR_EL1 says
    public void injectSea(boolean iabt, long far) {
        inject(iabt, FaultStatus.SYNC_EXTERNAL_ABORT, far);
    }

    /// Injects an external abort on a stage-1 table walk.
    ///
    /// @param level the lookup level of the descriptor, -1 to 3
    public void injectSeaTtw(boolean iabt, int level, long far) {
        inject(iabt, FaultStatus.of(FaultStatus.SYNC_EXTERNAL_ABORT_TTW, level), far);
    }

    /// Injects an address-size fault, level 0 (`kvm_inject_size_fault`).
    public void injectAddressSize(boolean iabt, long far) {
        inject(iabt, FaultStatus.of(FaultStatus.ADDRESS_SIZE, 0), far);
    }

    /// Injects a data abort for an exclusive or atomic that the memory does not support
    /// (`kvm_inject_dabt_excl_atomic`).
    public void injectExclusiveAtomic(long far) {
        inject(false, FaultStatus.UNSUPPORTED_EXCLUSIVE_ATOMIC, far);
    }

    /// Injects an UNDEFINED instruction exception (`kvm_inject_undefined`).
    public void injectUndefined() {
        cpu.enterSynchronous(Esr.unknown());
    }

    /// Makes a virtual SError pending (`kvm_inject_serror_esr`).
    ///
    /// @param iss its syndrome
    public void injectSerror(int iss) {
        cpu.set(SysReg.VSESR_EL2, iss);
        cpu.set(SysReg.HCR_EL2, cpu.get(SysReg.HCR_EL2) | HcrEl2.VSE);
    }

    /// Makes a virtual SError of an IMPLEMENTATION DEFINED syndrome pending (`kvm_inject_vabt`).
    public void injectSerror() {
        injectSerror(Esr.SERROR_IDS);
    }

    /// {@return whether a virtual SError is pending}
    public boolean isSerrorPending() {
        return (cpu.get(SysReg.HCR_EL2) & HcrEl2.VSE) != 0;
    }

    private void inject(boolean iabt, int fsc, long far) {
        boolean lower = cpu.el() == 0;
        int iss = Esr.abortIss(fsc, 0);
        cpu.set(SysReg.FAR_EL1, far);
        cpu.enterSynchronous(iabt ? Esr.instructionAbort(lower, iss) : Esr.dataAbort(lower, true, iss));
    }
}
