package dev.ipanema.machine.memory;

/// Who makes an access to physical memory.
public enum Agent {
    /// A load, store or atomic of an instruction that a processing element executes.
    PE,
    /// A translation table walk of a processing element, and its hardware updates of descriptors.
    TABLE_WALK,
    /// KVM's own accesses, for example to stage-2 tables.
    KVM,
    /// The host kernel outside KVM: page zeroing, copies on write, drivers.
    HOST_KERNEL,
    /// The virtual machine monitor, through its own mapping.
    VMM,
    /// A device that masters the bus.
    DEVICE,
    /// What places images in memory before anything runs.
    LOADER
}
