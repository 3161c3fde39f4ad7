package dev.ipanema.base.time;

/// A source of elapsed time, injected so that a deterministic run can count instead of measure.
@FunctionalInterface
public interface Ticker {
    /// {@return nanoseconds since an arbitrary fixed point; never decreases}
    long nanos();

    /// {@return the host's monotonic clock}
    static Ticker system() {
        return System::nanoTime;
    }
}
