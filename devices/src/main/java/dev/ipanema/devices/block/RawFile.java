package dev.ipanema.devices.block;

import dev.ipanema.base.text.BadInput;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file that holds the bytes of a disk as they are.
public final class RawFile implements BlockBackend {
    private static final int ZEROS = 64 << 10;

    private final FileChannel channel;
    private final boolean readOnly;
    private final long size;

    private RawFile(FileChannel channel, boolean readOnly, long size) {
        this.channel = channel;
        this.readOnly = readOnly;
        this.size = size;
    }

    /// Opens an image. A writable one is locked against a second writer.
    ///
    /// @throws BadInput when it is not there, no file, empty or in use
    public static RawFile open(Path path, boolean readOnly) {
        if (!Files.exists(path)) {
            throw new BadInput("The disk " + path + " does not exist");
        }
        if (!Files.isRegularFile(path)) {
            throw new BadInput("The disk " + path + " is not a file");
        }
        FileChannel channel = null;
        try {
            channel = readOnly
                    ? FileChannel.open(path, StandardOpenOption.READ)
                    : FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (channel.size() < 512) {
                throw new BadInput("The disk " + path + " has " + channel.size() + " bytes, less than a sector");
            }
            if (!readOnly) {
                lock(channel, path);
            }
            return new RawFile(channel, readOnly, channel.size());
        } catch (BadInput e) {
            closeQuietly(channel);
            throw e;
        } catch (IOException e) {
            closeQuietly(channel);
            throw new BadInput("The disk " + path + " cannot be opened: " + e.getMessage());
        }
    }

    static void lock(FileChannel channel, Path path) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new BadInput("The disk " + path + " is in use by another process");
            }
        } catch (OverlappingFileLockException e) {
            throw new BadInput("The disk " + path + " is in use by another machine");
        }
    }

    static void closeQuietly(java.io.@org.jspecify.annotations.Nullable Closeable resource) {
        try {
            if (resource != null) {
                resource.close();
            }
        } catch (IOException ignored) {
            // What went wrong before is told.
        }
    }

    static void readFully(FileChannel channel, long position, byte[] to, int offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(to, offset, length);
        while (buffer.hasRemaining()) {
            int n = channel.read(buffer, position + buffer.position() - offset);
            if (n < 0) {
                throw new EOFException("The image has become shorter");
            }
        }
    }

    static void writeFully(FileChannel channel, long position, byte[] from, int offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(from, offset, length);
        while (buffer.hasRemaining()) {
            channel.write(buffer, position + buffer.position() - offset);
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public void read(long position, byte[] to, int offset, int length) throws IOException {
        readFully(channel, position, to, offset, length);
    }

    @Override
    public void write(long position, byte[] from, int offset, int length) throws IOException {
        writeFully(channel, position, from, offset, length);
    }

    @Override
    public void flush() throws IOException {
        if (!readOnly) {
            channel.force(false);
        }
    }

    @Override
    public void zero(long position, long length) throws IOException {
        byte[] zeros = new byte[(int) Math.min(length, ZEROS)];
        for (long done = 0; done < length; ) {
            int n = (int) Math.min(zeros.length, length - done);
            write(position + done, zeros, 0, n);
            done += n;
        }
    }

    @Override
    public void discard(long position, long length) {
        // A file cannot be given holes from here; keeping the bytes is allowed.
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
