package dev.ipanema.machine.memory;

import static dev.ipanema.machine.memory.RawMemory.RAW;

/// Which 4 KiB pages of one RAM region have been touched: one bit a page, itself in sparse memory, so that
/// a region of hundreds of GiB costs nothing until it is used.
///
/// Invariant `counted-once`: a page's bit is set by exactly one thread, and that thread has counted it
/// before anybody can see the bit.
final class TouchedPages implements AutoCloseable {
    static final int PAGE_SHIFT = 12;
    static final long PAGE_SIZE = 1L << PAGE_SHIFT;

    private static final int WORD_PAGES_SHIFT = 6;
    private static final int WORD_BYTES_SHIFT = 3;
    private static final long WORD_PAGES_MASK = (1L << WORD_PAGES_SHIFT) - 1;

    private final HostMapping bitmap;
    private final long base;
    private final ResidentPages resident;

    TouchedPages(long regionBytes, ResidentPages resident) {
        long words = (regionBytes >>> (PAGE_SHIFT + WORD_PAGES_SHIFT)) + 1;
        this.bitmap = HostMapping.reserve(words << WORD_BYTES_SHIFT);
        this.base = bitmap.address();
        this.resident = resident;
    }

    /// Counts the page of an offset unless it has been.
    void touch(long offset) {
        long page = offset >>> PAGE_SHIFT;
        // RACE: a plain read that misses another thread's bit only leads to the atomic path.
        if ((RAW.getLong(word(page)) >>> page & 1) == 0) {
            touchFirst(word(page), 1L << page);
        }
    }

    /// Counts all pages of a range; `bytes` is more than 0.
    void touch(long offset, long bytes) {
        long page = offset >>> PAGE_SHIFT;
        long last = (offset + bytes - 1) >>> PAGE_SHIFT;
        while (page <= last) {
            long inWord = Math.min(last - page + 1, WORD_PAGES_MASK + 1 - (page & WORD_PAGES_MASK));
            long mask = (-1L >>> (WORD_PAGES_MASK + 1 - inWord)) << page;
            if ((RAW.getLong(word(page)) & mask) != mask) {
                touchFirst(word(page), mask);
            }
            page += inWord;
        }
    }

    /// {@return whether the page of an offset has been touched}
    boolean isTouched(long offset) {
        long page = offset >>> PAGE_SHIFT;
        return (RAW.getLongVolatile(word(page)) >>> page & 1) != 0;
    }

    /// {@return whether any of the 64 pages around an offset, aligned to 256 KiB, has been touched}
    boolean isAnyTouchedAround(long offset) {
        return RAW.getLongVolatile(word(offset >>> PAGE_SHIFT)) != 0;
    }

    private long word(long page) {
        return base + (page >>> WORD_PAGES_SHIFT << WORD_BYTES_SHIFT);
    }

    private void touchFirst(long word, long mask) {
        while (true) {
            long old = RAW.getLongVolatile(word);
            long missing = mask & ~old;
            if (missing == 0) {
                return;
            }
            int count = Long.bitCount(missing);
            resident.add(count);
            if (RAW.compareAndSetLong(word, old, old | missing)) {
                return;
            }
            resident.remove(count);
        }
    }

    @Override
    public void close() {
        bitmap.close();
    }
}
