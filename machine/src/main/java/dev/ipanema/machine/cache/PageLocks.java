package dev.ipanema.machine.cache;

import dev.ipanema.machine.memory.CachedTranslations;
import dev.ipanema.machine.memory.Origin;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// The locks of pages, a fixed number of stripes.
///
/// Who holds one may wait for processing elements to drop TLB entries. So a processing element never
/// waits for one between a translation and its access: it is refused, serves its requests, and translates
/// anew.
final class PageLocks {
    private static final int STRIPES = 1024;
    private static final int SPINS = 100;
    private static final long PARK_NANOS = 20_000;

    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];

    PageLocks() {
        Arrays.setAll(stripes, _ -> new ReentrantLock());
    }

    private ReentrantLock of(long paPage) {
        long number = paPage / PageStates.PAGE;
        return stripes[(int) (number ^ number >>> 10) & STRIPES - 1];
    }

    /// Takes the lock of a page.
    ///
    /// @return false, with [Origin#again] set, when the access has to be made anew
    boolean lock(Origin origin, long paPage, CachedTranslations translations) {
        ReentrantLock lock = of(paPage);
        if (lock.tryLock()) {
            return true;
        }
        if (origin.mayRetry) {
            origin.again = true;
            return false;
        }
        waitFor(lock, translations);
        return true;
    }

    /// Takes the lock of a page if nobody else has it. Who holds another page's may call this.
    boolean tryLock(long paPage) {
        return of(paPage).tryLock();
    }

    /// Takes the lock of a page, serving requests to the calling thread's own processing element meanwhile.
    void lockServing(long paPage, CachedTranslations translations) {
        ReentrantLock lock = of(paPage);
        if (!lock.tryLock()) {
            waitFor(lock, translations);
        }
    }

    private static void waitFor(ReentrantLock lock, CachedTranslations translations) {
        int spins = 0;
        while (!lock.tryLock()) {
            translations.serve();
            if (++spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(PARK_NANOS);
            }
        }
    }

    void unlock(long paPage) {
        of(paPage).unlock();
    }
}
