package dev.ipanema.kvm.vgic;

/// The device behind a level interrupt that is mapped to a physical one (`struct irq_ops`), as the generic timers are.
@FunctionalInterface
public interface PhysicalLine {
    /// {@return the level of its line now}
    boolean level();
}
