package dev.ipanema.kvm.uapi;

/// Flags of memory regions and the fixed numbers around them (`include/uapi/linux/kvm.h`,
/// `include/linux/kvm_host.h`).
public final class KvmMem {
    /// Record which pages of the slot the guest writes.
    public static final int KVM_MEM_LOG_DIRTY_PAGES = 1;

    /// Guest writes to the slot become MMIO exits.
    public static final int KVM_MEM_READONLY = 1 << 1;

    /// The slot is backed by a guest_memfd (version 2 of the ioctl only).
    public static final int KVM_MEM_GUEST_MEMFD = 1 << 2;

    /// The flags that version 1 of the ioctl lets through.
    public static final int KVM_SET_USER_MEMORY_REGION_V1_FLAGS = KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY;

    /// Slot numbers that userspace may use: 0 to this minus 1.
    public static final int KVM_USER_MEM_SLOTS = 32767;

    /// Address spaces of a VM; arm64 has one.
    public static final int KVM_MAX_NR_ADDRESS_SPACES = 1;

    /// Most pages of one slot.
    public static final long KVM_MEM_MAX_NR_PAGES = (1L << 31) - 1;

    /// Flag of `KVM_CREATE_GUEST_MEMFD`: the file can be mapped by the VMM.
    public static final long GUEST_MEMFD_FLAG_MMAP = 1;

    /// Flag of `KVM_CREATE_GUEST_MEMFD`: the memory starts shared.
    public static final long GUEST_MEMFD_FLAG_INIT_SHARED = 1L << 1;

    /// Bits 7:0 of the VM type: the requested IPA size, 0 for 40.
    public static final long KVM_VM_TYPE_ARM_IPA_SIZE_MASK = 0xff;

    /// Bit 31 of the VM type: a protected VM.
    public static final long KVM_VM_TYPE_ARM_PROTECTED = 1L << 31;

    private KvmMem() {}

    /// {@return the slot flags in words, `0` for none, unknown bits in hexadecimal}
    public static String flagNames(int flags) {
        if (flags == 0) {
            return "0";
        }
        StringBuilder text = new StringBuilder();
        int rest = flags;
        String[] names = {"LOG_DIRTY_PAGES", "READONLY", "GUEST_MEMFD"};
        for (int bit = 0; bit < names.length; bit++) {
            if ((rest & 1 << bit) != 0) {
                text.append(text.isEmpty() ? "" : "|").append(names[bit]);
                rest &= ~(1 << bit);
            }
        }
        if (rest != 0) {
            text.append(text.isEmpty() ? "" : "|").append("0x").append(Integer.toHexString(rest));
        }
        return text.toString();
    }
}
