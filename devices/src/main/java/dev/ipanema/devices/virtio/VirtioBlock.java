package dev.ipanema.devices.virtio;

import dev.ipanema.devices.block.BlockBackend;
import dev.ipanema.devices.bus.LittleEndian;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The block device (VIRTIO 1.3, section 5.2): read, write, flush, discard, write zeroes and the id, on one queue.
///
/// A request outside the disk, in part of a sector or with buffers outside memory ends with VIRTIO_BLK_S_IOERR.
public final class VirtioBlock extends VirtioDevice {
    private static final int TYPE = 2;
    private static final int SECTOR_SHIFT = 9;
    private static final int SECTOR = 1 << SECTOR_SHIFT;

    private static final long F_SIZE_MAX = 1 << 1;
    private static final long F_SEG_MAX = 1 << 2;
    private static final long F_RO = 1 << 5;
    private static final long F_BLK_SIZE = 1 << 6;
    private static final long F_FLUSH = 1 << 9;
    private static final long F_DISCARD = 1 << 13;
    private static final long F_WRITE_ZEROES = 1 << 14;

    private static final int T_IN = 0;
    private static final int T_OUT = 1;
    private static final int T_FLUSH = 4;
    private static final int T_GET_ID = 8;
    private static final int T_DISCARD = 11;
    private static final int T_WRITE_ZEROES = 13;

    private static final int S_OK = 0;
    private static final int S_IOERR = 1;
    private static final int S_UNSUPP = 2;

    private static final int HEADER = 16;
    private static final int RANGE = 16;
    private static final int ID_LENGTH = 20;
    private static final int UNMAP = 1;

    private static final int SEG_MAX = 254;
    private static final int SIZE_MAX = 128 << 10;
    private static final long MAX_DATA = (long) SEG_MAX * SIZE_MAX;
    private static final int MAX_RANGES = 16;
    private static final int MAX_RANGE_SECTORS = 1 << 13;
    private static final int CONFIG_SIZE = 60;
    private static final int CHUNK = 64 << 10;

    private final BlockBackend backend;
    private final byte[] id;
    private final byte[] config = new byte[CONFIG_SIZE];
    private final byte[] header = new byte[HEADER];
    private final byte[] chunk = new byte[CHUNK];
    private final byte[] status = new byte[1];

    /// @param id up to 20 ASCII characters, the disk's serial number
    public VirtioBlock(BlockBackend backend, String id) {
        super(TYPE, 1);
        this.backend = backend;
        this.id = Arrays.copyOf(id.getBytes(StandardCharsets.US_ASCII), ID_LENGTH);
        LittleEndian.put64(config, 0, backend.size() >>> SECTOR_SHIFT);
        LittleEndian.put32(config, 8, SIZE_MAX);
        LittleEndian.put32(config, 12, SEG_MAX);
        LittleEndian.put32(config, 20, SECTOR);
        LittleEndian.put16(config, 34, 1);
        LittleEndian.put32(config, 36, MAX_RANGE_SECTORS);
        LittleEndian.put32(config, 40, MAX_RANGES);
        LittleEndian.put32(config, 44, 1);
        LittleEndian.put32(config, 48, MAX_RANGE_SECTORS);
        LittleEndian.put32(config, 52, MAX_RANGES);
        config[56] = 1;
    }

    @Override
    protected long features() {
        long always = F_SIZE_MAX | F_SEG_MAX | F_BLK_SIZE | F_FLUSH;
        return backend.readOnly() ? always | F_RO : always | F_DISCARD | F_WRITE_ZEROES;
    }

    @Override
    protected int configByte(int offset) {
        return offset < CONFIG_SIZE ? config[offset] & 0xff : 0;
    }

    @Override
    protected void notified(int index) {
        Virtqueue queue = queue(0);
        for (DescriptorChain request = queue.next(); request != null; request = queue.next()) {
            if (request.writable() < 1) {
                fail("a request without room for its status");
                return;
            }
            long data = request.writable() - 1;
            int result;
            try {
                result = serve(request, data);
            } catch (IOException e) {
                result = S_IOERR;
            }
            status[0] = (byte) result;
            if (!request.write(data, status, 0, 1)) {
                fail("a status outside memory");
                return;
            }
            queue.push(request, request.writable());
        }
        signal(0);
    }

    private int serve(DescriptorChain request, long room) throws IOException {
        if (!request.read(0, header, 0, HEADER)) {
            return S_IOERR;
        }
        long sector = LittleEndian.get64(header, 8);
        long sent = request.readable() - HEADER;
        return switch (LittleEndian.get32(header, 0)) {
            case T_IN -> read(request, sector, room);
            case T_OUT -> backend.readOnly() ? S_IOERR : write(request, sector, sent);
            case T_FLUSH -> {
                backend.flush();
                yield S_OK;
            }
            case T_GET_ID -> request.write(0, id, 0, (int) Math.min(room, ID_LENGTH)) ? S_OK : S_IOERR;
            case T_DISCARD -> backend.readOnly() ? S_IOERR : ranges(request, sent, false);
            case T_WRITE_ZEROES -> backend.readOnly() ? S_IOERR : ranges(request, sent, true);
            default -> S_UNSUPP;
        };
    }

    private boolean onDisk(long sector, long length) {
        long sectors = backend.size() >>> SECTOR_SHIFT;
        return sector >= 0 && sector <= sectors && length >>> SECTOR_SHIFT <= sectors - sector;
    }

    private boolean transferable(long sector, long length) {
        return length % SECTOR == 0 && length <= MAX_DATA && onDisk(sector, length);
    }

    private int read(DescriptorChain request, long sector, long length) throws IOException {
        if (!transferable(sector, length)) {
            return S_IOERR;
        }
        for (long done = 0; done < length; ) {
            int n = (int) Math.min(CHUNK, length - done);
            backend.read((sector << SECTOR_SHIFT) + done, chunk, 0, n);
            if (!request.write(done, chunk, 0, n)) {
                return S_IOERR;
            }
            done += n;
        }
        return S_OK;
    }

    private int write(DescriptorChain request, long sector, long length) throws IOException {
        if (!transferable(sector, length)) {
            return S_IOERR;
        }
        for (long done = 0; done < length; ) {
            int n = (int) Math.min(CHUNK, length - done);
            if (!request.read(HEADER + done, chunk, 0, n)) {
                return S_IOERR;
            }
            backend.write((sector << SECTOR_SHIFT) + done, chunk, 0, n);
            done += n;
        }
        return S_OK;
    }

    /// Discards or zeroes the ranges that a request names, all of them or, when one is wrong, none.
    private int ranges(DescriptorChain request, long length, boolean zero) throws IOException {
        if (length <= 0 || length % RANGE != 0 || length > MAX_RANGES * RANGE) {
            return S_IOERR;
        }
        byte[] ranges = new byte[(int) length];
        if (!request.read(HEADER, ranges, 0, ranges.length)) {
            return S_IOERR;
        }
        for (int at = 0; at < ranges.length; at += RANGE) {
            long sectors = LittleEndian.getU32(ranges, at + 8);
            int flags = LittleEndian.get32(ranges, at + 12);
            if ((flags & ~UNMAP) != 0 || (!zero && flags != 0)) {
                return S_UNSUPP;
            }
            if (sectors > MAX_RANGE_SECTORS || !onDisk(LittleEndian.get64(ranges, at), sectors << SECTOR_SHIFT)) {
                return S_IOERR;
            }
        }
        for (int at = 0; at < ranges.length; at += RANGE) {
            long position = LittleEndian.get64(ranges, at) << SECTOR_SHIFT;
            long bytes = LittleEndian.getU32(ranges, at + 8) << SECTOR_SHIFT;
            if (zero) {
                queue(0).charge(bytes);
                backend.zero(position, bytes);
            } else {
                backend.discard(position, bytes);
            }
        }
        return S_OK;
    }
}
