package dev.ipanema.machine.memory;

/// Told of stores to watched pages that do not come from a guest instruction's TLB entry: by loaders, KVM,
/// the host kernel, the VMM, devices.
@FunctionalInterface
public interface PageWatcher {
    /// A range has been written; called after the store, on the storing thread. The range may reach beyond
    /// the watched page.
    void written(long pa, long bytes);
}
