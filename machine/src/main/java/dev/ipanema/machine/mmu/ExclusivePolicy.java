package dev.ipanema.machine.mmu;

/// What an exclusive or atomic access to memory other than Normal inner and outer write-back does. The
/// architecture leaves it IMPLEMENTATION DEFINED.
///
/// Source: Arm ARM DDI 0487, B2.2 and "Limited ordering regions, atomic access to memory types".
public enum ExclusivePolicy {
    /// The access works as on write-back memory.
    WORK,
    /// Data abort with fault status 0x35, of the stage whose attribute is the reason.
    FAULT_0X35,
    /// Synchronous external abort.
    EXTERNAL_ABORT
}
