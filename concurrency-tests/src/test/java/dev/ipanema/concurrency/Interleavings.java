package dev.ipanema.concurrency;

import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckSettings;

/// Explores interleavings of threads with Lincheck's model checker.
///
/// Lincheck takes a loop of many iterations for one that waits, and goes on with another thread: what a scenario calls
/// has no such loop otherwise, not in constructors either. Each scenario has a planted fault beside it that is found,
/// so that nobody trusts a search that sees nothing.
public final class Interleavings {
    private static final int INVOCATIONS = Boolean.getBoolean("ipanema.long") ? 10_000 : 200;

    private static final LincheckSettings DEFAULT = new LincheckSettings();

    private Interleavings() {}

    /// Runs a scenario, which starts its threads by [#together], in many interleavings.
    ///
    /// @throws org.jetbrains.lincheck.LincheckAssertionError one of them throws or does not end; the message is the
    ///     interleaving
    public static void explore(Runnable scenario) {
        explore(true, scenario);
    }

    /// As [#explore(Runnable)], with what the Java library does in one step: for code that takes no lock of
    /// `java.util.concurrent`.
    public static void exploreOwnCode(Runnable scenario) {
        explore(false, scenario);
    }

    private static void explore(boolean library, Runnable scenario) {
        LincheckSettings settings = new LincheckSettings(
                library,
                DEFAULT.getLoopIterationsBeforeThreadSwitch(),
                DEFAULT.getLoopBound(),
                DEFAULT.getRecursionBound());
        Lincheck.runConcurrentTestInternal$lincheck(INVOCATIONS, settings, scenario);
    }

    /// Starts threads and waits for them. Each is of a class of its own with what it shares in its fields: Lincheck
    /// changes threads only at accesses to what it knows to be shared, and does not look into lambdas.
    public static void together(Thread... threads) {
        for (Thread thread : threads) {
            thread.start();
        }
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
