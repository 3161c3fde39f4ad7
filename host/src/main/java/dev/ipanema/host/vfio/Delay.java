package dev.ipanema.host.vfio;

/// How a driver waits (`msleep`), injected so that tests and deterministic runs need not.
@FunctionalInterface
public interface Delay {
    /// Waits.
    ///
    /// @return false when the waiting thread was told to end (a fatal signal)
    boolean sleep(long millis);

    /// {@return a wait that does not wait: simulated devices count how often they are looked at}
    static Delay none() {
        return millis -> !Thread.currentThread().isInterrupted();
    }

    /// {@return the host's clock; an interrupt of the thread is the fatal signal}
    static Delay system() {
        return millis -> {
            try {
                Thread.sleep(millis);
                return true;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        };
    }
}
