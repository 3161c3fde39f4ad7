package dev.ipanema.vmm.bench;

import dev.ipanema.base.text.Sizes;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/// What an operation of KVM's stage-2 page tables costs, next to a plain 8-byte store into the same memory.
public final class Stage2Benchmark {
    /// One figure.
    ///
    /// @param name the operation, for example `map_4k_range_1g`
    /// @param nanos nanoseconds for one: a page or block, a fault, a lookup, a split; the median of the
    /// rounds
    public record Result(String name, double nanos) {
        /// {@return `name ns`}
        @Override
        public String toString() {
            return "%s %.2f".formatted(name, nanos);
        }
    }

    private static final long G1 = Sizes.GIB;
    private static final int FAULTING_THREADS = 2;

    /// Pages of one round of operations on single pages, and bytes that faults map in one: a round of a
    /// millisecond or so is seldom interrupted.
    private static final long PAGES = 1 << 15;

    private static final long FAULTED = 2 * PAGES * Stage2Workload.PAGE;
    private static final long SPLIT = 128 * Stage2Workload.PMD;

    /// Not counted: at least so many rounds, and so much time in the operation, until the compilers have
    /// settled.
    private static final int WARM_UP_ROUNDS = 5;

    private static final long WARM_UP_NANOS = 400_000_000;

    /// Rounds are counted until so much time has been spent in the operation, but no more than the number
    /// below.
    private static final long COUNTED_NANOS = 200_000_000;

    private static final int MAX_ROUNDS = 300;

    private final int rounds;
    private final Consumer<Result> results;
    private final Stage2Workload work;

    /// Shares nothing with `work`.
    private final Stage2Workload other;

    private Stage2Benchmark(int rounds, Consumer<Result> results, Stage2Workload work, Stage2Workload other) {
        this.rounds = rounds;
        this.results = results;
        this.work = work;
        this.other = other;
    }

    /// Measures every operation.
    ///
    /// @param rounds rounds to take the median of at least, 1 or more; short ones are repeated more often
    /// @param results takes each figure when it is known
    public static void run(int rounds, Consumer<Result> results) {
        try (Stage2Workload work = new Stage2Workload();
                Stage2Workload other = new Stage2Workload()) {
            // Once for the compilers, which take their time on a busy computer.
            new Stage2Benchmark(1, _ -> {}, work, other).runAll();
            new Stage2Benchmark(rounds, results, work, other).runAll();
        }
    }

    private void runAll() {
        measure("store_8b", () -> {}, Stage2Workload::storeStream);
        measure("map_4k_range_1g", work::clear, w -> w.mapPages(G1));
        measure("map_4k_range_64g", work::clear, w -> w.mapPages(64 * G1));
        measure(List.of(
                new Timed("fault_map_4k_1t", this::faultAlone),
                new Timed("fault_map_4k_2t", this::faultInParallel),
                new Timed("fault_map_4k_2t_apart", this::faultApart)));
        Runnable mapped = () -> {
            work.clear();
            work.mapPages(G1);
        };
        mapped.run();
        measure("get_leaf_random_1g", () -> {}, w -> w.lookUpScattered(G1, PAGES));
        measure("relax_perms_random_1g", () -> work.wrprotect(G1), w -> w.relaxScattered(G1, PAGES));
        measure("wrprotect_range_1g", mapped, w -> w.wrprotect(G1));
        measure("age_range_1g", mapped, w -> w.age(G1));
        measure("unmap_range_1g", mapped, w -> w.unmap(G1));
        measure("map_2m_range_64g", work::clear, w -> w.mapPmdBlocks(64 * G1));
        measure("map_1g_range_512g", work::clear, w -> w.mapPudBlocks(512 * G1));
        Runnable blocks = () -> {
            work.clear();
            work.mapPmdBlocks(SPLIT);
        };
        measure("split_2m", blocks, w -> w.split(SPLIT));
    }

    private void measure(String name, Runnable before, ToLongFunction<Stage2Workload> operation) {
        measure(List.of(new Timed(name, spent -> timed(before, operation, spent))));
    }

    private double timed(Runnable before, ToLongFunction<Stage2Workload> operation, long[] spent) {
        before.run();
        long start = System.nanoTime();
        long count = operation.applyAsLong(work);
        long nanos = System.nanoTime() - start;
        spent[0] += nanos;
        return (double) nanos / count;
    }

    /// An operation in the making of its figure.
    private final class Timed {
        private final String name;
        private final ToDoubleFunction<long[]> round;
        private final double[] nanos = new double[Math.max(rounds, MAX_ROUNDS)];

        /// @param round does one round, adds its whole time in nanoseconds to the element of its argument, and returns
        ///     the time for one of what it counts
        Timed(String name, ToDoubleFunction<long[]> round) {
            this.name = name;
            this.round = round;
        }

        Result median(int count) {
            Arrays.sort(nanos, 0, count);
            return new Result(name, nanos[count / 2]);
        }
    }

    /// Measures operations round by round in turn, so that what else the computer does meets all of them: their ratios
    /// are what the reader wants.
    private void measure(List<Timed> operations) {
        long[] spent = new long[1];
        int warm = 0;
        while (warm < WARM_UP_ROUNDS || (spent[0] < operations.size() * WARM_UP_NANOS && warm < MAX_ROUNDS)) {
            round(operations, warm++, spent);
        }
        int count = 0;
        spent[0] = 0;
        while (count < rounds || (spent[0] < operations.size() * COUNTED_NANOS && count < MAX_ROUNDS)) {
            round(operations, count++, spent);
        }
        for (Timed each : operations) {
            results.accept(each.median(count));
        }
    }

    private static void round(List<Timed> operations, int index, long[] spent) {
        for (Timed each : operations) {
            each.nanos[index] = each.round.applyAsDouble(spent);
        }
    }

    private double faultAlone(long[] spent) {
        return timed(work::clear, w -> w.faultPages(0, FAULTED), spent);
    }

    /// Faults on ranges of their own, by as many threads as [#FAULTING_THREADS] that start together; the
    /// calling thread is one of them. The time is from the first start to the last end.
    private double faultInParallel(long[] spent) {
        work.clear();
        return faultInParallel(spent, work);
    }

    /// The control: the same, but the threads share nothing. What this does not gain by the second thread, the computer
    /// does not have to give.
    private double faultApart(long[] spent) {
        work.clear();
        other.clear();
        return faultInParallel(spent, other);
    }

    private double faultInParallel(long[] spent, Stage2Workload second) {
        AtomicInteger waiting = new AtomicInteger(FAULTING_THREADS);
        long[] begun = new long[FAULTING_THREADS];
        long[] ended = new long[FAULTING_THREADS];
        long[] counts = new long[FAULTING_THREADS];
        Thread[] others = new Thread[FAULTING_THREADS - 1];
        for (int t = 0; t < others.length; t++) {
            int index = t + 1;
            others[t] = Thread.ofPlatform()
                    .name("fault-" + index)
                    .start(() -> counts[index] = faultRange(second, index, waiting, begun, ended));
        }
        counts[0] = faultRange(work, 0, waiting, begun, ended);
        try {
            for (Thread other : others) {
                other.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while other threads fault", e);
        }
        long nanos = Arrays.stream(ended).max().orElseThrow()
                - Arrays.stream(begun).min().orElseThrow();
        spent[0] += nanos;
        return (double) nanos / Arrays.stream(counts).sum();
    }

    /// Starts by spinning: a thread that is woken instead would run late, and on the waker's processor for a while.
    private static long faultRange(Stage2Workload on, int index, AtomicInteger waiting, long[] begun, long[] ended) {
        waiting.decrementAndGet();
        while (waiting.get() != 0) {
            Thread.onSpinWait();
        }
        begun[index] = System.nanoTime();
        long count = on.faultPages((long) index * 512 * G1, FAULTED);
        ended[index] = System.nanoTime();
        return count;
    }
}
