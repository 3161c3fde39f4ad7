package dev.ipanema.kvm.pmu;

import dev.ipanema.arm.register.PmcrEl0;
import dev.ipanema.arm.register.SysReg;

/// The registers of a vCPU's performance monitors but for the counters and what they count.
final class PmuState {
    /// PMCR_EL0 without N.
    long control;

    /// PMCNTENSET_EL0 and PMCNTENCLR_EL0, a bit for each counter.
    long enabled;

    /// PMOVSSET_EL0 and PMOVSCLR_EL0.
    long overflowed;

    /// PMINTENSET_EL1 and PMINTENCLR_EL1.
    long interrupts;

    /// PMSELR_EL0.
    long selected;

    /// PMUSERENR_EL0.
    long userAccess;

    /// @param mask what registers with a bit for each counter hold
    /// @param unknown what other registers hold that have no reset value
    void reset(long mask, long unknown) {
        control = PmcrEl0.LC;
        enabled = mask;
        overflowed = mask;
        interrupts = mask;
        selected = unknown & SysReg.PMSELR_EL0.writable();
        userAccess = 0;
    }
}
