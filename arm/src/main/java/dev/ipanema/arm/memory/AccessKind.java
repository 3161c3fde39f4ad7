package dev.ipanema.arm.memory;

/// What an access is, as far as memory types care.
public enum AccessKind {
    /// A load, a store or a cache maintenance operation.
    DATA,
    /// An instruction fetch.
    FETCH,
    /// A read or update of a stage-1 translation table by the table walk.
    WALK
}
