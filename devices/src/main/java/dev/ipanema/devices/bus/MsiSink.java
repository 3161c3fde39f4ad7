package dev.ipanema.devices.bus;

/// Where message-signalled interrupts go.
@FunctionalInterface
public interface MsiSink {
    /// Sends one message: a 32-bit write by a device.
    ///
    /// @param address where the guest told the device to write; not checked
    /// @param data what it told it to write
    /// @param deviceId who writes: for PCI the requester id, bus << 8 | device << 3 | function
    void send(long address, int data, int deviceId);
}
