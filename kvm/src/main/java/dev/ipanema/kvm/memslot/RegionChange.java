package dev.ipanema.kvm.memslot;

/// What a `KVM_SET_USER_MEMORY_REGION` does to its slot (`enum kvm_mr_change`, `include/linux/kvm_host.h`).
public enum RegionChange {
    CREATE,
    DELETE,
    MOVE,
    FLAGS_ONLY,

    /// The slot exists and nothing differs: the ioctl returns 0 at once.
    NONE
}
