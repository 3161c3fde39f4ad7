package dev.ipanema.bench.stage2;

import dev.ipanema.vmm.bench.Stage2Workload;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Operations on a GiB of 4 KiB pages, nanoseconds a page, next to the store stream that they are measured
/// against.
///
/// | benchmark | cost centre |
/// |---|---|
/// | `storeStream` | the baseline: one 8-byte store |
/// | `wrprotect`, `age` | dirty logging, idle page tracking |
/// | `unmap` | MMU notifiers, memslot removal |
/// | `lookUpScattered` | leaf lookup with cold caches |
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED"})
public class Stage2RangeBenchmark {
    private static final long SIZE = 1L << 30;
    private static final int PAGES = 1 << 18;

    private final Stage2Workload work = new Stage2Workload();

    /// Maps a GiB.
    @Setup(Level.Invocation)
    public void map() {
        work.clear();
        work.mapPages(SIZE);
    }

    /// Gives the memory back.
    @TearDown
    public void close() {
        work.close();
    }

    /// The baseline.
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long storeStream() {
        return work.storeStream();
    }

    /// Takes write permission.
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long wrprotect() {
        return work.wrprotect(SIZE);
    }

    /// Tests and clears access flags.
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long age() {
        return work.age(SIZE);
    }

    /// Unmaps.
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long unmap() {
        return work.unmap(SIZE);
    }

    /// Looks leaves up.
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long lookUpScattered() {
        return work.lookUpScattered(SIZE, PAGES);
    }
}
