package dev.ipanema.kvm.abort;

/// A device inside KVM that answers MMIO (`struct kvm_io_device`).
///
/// An implementation is given only accesses that lie inside the range with which it was registered, of 1, 2, 4 or 8
/// bytes, not necessarily aligned.
public interface KvmIoDevice {
    /// Reads.
    ///
    /// @param vcpu number of the vCPU that reads
    /// @param offset bytes from the start of the range
    /// @return the value, zero-extended
    long read(int vcpu, long offset, int len);

    /// Writes.
    ///
    /// @param vcpu number of the vCPU that writes
    /// @param offset bytes from the start of the range
    /// @param value zero-extended
    void write(int vcpu, long offset, int len, long value);
}
