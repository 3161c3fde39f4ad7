package dev.ipanema.kvm.stage2;

/// The VMID of one stage-2 MMU, with the generation in which it was given out (Linux `struct kvm_vmid`). A
/// new one has none yet.
public final class Vmid {
    /// Generation in the upper bits, index in the lower ones; 0 before the first use.
    private volatile long id;

    long id() {
        return id;
    }

    void set(long newId) {
        id = newId;
    }
}
