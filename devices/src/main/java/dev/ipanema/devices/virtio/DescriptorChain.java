package dev.ipanema.devices.virtio;

import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.machine.memory.DmaPort;

/// The buffers of one request: first those that the device reads, then those that it writes. Both are seen as one run
/// of bytes each. An object is reused for the queue's next request.
///
/// Every descriptor was read once from guest memory; what the guest changes afterwards has no effect.
public final class DescriptorChain {
    /// Most buffers of one request, with or without an indirect table.
    public static final int MAX_BUFFERS = 1024;

    private static final int DESCRIPTOR_SIZE = 16;
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;

    private final DmaPort dma;
    private final byte[] descriptor = new byte[DESCRIPTOR_SIZE];
    private final long[] addresses = new long[MAX_BUFFERS];
    private final long[] lengths = new long[MAX_BUFFERS];
    private int head;
    private int buffers;
    private int readableBuffers;
    private long readable;
    private long writable;

    DescriptorChain(DmaPort dma) {
        this.dma = dma;
    }

    /// Collects the buffers that begin at a descriptor.
    ///
    /// @return null, or what is wrong with them
    @org.jspecify.annotations.Nullable
    String collect(long table, int size, int first, boolean indirectAllowed) {
        head = first;
        buffers = 0;
        readableBuffers = 0;
        readable = 0;
        writable = 0;
        long at = table;
        int entries = size;
        int index = first;
        int steps = 0;
        boolean indirect = false;
        while (true) {
            if (index >= entries) {
                return "descriptor " + index + " of a table of " + entries;
            }
            if (++steps > entries || buffers == MAX_BUFFERS) {
                return "a chain of descriptors that does not end";
            }
            if (!dma.read(at + (long) index * DESCRIPTOR_SIZE, descriptor, 0, DESCRIPTOR_SIZE)) {
                return "a table of descriptors outside memory";
            }
            long length = LittleEndian.getU32(descriptor, 8);
            int flags = LittleEndian.get16(descriptor, 12);
            if ((flags & INDIRECT) != 0) {
                if (indirect || !indirectAllowed || (flags & NEXT) != 0) {
                    return "an indirect descriptor where none may be";
                }
                if (length == 0 || length % DESCRIPTOR_SIZE != 0 || length > MAX_BUFFERS * DESCRIPTOR_SIZE) {
                    return "an indirect table of " + length + " bytes";
                }
                indirect = true;
                at = LittleEndian.get64(descriptor, 0);
                entries = (int) length / DESCRIPTOR_SIZE;
                index = 0;
                steps = 0;
                continue;
            }
            if ((flags & WRITE) != 0) {
                writable += length;
            } else if (readableBuffers < buffers) {
                return "a buffer to read behind one to write";
            } else {
                readable += length;
                readableBuffers++;
            }
            addresses[buffers] = LittleEndian.get64(descriptor, 0);
            lengths[buffers++] = length;
            if ((flags & NEXT) == 0) {
                return null;
            }
            index = LittleEndian.get16(descriptor, 14);
        }
    }

    /// {@return the index of its first descriptor}
    int head() {
        return head;
    }

    /// {@return bytes that the device may read, up to 2^42}
    public long readable() {
        return readable;
    }

    /// {@return bytes that the device may write, up to 2^42}
    public long writable() {
        return writable;
    }

    /// Reads from the request.
    ///
    /// @param position bytes behind the start of its readable part
    /// @return false when the request is shorter or its buffers are not in memory
    public boolean read(long position, byte[] to, int offset, int length) {
        return position >= 0
                && length <= readable - position
                && move(0, readableBuffers, position, to, offset, length, false);
    }

    /// Writes into the request.
    ///
    /// @param position bytes behind the start of its writable part
    /// @return false when there is less room or its buffers are not in memory
    public boolean write(long position, byte[] from, int offset, int length) {
        return position >= 0
                && length <= writable - position
                && move(readableBuffers, buffers, position, from, offset, length, true);
    }

    private boolean move(int first, int end, long position, byte[] bytes, int offset, int length, boolean write) {
        long skip = position;
        int done = 0;
        for (int i = first; i < end && done < length; i++) {
            if (skip >= lengths[i]) {
                skip -= lengths[i];
                continue;
            }
            int n = (int) Math.min(length - done, lengths[i] - skip);
            long address = addresses[i] + skip;
            boolean moved =
                    write ? dma.write(address, bytes, offset + done, n) : dma.read(address, bytes, offset + done, n);
            if (!moved) {
                return false;
            }
            done += n;
            skip = 0;
        }
        return done == length;
    }
}
