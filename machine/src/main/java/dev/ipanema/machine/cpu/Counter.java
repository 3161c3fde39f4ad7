package dev.ipanema.machine.cpu;

import dev.ipanema.base.time.Ticker;

/// The system counter of a machine, which all generic timers read.
///
/// It counts 1 GHz, the frequency that Armv8.6 fixes for CNTFRQ_EL0, so that one count is one nanosecond of the ticker.
public final class Counter {
    /// Counts a second.
    public static final long FREQUENCY_HZ = 1_000_000_000L;

    private final Ticker ticker;
    private final long start;

    /// Creates a counter that starts at 0 now.
    public Counter(Ticker ticker) {
        this.ticker = ticker;
        this.start = ticker.nanos();
    }

    /// {@return the physical count, CNTPCT_EL0}
    public long count() {
        return ticker.nanos() - start;
    }

    /// {@return how many nanoseconds a number of counts takes}
    public static long nanos(long counts) {
        return counts;
    }
}
