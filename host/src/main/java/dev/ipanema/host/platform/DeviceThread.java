package dev.ipanema.host.platform;

import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The daemon thread on which one device works, started with its first work. What comes after [#close()] is dropped.
final class DeviceThread implements Executor, AutoCloseable {
    private final ThreadPoolExecutor executor;
    private volatile @Nullable Throwable failure;

    DeviceThread(String name) {
        executor = new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                work -> Thread.ofPlatform().daemon().name(name).unstarted(work),
                new ThreadPoolExecutor.DiscardPolicy());
    }

    @Override
    public void execute(Runnable work) {
        executor.execute(() -> {
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        });
    }

    /// {@return what ended work of the device that should not have}
    Optional<Throwable> failure() {
        return Optional.ofNullable(failure);
    }

    /// Waits for the work under way and does no more.
    @Override
    public void close() {
        executor.shutdownNow();
        executor.close();
    }
}
