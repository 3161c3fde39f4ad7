package dev.ipanema.machine.memory;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import java.util.function.LongConsumer;

/// Which 4 KiB pages of one RAM region have been touched, and which are watched: one bit a page each, in
/// sparse memory, so that a region of hundreds of GiB costs nothing until it is used.
///
/// Invariants:
/// - `counted-once`: a page's bit is set by exactly one thread, and that thread counts it. It counts after it
///   has set the bit: two threads that counted first would both count the page for a moment, and refuse it at
///   the limit though it fits. A page that does not fit loses its bit again.
/// - `watched-is-slow`: a watched page has been counted, and its bit in the touched map is clear. So a
///   store finds out about both by the one test that it makes anyway.
final class TouchedPages implements AutoCloseable {
    static final int PAGE_SHIFT = 12;
    static final long PAGE_SIZE = 1L << PAGE_SHIFT;

    private static final int WORD_PAGES_SHIFT = 6;
    private static final int WORD_BYTES_SHIFT = 3;
    private static final long WORD_PAGES_MASK = (1L << WORD_PAGES_SHIFT) - 1;

    private final HostMapping bitmaps;
    private final long touched;
    private final long watched;
    private final long regionBase;
    private final ResidentPages resident;

    TouchedPages(long regionBase, long regionBytes, ResidentPages resident) {
        long words = (regionBytes >>> (PAGE_SHIFT + WORD_PAGES_SHIFT)) + 1;
        this.bitmaps = HostMapping.reserve(words << (WORD_BYTES_SHIFT + 1));
        this.touched = bitmaps.address();
        this.watched = touched + (words << WORD_BYTES_SHIFT);
        this.regionBase = regionBase;
        this.resident = resident;
    }

    /// Counts the page of an offset unless it has been.
    ///
    /// @return whether the page is watched: the caller stores and then calls [#report]
    boolean touch(long offset) {
        long page = offset >>> PAGE_SHIFT;
        long at = word(page);
        // RACE: a plain read that misses another thread's bit only leads to the atomic path.
        return ((RAW.getLong(touched + at) >>> page) & 1) == 0 && touchSlowly(at, 1L << page);
    }

    /// Counts all pages of a range; `bytes` is more than 0.
    ///
    /// @return whether one of them is watched
    boolean touch(long offset, long bytes) {
        long page = offset >>> PAGE_SHIFT;
        long last = (offset + bytes - 1) >>> PAGE_SHIFT;
        boolean isWatched = false;
        while (page <= last) {
            long inWord = Math.min(last - page + 1, WORD_PAGES_MASK + 1 - (page & WORD_PAGES_MASK));
            long mask = (-1L >>> (WORD_PAGES_MASK + 1 - inWord)) << page;
            long at = word(page);
            if ((RAW.getLong(touched + at) & mask) != mask) {
                isWatched |= touchSlowly(at, mask);
            }
            page += inWord;
        }
        return isWatched;
    }

    /// Tells the watcher of a store to a range with a watched page.
    void report(long offset, long bytes) {
        resident.report(regionBase + offset, bytes);
    }

    /// {@return whether the page of an offset has been touched}
    boolean isTouched(long offset) {
        long page = offset >>> PAGE_SHIFT;
        return ((counted(word(page)) >>> page) & 1) != 0;
    }

    /// {@return whether any of the 64 pages around an offset, aligned to 256 KiB, has been touched}
    boolean isAnyTouchedAround(long offset) {
        return counted(word(offset >>> PAGE_SHIFT)) != 0;
    }

    /// Gives the offset of every page that has been touched, in ascending order.
    ///
    /// @param bytes of the region
    void forEach(long bytes, LongConsumer visitor) {
        long group = PAGE_SIZE << WORD_PAGES_SHIFT;
        for (long offset = 0; offset < bytes; offset += group) {
            for (long word = counted(word(offset >>> PAGE_SHIFT)); word != 0; word &= word - 1) {
                visitor.accept(offset + ((long) Long.numberOfTrailingZeros(word) << PAGE_SHIFT));
            }
        }
    }

    /// {@return whether the page of an offset is watched}
    boolean isWatched(long offset) {
        long page = offset >>> PAGE_SHIFT;
        return ((RAW.getLongVolatile(watched + word(page)) >>> page) & 1) != 0;
    }

    /// Watches the page of an offset from now on; it is counted as touched.
    synchronized void watch(long offset) {
        touch(offset);
        long page = offset >>> PAGE_SHIFT;
        long at = word(page);
        // In this order the page is in one of the maps at any time.
        update(watched + at, 0, 1L << page);
        update(touched + at, 1L << page, 0);
    }

    /// Ends [#watch].
    synchronized void unwatch(long offset) {
        if (isWatched(offset)) {
            long page = offset >>> PAGE_SHIFT;
            long at = word(page);
            update(touched + at, 0, 1L << page);
            update(watched + at, 1L << page, 0);
        }
    }

    private static void update(long address, long clear, long set) {
        long old;
        do {
            old = RAW.getLongVolatile(address);
        } while (!RAW.compareAndSetLong(address, old, (old & ~clear) | set));
    }

    /// {@return bytes from the start of a bitmap to the word of a page}
    private static long word(long page) {
        return page >>> WORD_PAGES_SHIFT << WORD_BYTES_SHIFT;
    }

    private long counted(long at) {
        // A page that moves between the maps while they are read is seen in one of the three loads.
        long before = RAW.getLongVolatile(touched + at);
        return before | RAW.getLongVolatile(watched + at) | RAW.getLongVolatile(touched + at);
    }

    private boolean touchSlowly(long at, long mask) {
        while (true) {
            long old = RAW.getLongVolatile(touched + at);
            long isWatched = RAW.getLongVolatile(watched + at) & mask;
            long missing = mask & ~old & ~isWatched;
            if (missing == 0) {
                return isWatched != 0;
            }
            if (RAW.compareAndSetLong(touched + at, old, old | missing)) {
                count(at, missing);
                return isWatched != 0;
            }
        }
    }

    private void count(long at, long pages) {
        try {
            resident.add(Long.bitCount(pages));
        } catch (MemoryLimitExceededException e) {
            update(touched + at, pages, 0);
            throw e;
        }
    }

    @Override
    public void close() {
        bitmaps.close();
    }
}
