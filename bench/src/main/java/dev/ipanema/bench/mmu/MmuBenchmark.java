package dev.ipanema.bench.mmu;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Geometry;
import dev.ipanema.arm.pgtable.VtcrEl2;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.arm.register.VttbrEl2;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalMemoryBuilder;
import dev.ipanema.machine.mmu.AtomicOp;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import dev.ipanema.machine.mmu.Mmu;
import dev.ipanema.machine.mmu.TlbDomain;
import dev.ipanema.machine.mmu.TranslationContext;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// One guest access each, in loops of [#ACCESSES] as an interpreter makes them: stage 1 off under HCR_EL2.DC (so that
/// memory is write-back), stage 2 by 2 MiB blocks, 32 MiB of RAM.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class MmuBenchmark {
    private static final int ACCESSES = 4096;
    private static final long RAM = 0x4000_0000L;
    private static final long BYTES = 32L << 20;
    private static final long TABLES = RAM + BYTES;
    private static final long BLOCK = 2L << 20;
    private static final long PAGE = 4096;

    /// Whether caches are modelled, with the default policy.
    @Param({"false", "true"})
    public boolean caches;

    private PhysicalMemory memory;
    private Mmu mmu;

    /// Makes the tables.
    @Setup
    public void setUp() {
        CpuModel model = CpuModel.parse("neoverse-v2");
        TlbDomain domain = new TlbDomain();
        PhysicalMemoryBuilder builder = PhysicalMemory.builder();
        if (caches) {
            CacheModel cacheModel = new CacheModel(CacheOptions.DEFAULT, model.effectiveCtrEl0());
            cacheModel.attach(domain);
            builder.caches(cacheModel, _ -> true);
        }
        memory = builder.ram("ram", RAM, 2 * BYTES).build();
        mmu = new Mmu(memory, model, 0, domain, ExclusivePolicy.FAULT_0X35);
        mmu.knowPc(RAM);
        Stage2Geometry geometry = new Stage2Geometry(Granule.K4, 40);
        long level2 = TABLES + geometry.pgdBytes();
        put(TABLES + 8 * (RAM >>> 30), Stage2Descriptor.table(level2, Granule.K4, false));
        long attributes = Stage2Descriptor.AF
                | Stage2Descriptor.SH_INNER
                | Stage2Descriptor.S2AP_R
                | Stage2Descriptor.S2AP_W
                | Stage2Descriptor.memAttrBits(Stage2MemAttr.FWB_NORMAL_WB);
        for (long offset = 0; offset < BYTES; offset += BLOCK) {
            put(level2 + 8 * (offset / BLOCK), Stage2Descriptor.leaf(RAM + offset, 2, attributes, Granule.K4, false));
        }
        TranslationContext context = new TranslationContext();
        context.mairEl1 = Mair.NORMAL_WB;
        context.vtcrEl2 = VtcrEl2.of(geometry, 48, false, false, false);
        context.vttbrEl2 = VttbrEl2.of(TABLES, 1);
        context.hcrEl2 = HcrEl2.VM | HcrEl2.FWB | HcrEl2.DC;
        mmu.setContext(context);
    }

    private void put(long pa, long value) {
        memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, 8, value);
    }

    /// Frees memory.
    @TearDown
    public void tearDown() {
        memory.close();
    }

    /// Aligned loads from pages that are in the software TLB.
    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long load() {
        long sum = 0;
        for (int i = 0; i < ACCESSES; i++) {
            sum += mmu.load64(RAM + 8L * i);
        }
        return sum;
    }

    /// Aligned stores, with the test for a fault that a caller makes.
    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public boolean store() {
        for (int i = 0; i < ACCESSES; i++) {
            mmu.store64(RAM + 8L * i, i);
            if (mmu.faulted()) {
                return true;
            }
        }
        return false;
    }

    /// Unaligned loads inside a page.
    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long loadUnaligned() {
        long sum = 0;
        for (int i = 0; i < ACCESSES; i++) {
            sum += mmu.load64(RAM + 1 + ((8L * i) & (PAGE / 2 - 1)));
        }
        return sum;
    }

    /// Loads that miss the software TLB and hit a block of the architectural one.
    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long loadFarApart() {
        long sum = 0;
        for (int i = 0; i < ACCESSES; i++) {
            sum += mmu.load64(RAM + ((PAGE * 513 * i) & (BYTES - 1)));
        }
        return sum;
    }

    /// LDADD of 8 bytes.
    @Benchmark
    @OperationsPerInvocation(ACCESSES)
    public long atomicAdd() {
        long sum = 0;
        for (int i = 0; i < ACCESSES; i++) {
            sum += mmu.atomic(AtomicOp.ADD, RAM + 8, 1, 3);
        }
        return sum;
    }

    /// A TLBI of everything, and the walk that follows.
    @Benchmark
    public long invalidateAndLoad() {
        mmu.tlbi(TlbiOp.VMALLS12E1, 0);
        return mmu.load64(RAM);
    }
}
