package dev.ipanema.devices.pci;

/// A function of a PCI device as its host bridge sees it: a configuration space and up to six windows of registers
/// (BARs). An emulated one extends [EmulatedPciFunction]; one that belongs to real hardware implements this.
///
/// Called under the VMM's lock.
public interface PciFunction {
    /// BARs of a function.
    int BARS = 6;

    /// The address of a BAR that answers nowhere: it is not there, has no address yet or its decoding is off.
    long NOWHERE = -1;

    /// The address spaces that a BAR can lie in.
    enum Space {
        /// Memory.
        MEMORY,
        /// I/O ports.
        IO
    }

    /// The function was put into a slot. Called once, before anything else.
    void plugged(PciSlot slot);

    /// Reads the configuration space.
    ///
    /// @param offset 0 to 4095, aligned
    /// @param bytes 1, 2 or 4
    long readConfig(int offset, int bytes);

    /// Writes the configuration space. When that moves a BAR, the slot is told.
    ///
    /// @param offset 0 to 4095, aligned
    /// @param bytes 1, 2 or 4
    void writeConfig(int offset, int bytes, long value);

    /// {@return where a BAR answers now, or [#NOWHERE]}
    ///
    /// @param bar 0 to 5; the second half of a 64-bit BAR answers nowhere
    long barAddress(int bar);

    /// {@return bytes of a BAR, 0 when it is not there}
    long barSize(int bar);

    /// {@return which addresses a BAR answers}
    Space barSpace(int bar);

    /// Reads a register behind a BAR.
    ///
    /// @param offset within the BAR, aligned to `bytes`
    /// @param bytes 1, 2, 4 or 8
    long readBar(int bar, long offset, int bytes);

    /// Writes a register behind a BAR.
    ///
    /// @param offset within the BAR, aligned to `bytes`
    /// @param bytes 1, 2, 4 or 8
    void writeBar(int bar, long offset, int bytes, long value);
}
