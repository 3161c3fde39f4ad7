package dev.ipanema.machine.memory;

import static dev.ipanema.machine.memory.RawMemory.RAW;

/// The host memory behind one RAM region. Offsets are the caller's to check.
final class RamBacking implements AutoCloseable {
    private final HostMapping mapping;
    private final TouchedPages touched;
    private final long hostBase;

    RamBacking(long base, long size, ResidentPages resident) {
        this.mapping = HostMapping.reserve(size);
        this.hostBase = mapping.address();
        try {
            this.touched = new TouchedPages(base, size, resident);
        } catch (RuntimeException e) {
            mapping.close();
            throw e;
        }
    }

    long hostBase() {
        return hostBase;
    }

    TouchedPages touched() {
        return touched;
    }

    /// Writes zeroes. Pages that were never touched are zero and stay untouched.
    void zero(long offset, long bytes) {
        long end = offset + bytes;
        long word = TouchedPages.PAGE_SIZE << 6;
        while (offset < end) {
            if (!touched.isAnyTouchedAround(offset)) {
                offset = Math.min(end, (offset & -word) + word);
                continue;
            }
            long next = Math.min(end, (offset & -TouchedPages.PAGE_SIZE) + TouchedPages.PAGE_SIZE);
            if (touched.isTouched(offset)) {
                boolean watched = touched.isWatched(offset);
                RAW.fill(hostBase + offset, next - offset, (byte) 0);
                if (watched) {
                    touched.report(offset, next - offset);
                }
            }
            offset = next;
        }
    }

    /// Copies from another range, page by page, so that what was never touched there is not touched here.
    void copyFrom(RamBacking source, long sourceOffset, long offset, long bytes) {
        while (bytes > 0) {
            long sourceRest = TouchedPages.PAGE_SIZE - (sourceOffset & TouchedPages.PAGE_SIZE - 1);
            long rest = TouchedPages.PAGE_SIZE - (offset & TouchedPages.PAGE_SIZE - 1);
            long chunk = Math.min(bytes, Math.min(sourceRest, rest));
            if (source.touched.isTouched(sourceOffset)) {
                boolean watched = touched.touch(offset);
                RAW.copy(source.hostBase + sourceOffset, hostBase + offset, chunk);
                if (watched) {
                    touched.report(offset, chunk);
                }
            } else {
                zero(offset, chunk);
            }
            sourceOffset += chunk;
            offset += chunk;
            bytes -= chunk;
        }
    }

    @Override
    public void close() {
        touched.close();
        mapping.close();
    }
}
