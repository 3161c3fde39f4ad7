package dev.ipanema.devices.block;

import java.io.Closeable;
import java.io.IOException;

/// The bytes of a disk. Positions and lengths are those of a device that has checked them against [#size()].
public interface BlockBackend extends Closeable {
    /// {@return bytes of the disk}
    long size();

    /// {@return whether writes are refused}
    boolean readOnly();

    /// Reads bytes.
    void read(long position, byte[] to, int offset, int length) throws IOException;

    /// Writes bytes. They are safe after [#flush()] only.
    void write(long position, byte[] from, int offset, int length) throws IOException;

    /// Makes all writes that were done before it safe.
    void flush() throws IOException;

    /// Writes zeros.
    void zero(long position, long length) throws IOException;

    /// Takes note that bytes are not needed any more; they may read as anything afterwards.
    void discard(long position, long length) throws IOException;
}
