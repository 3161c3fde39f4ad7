package dev.ipanema.devices.bus;

/// A wire to an interrupt controller that a device drives with a level.
@FunctionalInterface
public interface IrqLine {
    /// A wire that leads nowhere.
    IrqLine NONE = level -> {};

    /// Drives the wire. Setting the level that it has changes nothing.
    ///
    /// @param level true while the device wants attention
    void set(boolean level);
}
