package dev.ipanema.kvm.stage2;

/// Where table pages come from: pages of the host's memory, by physical address. Implementations are
/// thread-safe.
public interface TablePages {
    /// Allocates memory filled with zeroes and aligned to its size.
    ///
    /// @param bytes a power of two, at least one page of the tables' granule
    /// @return its physical address, or -1 when there is none left
    long allocate(long bytes);

    /// Takes memory back that [#allocate] gave with the same size.
    void free(long pa, long bytes);
}
