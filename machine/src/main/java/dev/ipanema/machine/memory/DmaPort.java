package dev.ipanema.machine.memory;

/// A device's way to memory: addresses are those that the guest gave it, and any of them may be nonsense.
///
/// No method throws for an address: a range that wraps or is not wholly memory is told by the result, and nothing of a
/// refused scalar access has happened. Bytes of a refused [#read] or [#write] before the hole may have been moved.
/// Scalars are little-endian and single accesses where they are aligned, so that a ring index is never torn.
public interface DmaPort {
    /// What [#load] answers where there is no memory.
    long NO_MEMORY = -1;

    /// Reads `length` bytes.
    ///
    /// @return false when any of them is no memory
    boolean read(long address, byte[] to, int offset, int length);

    /// Writes `length` bytes.
    ///
    /// @return false when any of them is no memory that a device may write
    boolean write(long address, byte[] from, int offset, int length);

    /// Loads a scalar.
    ///
    /// @param bytes 1, 2 or 4
    /// @return the value, zero-extended, or [#NO_MEMORY]
    long load(long address, int bytes);

    /// Stores a scalar.
    ///
    /// @param bytes 1, 2, 4 or 8
    /// @return false when there is no memory that a device may write
    boolean store(long address, int bytes, long value);
}
