package dev.ipanema.machine.memory;

/// Told of each cache maintenance operation, on the thread that asks for it.
@FunctionalInterface
public interface CacheMaintenanceListener {
    /// @param pa first physical address; 0 for an operation on all of a cache
    /// @param bytes length of the range; 0 for an operation on all of a cache
    void maintained(CacheOperation operation, Agent agent, long pa, long bytes);
}
