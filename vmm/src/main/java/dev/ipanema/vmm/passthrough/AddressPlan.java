package dev.ipanema.vmm.passthrough;

import java.util.List;

/// Where a machine's large things lie in guest-physical addresses, chosen so that the host's devices fit.
///
/// @param highMmio where the high PCI memory window begins
/// @param highMmioEnd the first address behind it
/// @param memory memory beside the RAM, ascending, above the window
/// @param presetBars whether BARs have addresses already, which the guest is to keep
public record AddressPlan(long highMmio, long highMmioEnd, List<NodeMemory> memory, boolean presetBars) {
    public AddressPlan {
        memory = List.copyOf(memory);
    }

    /// Memory of a NUMA node.
    ///
    /// @param node at least 1
    /// @param base guest-physical
    /// @param size bytes
    /// @param isPersistent whether a driver is to map it, instead of the kernel taking it for RAM
    public record NodeMemory(int node, long base, long size, boolean isPersistent) {
        /// {@return the first address behind it}
        public long end() {
            return base + size;
        }
    }

    /// {@return the plan of a machine without devices of the host}
    public static AddressPlan of(long highMmio, long highMmioEnd) {
        return new AddressPlan(highMmio, highMmioEnd, List.of(), false);
    }

    /// {@return the first address behind everything}
    private long end() {
        return memory.isEmpty() ? highMmioEnd : memory.getLast().end();
    }

    /// {@return how many bits an address has (`KVM_VM_TYPE_ARM_IPA_SIZE`)}
    public int ipaBits() {
        return Long.SIZE - Long.numberOfLeadingZeros(end() - 1);
    }

    /// {@return bytes of the high PCI memory window}
    public long highMmioSize() {
        return highMmioEnd - highMmio;
    }
}
