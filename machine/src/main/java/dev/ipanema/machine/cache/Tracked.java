package dev.ipanema.machine.cache;

/// Which memory has its caches modelled; the rest has one value for everybody.
public enum Tracked {
    /// All RAM of the machine.
    ALL,
    /// What the host kernel maps for itself.
    RAM,
    /// What it does not: memory of devices.
    DEVICE;

    /// {@return whether a region is tracked}
    ///
    /// @param mapMemory whether the host kernel maps it for itself
    public boolean includes(boolean mapMemory) {
        return this == ALL || (this == RAM) == mapMemory;
    }
}
