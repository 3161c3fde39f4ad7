package dev.ipanema.kvm.vm;

import dev.ipanema.arm.gic.Intid;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.kvm.uapi.KvmIrqRoute;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Interrupts that a VMM raises by number through an irqfd (`virt/kvm/irqchip.c`, `vgic-irqfd.c`). Until the VMM says
/// otherwise number n is SPI n. For all threads.
final class IrqRouting {
    /// `KVM_MAX_IRQ_ROUTES`.
    private static final int MAX_ROUTES = 4096;

    private static final int PINS = Intid.RESERVED - Intid.PRIVATE;

    private final VmInterrupts interrupts;
    private volatile Map<Integer, KvmIrqRoute> routes;

    IrqRouting(VmInterrupts interrupts) {
        this.interrupts = interrupts;
        Map<Integer, KvmIrqRoute> initial = new HashMap<>();
        for (int pin = 0; pin < PINS; pin++) {
            initial.put(pin, new KvmIrqRoute.Irqchip(pin, pin));
        }
        this.routes = Map.copyOf(initial);
    }

    /// `KVM_SET_GSI_ROUTING`.
    ///
    /// @return 0, or -EINVAL for a number or pin that cannot be, -E2BIG for too many
    int set(List<KvmIrqRoute> entries) {
        if (entries.size() > MAX_ROUTES) {
            return Errno.E2BIG.negated();
        }
        Map<Integer, KvmIrqRoute> made = new HashMap<>();
        for (KvmIrqRoute entry : entries) {
            boolean badPin = entry instanceof KvmIrqRoute.Irqchip chip && (chip.pin() < 0 || chip.pin() >= PINS);
            // One number leads to one message, or to one pin.
            if (entry.gsi() < 0 || entry.gsi() >= MAX_ROUTES || badPin || made.containsKey(entry.gsi())) {
                return Errno.EINVAL.negated();
            }
            made.put(entry.gsi(), entry);
        }
        routes = Map.copyOf(made);
        return 0;
    }

    /// Raises or lowers an interrupt (`kvm_set_irq`); a message is sent when it rises.
    ///
    /// @return what the interrupt's own ioctl returns, -EINVAL for a number without a route
    int raise(int gsi, boolean level) {
        KvmIrqRoute found = routes.get(gsi);
        if (found == null) {
            return Errno.EINVAL.negated();
        }
        return switch (found) {
            case KvmIrqRoute.Irqchip chip ->
                interrupts.irqLine(
                        KvmDeviceUapi.KVM_ARM_IRQ_TYPE_SPI << KvmDeviceUapi.KVM_ARM_IRQ_TYPE_SHIFT
                                | (chip.pin() + Intid.PRIVATE),
                        level);
            case KvmIrqRoute.Msi msi ->
                level
                        ? interrupts.signalMsi(
                                msi.address(), msi.data(), KvmDeviceUapi.KVM_MSI_VALID_DEVID, msi.deviceId())
                        : 0;
        };
    }
}
