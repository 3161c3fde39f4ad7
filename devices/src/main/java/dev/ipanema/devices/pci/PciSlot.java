package dev.ipanema.devices.pci;

/// What a function reaches of its host bridge.
public interface PciSlot {
    /// Drives the function's INTA pin.
    void intx(boolean level);

    /// Sends a message-signalled interrupt.
    void msi(long address, int data);

    /// The address of a BAR has changed, or whether it answers at all.
    void barsChanged();
}
