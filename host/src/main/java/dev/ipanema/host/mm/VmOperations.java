package dev.ipanema.host.mm;

/// How a mapping answers faults (`struct vm_operations_struct`). The handlers run with `mmap_lock` held for
/// reading.
public interface VmOperations {
    /// A mapping that never faults: all its entries were made at mmap; a missing one is SIGBUS.
    VmOperations NO_FAULT = fault -> VmFault.VM_FAULT_SIGBUS;

    /// Serves one page.
    ///
    /// @return `VM_FAULT_*` bits of [VmFault]
    int fault(VmFault fault);

    /// {@return whether [#hugeFault(VmFault)] is worth calling}
    default boolean hasHugeFault() {
        return false;
    }

    /// Serves the 2 MiB around an address.
    ///
    /// @return `VM_FAULT_*` bits; [VmFault#VM_FAULT_FALLBACK] to be asked again for one page
    default int hugeFault(VmFault fault) {
        return VmFault.VM_FAULT_FALLBACK;
    }
}
