package dev.ipanema.kvm.abort;

/// What `kvm_handle_guest_abort` does with an abort (`arch/arm64/kvm/mmu.c`).
public enum AbortRoute {
    /// A synchronous external abort: `kvm_handle_guest_sea`.
    HANDLE_SEA("kvm_handle_guest_sea"),

    /// The IPA could not be found out: the VM is marked bugged, `-EFAULT`.
    BUGGED("VM bugged, -EFAULT"),

    /// Beyond the host's limit: the guest gets an address-size fault, level 0.
    INJECT_ADDRESS_SIZE("inject address-size fault"),

    /// Beyond the VM's IPA size: the guest gets an external abort with the IPA as address.
    INJECT_SEA_AT_IPA("inject external abort at the IPA"),

    /// No handler for this fault status: `-EFAULT`.
    UNSUPPORTED_FSC("unsupported FSC, -EFAULT"),

    /// A fetch from no memory: the guest gets an external abort on the fetch.
    INJECT_SEA_IABT("inject external abort on fetch"),

    /// A stage-1 walk through no memory: the guest gets an external abort on a table walk.
    INJECT_SEA_TTW("inject external abort on table walk"),

    /// Cache maintenance of no memory: the instruction is skipped.
    SKIP_INSTRUCTION("skip instruction"),

    /// A data access to no memory, or a write to a read-only slot: `io_mem_abort`.
    IO_MEM_ABORT("io_mem_abort"),

    /// The access flag was clear: `handle_access_fault` sets it.
    ACCESS_FAULT("handle_access_fault"),

    /// Memory of a guest_memfd.
    GMEM_ABORT("gmem_abort"),

    /// Memory of the VMM.
    USER_MEM_ABORT("user_mem_abort");

    private final String description;

    AbortRoute(String description) {
        this.description = description;
    }

    /// {@return the handler, or what is done, in the kernel's words}
    public String description() {
        return description;
    }
}
