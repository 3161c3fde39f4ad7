package dev.ipanema.machine.memory;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import org.jspecify.annotations.Nullable;

/// The host memory behind one RAM region. Offsets are the caller's to check.
final class RamBacking implements AutoCloseable {
    /// Makes the views of a region whose caches are modelled.
    @FunctionalInterface
    interface Views {
        /// @return null when they are not
        @Nullable
        RamViews make(String name, long base, long size, long coherent, TouchedPages touched, ResidentPages resident);
    }

    static final Views NO_VIEWS = (name, base, size, coherent, touched, resident) -> null;

    private final HostMapping mapping;
    private final TouchedPages touched;
    private final long hostBase;
    private final @Nullable RamViews views;

    RamBacking(String name, long base, long size, ResidentPages resident, Views views) {
        this.mapping = HostMapping.reserve(size);
        this.hostBase = mapping.address();
        try {
            this.touched = new TouchedPages(base, size, resident);
        } catch (RuntimeException e) {
            mapping.close();
            throw e;
        }
        try {
            this.views = views.make(name, base, size, hostBase, touched, resident);
        } catch (RuntimeException e) {
            touched.close();
            mapping.close();
            throw e;
        }
    }

    /// {@return both views, null when its caches are not modelled}
    @Nullable
    RamViews views() {
        return views;
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
        if (views != null) {
            views.close();
        }
        touched.close();
        mapping.close();
    }
}
