package dev.ipanema.vmm.scenario;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// One daemon thread that does something when a guest has run for too long.
public final class Watchdog {
    private static final ScheduledThreadPoolExecutor EXECUTOR = executor();

    private Watchdog() {}

    /// Does something unless the returned future is cancelled before.
    public static ScheduledFuture<?> after(long time, TimeUnit unit, Runnable action) {
        return EXECUTOR.schedule(action, time, unit);
    }

    private static ScheduledThreadPoolExecutor executor() {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(
                1,
                task -> Thread.ofPlatform().name("guest-watchdog").daemon(true).unstarted(task));
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }
}
