package dev.ipanema.machine.memory;

/// A device that answers reads and writes of a range of physical addresses.
///
/// An implementation is given only offsets within the size it was registered with, aligned to `bytes`.
public interface MmioRegion {
    /// Reads a register.
    ///
    /// @param offset bytes from the start of the region
    /// @param bytes 1, 2, 4 or 8
    /// @return the value, zero-extended
    long read(long offset, int bytes);

    /// Writes a register.
    ///
    /// @param offset bytes from the start of the region
    /// @param bytes 1, 2, 4 or 8
    /// @param value the value; bits above `bytes` are to be ignored
    void write(long offset, int bytes, long value);
}
