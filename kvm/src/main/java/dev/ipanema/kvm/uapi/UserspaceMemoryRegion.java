package dev.ipanema.kvm.uapi;

/// The argument of `KVM_SET_USER_MEMORY_REGION2` (`struct kvm_userspace_memory_region2`); version 1 of the ioctl
/// takes the same without the last two.
///
/// @param slot slot number in bits 15:0, address space in bits 31:16
/// @param flags `KVM_MEM_…` of [KvmMem]
/// @param guestPhysAddr first IPA
/// @param memorySize bytes, 0 deletes the slot
/// @param userspaceAddr first HVA in the VMM's address space
/// @param guestMemfd file descriptor of a guest_memfd, read only with `KVM_MEM_GUEST_MEMFD`
/// @param guestMemfdOffset first byte of the slot in that file
public record UserspaceMemoryRegion(
        int slot,
        int flags,
        long guestPhysAddr,
        long memorySize,
        long userspaceAddr,
        int guestMemfd,
        long guestMemfdOffset) {

    /// The argument of version 1 of the ioctl.
    public UserspaceMemoryRegion(int slot, int flags, long guestPhysAddr, long memorySize, long userspaceAddr) {
        this(slot, flags, guestPhysAddr, memorySize, userspaceAddr, -1, 0);
    }

    /// {@return the argument that deletes a slot}
    public static UserspaceMemoryRegion delete(int slot) {
        return new UserspaceMemoryRegion(slot, 0, 0, 0, 0);
    }
}
