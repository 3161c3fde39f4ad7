package dev.ipanema.devices.block;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.devices.bus.LittleEndian;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A disk whose writes are kept in a sparse side file, so that its base is never changed.
///
/// The side file holds each written block of 4 KiB at its own position, behind them a map with one bit for each block,
/// and at the end 16 bytes: `IPANEMA1` and the size of the disk, little-endian. The map is written by [#flush()] and
/// [#close()]. A side file of the same disk is continued.
public final class Overlay implements BlockBackend {
    private static final int BLOCK = 4096;
    private static final long MAX_SIZE = 1L << 42;
    private static final long MAGIC = 0x3141_4d45_4e41_5049L;
    private static final int TRAILER = 16;

    private final BlockBackend base;
    private final FileChannel side;
    private final long size;
    private final byte[] map;
    private final byte[] block = new byte[BLOCK];
    private boolean mapDirty;

    private Overlay(BlockBackend base, FileChannel side, byte[] map) {
        this.base = base;
        this.side = side;
        this.size = base.size();
        this.map = map;
    }

    /// Opens or makes the side file of a disk; the overlay closes the base with itself.
    ///
    /// @throws BadInput when the file belongs to another disk, is something else or cannot be written
    public static Overlay open(BlockBackend base, Path path) {
        if (base.size() > MAX_SIZE) {
            throw new BadInput("An overlay is possible for disks up to " + MAX_SIZE + " bytes");
        }
        long blocks = (base.size() + BLOCK - 1) / BLOCK;
        byte[] map = new byte[Math.toIntExact((blocks + Byte.SIZE - 1) / Byte.SIZE)];
        FileChannel side = null;
        try {
            side = FileChannel.open(
                    path,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.SPARSE);
            RawFile.lock(side, path);
            long expected = blocks * BLOCK + map.length + TRAILER;
            if (side.size() != 0) {
                byte[] trailer = new byte[TRAILER];
                if (side.size() == expected) {
                    RawFile.readFully(side, expected - TRAILER, trailer, 0, TRAILER);
                }
                if (LittleEndian.get64(trailer, 0) != MAGIC || LittleEndian.get64(trailer, 8) != base.size()) {
                    throw new BadInput("The file " + path + " is not an overlay of this disk");
                }
                RawFile.readFully(side, blocks * BLOCK, map, 0, map.length);
            }
            Overlay overlay = new Overlay(base, side, map);
            overlay.mapDirty = side.size() == 0;
            overlay.flush();
            return overlay;
        } catch (BadInput e) {
            RawFile.closeQuietly(side);
            throw e;
        } catch (IOException e) {
            RawFile.closeQuietly(side);
            throw new BadInput("The overlay " + path + " cannot be opened: " + e.getMessage());
        }
    }

    private boolean written(long index) {
        return (map[(int) (index >>> 3)] >>> (index & 7) & 1) != 0;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    /// {@return bytes of a run that lie in one block}
    private static int inBlock(long position, long length) {
        return (int) Math.min(length, BLOCK - position % BLOCK);
    }

    @Override
    public void read(long position, byte[] to, int offset, int length) throws IOException {
        for (int done = 0; done < length; ) {
            long at = position + done;
            int n = inBlock(at, length - done);
            if (written(at / BLOCK)) {
                RawFile.readFully(side, at, to, offset + done, n);
            } else {
                base.read(at, to, offset + done, n);
            }
            done += n;
        }
    }

    @Override
    public void write(long position, byte[] from, int offset, int length) throws IOException {
        for (int done = 0; done < length; ) {
            long at = position + done;
            int n = inBlock(at, length - done);
            prepare(at, n);
            RawFile.writeFully(side, at, from, offset + done, n);
            mark(at / BLOCK);
            done += n;
        }
    }

    /// Brings the rest of a block that is written in part for the first time into the side file.
    private void prepare(long at, int length) throws IOException {
        if (length < BLOCK && !written(at / BLOCK)) {
            long start = at - at % BLOCK;
            int n = (int) Math.min(BLOCK, size - start);
            base.read(start, block, 0, n);
            RawFile.writeFully(side, start, block, 0, n);
        }
    }

    private void mark(long index) {
        if (!written(index)) {
            map[(int) (index >>> 3)] |= (byte) (1 << (index & 7));
            mapDirty = true;
        }
    }

    @Override
    public void zero(long position, long length) throws IOException {
        byte[] zeros = new byte[BLOCK];
        for (long done = 0; done < length; ) {
            int n = inBlock(position + done, length - done);
            write(position + done, zeros, 0, n);
            done += n;
        }
    }

    @Override
    public void discard(long position, long length) {
        // Keeping the bytes is allowed.
    }

    @Override
    public void flush() throws IOException {
        if (mapDirty) {
            // A block must be safe before the map says that it is there.
            side.force(false);
            byte[] tail = new byte[map.length + TRAILER];
            System.arraycopy(map, 0, tail, 0, map.length);
            LittleEndian.put64(tail, map.length, MAGIC);
            LittleEndian.put64(tail, map.length + 8, size);
            RawFile.writeFully(side, (size + BLOCK - 1) / BLOCK * BLOCK, tail, 0, tail.length);
            mapDirty = false;
        }
        side.force(false);
    }

    @Override
    public void close() throws IOException {
        try {
            flush();
        } finally {
            try {
                side.close();
            } finally {
                base.close();
            }
        }
    }
}
