package dev.ipanema.machine.cpu;

/// Why a processing element stopped running a guest.
public enum Exit {
    /// An exception was taken to EL2; its syndrome is in [ProcessingElement#esrEl2()] and its companions.
    TRAP,
    /// Somebody called [ProcessingElement#kick()], which stands for a physical interrupt routed to EL2.
    KICK,
    /// The virtual CPU interface asserts its maintenance interrupt, a physical one that is routed to EL2:
    /// [VirtualCpuInterface#misr()] says why.
    MAINTENANCE,
    /// A timer of EL1 asserts its interrupt, a physical PPI that is routed to EL2 and not active:
    /// [El1Timer#line] says which.
    TIMER,
    /// As many instructions were executed as was asked for.
    BUDGET,
    /// The guest executed WFI, which was not trapped, and no virtual interrupt is pending. PC is behind it; the caller
    /// waits as it sees fit.
    WAIT
}
