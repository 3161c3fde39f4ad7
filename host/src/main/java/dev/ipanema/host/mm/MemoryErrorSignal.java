package dev.ipanema.host.mm;

/// SIGBUS with `BUS_MCEERR_AO`: memory that the process has mapped was lost.
///
/// @param hva the first lost address (`si_addr`)
/// @param shift log2 of the lost bytes (`si_addr_lsb`)
public record MemoryErrorSignal(long hva, int shift) {}
