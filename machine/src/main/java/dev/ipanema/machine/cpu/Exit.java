package dev.ipanema.machine.cpu;

/// Why a processing element stopped running a guest.
public enum Exit {
    /// An exception was taken to EL2; its syndrome is in [ProcessingElement#esrEl2()] and its companions.
    TRAP,
    /// Somebody called [ProcessingElement#kick()], which stands for a physical interrupt routed to EL2.
    KICK,
    /// As many instructions were executed as was asked for.
    BUDGET,
    /// The guest executed WFI, which was not trapped, and no virtual interrupt is pending. PC is behind it; the caller
    /// waits as it sees fit.
    WAIT
}
