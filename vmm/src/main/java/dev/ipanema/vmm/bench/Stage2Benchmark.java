package dev.ipanema.vmm.bench;

import dev.ipanema.base.text.Sizes;
import java.util.Arrays;
import java.util.concurrent.CyclicBarrier;
import java.util.function.Consumer;
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

    /// Not counted: at least so many rounds, and so much time in the operation, until the compilers have settled.
    private static final int WARM_UP_ROUNDS = 5;

    private static final long WARM_UP_NANOS = 400_000_000;

    /// Rounds of operations on 64 GiB, which take as long as many of the others.
    private static final int LARGE_ROUNDS = 3;

    private final int rounds;
    private final Consumer<Result> results;
    private final Stage2Workload work;

    private Stage2Benchmark(int rounds, Consumer<Result> results, Stage2Workload work) {
        this.rounds = rounds;
        this.results = results;
        this.work = work;
    }

    /// Measures every operation.
    ///
    /// @param rounds rounds to take the median of, 1 or more
    /// @param results takes each figure when it is known
    public static void run(int rounds, Consumer<Result> results) {
        try (Stage2Workload work = new Stage2Workload()) {
            new Stage2Benchmark(rounds, results, work).runAll();
        }
    }

    private void runAll() {
        measure("store_8b", rounds, () -> {}, Stage2Workload::storeStream);
        measure("map_4k_range_1g", rounds, work::clear, w -> w.mapPages(G1));
        measure("map_4k_range_64g", Math.min(rounds, LARGE_ROUNDS), work::clear, w -> w.mapPages(64 * G1));
        measure("fault_map_4k_1t", rounds, work::clear, w -> w.faultPages(0, G1));
        measure("fault_map_4k_2t", rounds, work::clear, Stage2Benchmark::faultInParallel);
        Runnable mapped = () -> {
            work.clear();
            work.mapPages(G1);
        };
        measure("get_leaf_random_1g", rounds, mapped, w -> w.lookUpScattered(G1));
        Runnable readOnly = () -> {
            mapped.run();
            work.wrprotect(G1);
        };
        measure("relax_perms_random_1g", rounds, readOnly, w -> w.relaxScattered(G1));
        measure("wrprotect_range_1g", rounds, mapped, w -> w.wrprotect(G1));
        measure("age_range_1g", rounds, mapped, w -> w.age(G1));
        measure("unmap_range_1g", rounds, mapped, w -> w.unmap(G1));
        measure("map_2m_range_64g", rounds, work::clear, w -> w.mapPmdBlocks(64 * G1));
        measure("map_1g_range_512g", rounds, work::clear, w -> w.mapPudBlocks(512 * G1));
        Runnable blocks = () -> {
            work.clear();
            work.mapPmdBlocks(G1);
        };
        measure("split_2m", rounds, blocks, w -> w.split(G1));
    }

    private void measure(String name, int counted, Runnable before, ToLongFunction<Stage2Workload> operation) {
        long[] spent = new long[1];
        for (int round = 0; round < WARM_UP_ROUNDS || spent[0] < WARM_UP_NANOS; round++) {
            time(before, operation, spent);
        }
        double[] nanos = new double[counted];
        for (int round = 0; round < counted; round++) {
            nanos[round] = time(before, operation, spent);
        }
        Arrays.sort(nanos);
        results.accept(new Result(name, nanos[counted / 2]));
    }

    /// {@return nanoseconds for one of what an operation counts; its whole time is added to `spent`}
    private double time(Runnable before, ToLongFunction<Stage2Workload> operation, long[] spent) {
        before.run();
        long start = System.nanoTime();
        long count = operation.applyAsLong(work);
        long nanos = System.nanoTime() - start;
        spent[0] += nanos;
        return (double) nanos / count;
    }

    /// Faults on ranges of their own, as many threads as [#FAULTING_THREADS]; the calling thread is one of
    /// them.
    private static long faultInParallel(Stage2Workload work) {
        CyclicBarrier start = new CyclicBarrier(FAULTING_THREADS);
        Thread[] others = new Thread[FAULTING_THREADS - 1];
        long[] counts = new long[FAULTING_THREADS];
        for (int t = 0; t < others.length; t++) {
            int index = t + 1;
            others[t] = Thread.ofPlatform()
                    .name("fault-" + index)
                    .start(() -> counts[index] = faultRange(work, index, start));
        }
        counts[0] = faultRange(work, 0, start);
        try {
            for (Thread other : others) {
                other.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while other threads fault", e);
        }
        return Arrays.stream(counts).sum();
    }

    private static long faultRange(Stage2Workload work, int index, CyclicBarrier start) {
        try {
            start.await();
        } catch (Exception e) {
            throw new IllegalStateException("Interrupted before the first fault", e);
        }
        return work.faultPages((long) index * 512 * G1, G1);
    }
}
