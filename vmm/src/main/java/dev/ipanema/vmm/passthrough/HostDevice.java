package dev.ipanema.vmm.passthrough;

/// A device of the host that a user has given to a guest.
public sealed interface HostDevice {
    /// {@return where it is on the host's PCI bus, as `0000:01:00.0`}
    String bdf();

    /// {@return whether a missing capability of KVM is to be passed over, so that what comes of it can be seen}
    boolean isForced();

    /// {@return what the user asked for, for messages}
    String name();

    /// The device as a PCI function of the guest.
    ///
    /// @param identityMap whether the BAR of its coherent memory is preset to the memory's host-physical address: a
    ///     Grace Blackwell GPU reaches its memory over its fabric by that address
    record Function(String bdf, boolean identityMap, boolean isForced) implements HostDevice {
        @Override
        public String name() {
            return "vfio,host=" + bdf;
        }
    }

    /// The device's coherent memory as ordinary memory of the guest, there from reset and outside of PCI.
    ///
    /// @param node NUMA node that the guest is told, at least 1: 0 is the RAM's
    /// @param size bytes of it, from its start; 0 for all
    /// @param isPersistent whether the guest is told of persistent memory, which a driver maps write-back,
    ///     instead of RAM
    record Memory(String bdf, int node, long size, boolean isPersistent, boolean isForced) implements HostDevice {
        @Override
        public String name() {
            return "coherent-memory,host=" + bdf;
        }
    }
}
