package dev.ipanema.bench.cache;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Accesses that do not go by a TLB entry where caches are modelled, by the state of their page: what an
/// agent other than a processing element pays, and a guest in a page that is followed line by line.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class CacheModelBenchmark {
    private static final MemoryAttributes WB = MemoryAttributes.NORMAL_WB;
    private static final MemoryAttributes NC = MemoryAttributes.NORMAL_NC;
    private static final long RAM = 0x8000_0000L;
    private static final long SPLIT = RAM + 0x1000;
    private static final long EXACT = RAM + 0x2000;
    private static final int LINE = 64;

    private final PhysicalMemory memory = PhysicalMemory.builder()
            .caches(new CacheModel(CacheOptions.DEFAULT.withPrecise(false), 0), _ -> true)
            .ram("ram", RAM, 1 << 20)
            .build();
    private final Origin pe = new Origin(Agent.PE, 0, false);

    /// Brings the pages into their states.
    @Setup
    public void setUp() {
        memory.store(pe, WB, SPLIT, 8, 1);
        memory.store(pe, WB, EXACT, 8, 1);
        memory.store(pe, NC, EXACT + LINE, 8, 1);
    }

    /// Frees memory.
    @TearDown
    public void tearDown() {
        memory.close();
    }

    /// A cacheable load of a page that has two views.
    @Benchmark
    public long loadSplit() {
        return memory.load(pe, WB, SPLIT, 8);
    }

    /// A cacheable store to it.
    @Benchmark
    public void storeSplit() {
        memory.store(pe, WB, SPLIT, 8, 2);
    }

    /// A load past the caches of a page that is followed line by line.
    @Benchmark
    public long loadPastExact() {
        return memory.load(pe, NC, EXACT + LINE, 8);
    }

    /// A store past the caches to it.
    @Benchmark
    public void storePastExact() {
        memory.store(pe, NC, EXACT + LINE, 8, 3);
    }

    /// A store and its clean to the point of coherency, as a driver of a device that does not snoop makes
    /// them.
    @Benchmark
    public void storeAndClean() {
        memory.store(pe, WB, SPLIT, 8, 4);
        memory.maintenance().done(CacheOperation.DC_CLEAN_POC, pe, SPLIT, LINE);
    }
}
