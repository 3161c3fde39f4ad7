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

/// Filling an empty stage-2 table: a GiB in one call and page by page as faults do, nanoseconds a page.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED"})
public class Stage2MapBenchmark {
    private static final long SIZE = 1L << 30;
    private static final int PAGES = 1 << 18;

    private final Stage2Workload work = new Stage2Workload();

    /// Starts with an empty table.
    @Setup(Level.Invocation)
    public void clear() {
        work.clear();
    }

    /// Gives the memory back.
    @TearDown
    public void close() {
        work.close();
    }

    /// One call for all.
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long mapPages() {
        return work.mapPages(SIZE);
    }

    /// One call a page.
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long faultPages() {
        return work.faultPages(0, SIZE);
    }
}
