package dev.ipanema.kvm.uapi;

/// Where an interrupt that a VMM raises by number goes (`struct kvm_irq_routing_entry` of `KVM_SET_GSI_ROUTING`).
public sealed interface KvmIrqRoute {
    /// {@return the number by which the VMM raises it}
    int gsi();

    /// An SPI of the vGIC (`KVM_IRQ_ROUTING_IRQCHIP`).
    ///
    /// @param pin number of the interrupt less 32
    record Irqchip(int gsi, int pin) implements KvmIrqRoute {}

    /// A message to an ITS (`KVM_IRQ_ROUTING_MSI` with `KVM_MSI_VALID_DEVID`).
    ///
    /// @param address guest physical address
    /// @param data what is written
    /// @param deviceId number of the device
    record Msi(int gsi, long address, int data, int deviceId) implements KvmIrqRoute {}
}
