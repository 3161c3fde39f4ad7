package dev.ipanema.machine.memory;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// How many 4 KiB pages of one physical memory have been touched, against the number that may be; and who
/// is told of stores to watched pages.
final class ResidentPages {
    private final AtomicLong pages = new AtomicLong();
    private final long maxBytes;
    private volatile @Nullable PageWatcher watcher;

    ResidentPages(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /// Counts pages that are touched for the first time.
    ///
    /// @throws MemoryLimitExceededException when that would be too many; they are not counted then
    void add(long count) {
        long now = pages.addAndGet(count);
        if (now > maxBytes >>> TouchedPages.PAGE_SHIFT) {
            pages.addAndGet(-count);
            throw new MemoryLimitExceededException(maxBytes);
        }
    }

    void watcher(PageWatcher newWatcher) {
        watcher = newWatcher;
    }

    void report(long pa, long bytes) {
        PageWatcher told = watcher;
        if (told != null) {
            told.written(pa, bytes);
        }
    }

    long bytes() {
        return pages.get() << TouchedPages.PAGE_SHIFT;
    }

    long maxBytes() {
        return maxBytes;
    }
}
