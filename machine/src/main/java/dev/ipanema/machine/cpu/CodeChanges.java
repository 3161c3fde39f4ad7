package dev.ipanema.machine.cpu;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// What other threads did to code that one processing element has decoded, on its way to that element's
/// thread: stores, and maintenance of instruction caches. In the order in which they were made, as far as
/// one thread made them.
///
/// It is bounded: an element that does not run for long loses track and drops all its code, as an
/// instruction cache may at any time.
final class CodeChanges {
    /// Changes kept.
    private static final int LIMIT = 4096;

    /// @param bytes 0 for all memory
    /// @param maintenance whether the code is to be dropped; else it was stored to
    private record Change(long pa, long bytes, boolean maintenance) {}

    private final ConcurrentLinkedQueue<Change> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger length = new AtomicInteger();
    private volatile boolean lost;

    /// Notes a store; on any thread.
    void stored(long pa, int bytes) {
        add(new Change(pa, bytes, false));
    }

    /// Notes that code is to be dropped; on any thread.
    ///
    /// @param bytes 0 for all memory
    void drop(long pa, long bytes) {
        add(new Change(pa, bytes, true));
    }

    private void add(Change change) {
        if (length.incrementAndGet() > LIMIT) {
            length.decrementAndGet();
            lost = true;
        } else {
            queue.add(change);
        }
    }

    /// Hands everything to the decoded code, on its thread.
    void apply(GuestCode code) {
        for (Change change = queue.poll(); change != null; change = queue.poll()) {
            length.decrementAndGet();
            if (!change.maintenance) {
                code.stored(change.pa, (int) change.bytes);
            } else {
                code.drop(change.pa, change.bytes);
            }
        }
        if (lost) {
            // Cleared first: what is lost from now on is not covered by this.
            lost = false;
            code.drop(0, 0);
        }
    }
}
