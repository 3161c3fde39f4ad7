package dev.ipanema.vmm.scenario;

import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.vmm.scenario.Verdict.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Runs the scenarios of files and counts how many agree.
///
/// Scenarios share nothing, so several threads run them; verdicts come out in the order of the file whatever their
/// number.
public final class Replay {
    private static final int BATCH = 512;

    private final @Nullable KernelVersion policy;
    private final @Nullable Pattern filter;
    private final int threads;
    private final @Nullable CacheOptions caches;

    /// @param policy the kernel version to follow; null: that of each scenario
    /// @param filter a pattern that has to be found in a scenario's id; null: all
    /// @param threads at least 1
    /// @param caches how caches are modelled, null: not at all
    public Replay(
            @Nullable KernelVersion policy, @Nullable Pattern filter, int threads, @Nullable CacheOptions caches) {
        this.policy = policy;
        this.filter = filter;
        this.threads = threads;
        this.caches = caches;
    }

    /// How many scenarios ended how.
    public record Totals(int replayed, int agreed, int disagreed, int unsupported) {
        /// Nothing replayed yet.
        public static final Totals NONE = new Totals(0, 0, 0, 0);

        Totals plus(Status status) {
            return new Totals(
                    replayed + 1,
                    agreed + (status == Status.AGREED ? 1 : 0),
                    disagreed + (status == Status.DISAGREED ? 1 : 0),
                    unsupported + (status == Status.UNSUPPORTED ? 1 : 0));
        }

        /// {@return the sum of both}
        public Totals plus(Totals other) {
            return new Totals(
                    replayed + other.replayed,
                    agreed + other.agreed,
                    disagreed + other.disagreed,
                    unsupported + other.unsupported);
        }

        /// {@return the line that scripts read}
        @Override
        public String toString() {
            return "replayed " + replayed + " agreed " + agreed + " disagreed " + disagreed + " unsupported "
                    + unsupported;
        }
    }

    /// Runs all scenarios of a file.
    ///
    /// @param sink gets each verdict on the calling thread, in the order of the file
    /// @throws dev.ipanema.base.text.BadInput when the file is malformed; the scenarios before that place have run
    public Totals run(ScenarioFile file, Consumer<Verdict> sink) {
        Totals totals = Totals.NONE;
        try (ExecutorService executor = Executors.newFixedThreadPool(threads, worker())) {
            List<Scenario> batch = new ArrayList<>(BATCH);
            List<Future<Verdict>> ahead = List.of();
            boolean more = true;
            while (more) {
                batch.clear();
                more = fill(file, batch);
                List<Future<Verdict>> submitted = submit(executor, batch);
                totals = drain(ahead, sink, totals);
                ahead = submitted;
            }
            totals = drain(ahead, sink, totals);
        }
        return totals;
    }

    /// Runs one scenario on the calling thread.
    public Verdict run(Scenario scenario) {
        return ScenarioRunner.verdict(scenario, policy, caches);
    }

    /// Adds the next scenarios that pass the filter.
    ///
    /// @return false at the end of the file
    private boolean fill(ScenarioFile file, List<Scenario> batch) {
        while (batch.size() < BATCH) {
            Scenario scenario = file.next();
            if (scenario == null) {
                return false;
            }
            if (filter == null || filter.matcher(scenario.id()).find()) {
                batch.add(scenario);
            }
        }
        return true;
    }

    private List<Future<Verdict>> submit(ExecutorService executor, List<Scenario> batch) {
        List<Future<Verdict>> futures = new ArrayList<>(batch.size());
        for (Scenario scenario : batch) {
            futures.add(executor.submit(() -> run(scenario)));
        }
        return futures;
    }

    private static Totals drain(List<Future<Verdict>> futures, Consumer<Verdict> sink, Totals before) {
        Totals totals = before;
        for (Future<Verdict> future : futures) {
            Verdict verdict = await(future);
            sink.accept(verdict);
            totals = totals.plus(verdict.status());
        }
        return totals;
    }

    private static Verdict await(Future<Verdict> future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while scenarios were running", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private static java.util.concurrent.ThreadFactory worker() {
        AtomicInteger number = new AtomicInteger();
        return task -> Thread.ofPlatform()
                .name("replay-" + number.getAndIncrement())
                .daemon(true)
                .unstarted(task);
    }
}
