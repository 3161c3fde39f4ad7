package dev.ipanema.vmm.bench;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Geometry;
import dev.ipanema.arm.pgtable.VtcrEl2;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.MairEl1;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.arm.register.VttbrEl2;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.guests.program.CpuLoop;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.cpu.Exit;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.machine.cpu.ProcessingElement;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalMemoryBuilder;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Guest instructions a second of the interpreter, by [CpuLoop], on one processing element with both stages of
/// translation on (1 GiB blocks, identity).
public final class CpuBenchmark {
    /// One figure.
    ///
    /// @param loop what ran
    /// @param mips million guest instructions a second, the median of the rounds
    /// @param instructions guest instructions of one round
    public record Result(CpuLoop loop, double mips, long instructions) {}

    private static final long RAM = 0x4000_0000L;
    private static final long RAM_BYTES = 4L << 20;
    private static final long CODE = RAM;
    private static final long BUFFER = RAM + 0x10_0000;
    private static final long STACK_TOP = RAM + 0x20_0000;
    private static final long STAGE1_TABLE = RAM + 0x30_0000;
    private static final long STAGE2_TABLE = RAM + 0x31_0000;
    private static final int VA_TSZ = 25;
    private static final int IPA_BITS = 40;
    private static final int PA_BITS = 48;
    private static final int VMID = 1;

    /// Iterations of a loop in a round: tens of milliseconds, so that a round is entered compiled.
    private static final long ITERATIONS = 1_000_000;

    private static final int WARM_UP_ROUNDS = 6;

    private CpuBenchmark() {}

    /// Measures every loop.
    ///
    /// @param model the processor
    /// @param rounds rounds to take the median of, 1 or more, after some to warm up
    /// @param ticker measures a round
    public static List<Result> run(CpuModel model, int rounds, Ticker ticker) {
        List<Result> results = new ArrayList<>();
        for (CpuLoop loop : CpuLoop.values()) {
            results.add(run(model, loop, rounds, ticker));
        }
        return results;
    }

    /// Measures one loop, as [#run(CpuModel, int, Ticker)] does.
    public static Result run(CpuModel model, CpuLoop loop, int rounds, Ticker ticker) {
        try (Bench bench = new Bench(model, loop, null)) {
            double[] mips = new double[rounds];
            for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
                mips[Math.max(round, 0)] = bench.round(ticker);
            }
            Arrays.sort(mips);
            return new Result(loop, mips[rounds / 2], bench.instructions);
        }
    }

    /// {@return how long a loop takes with modelled caches, next to the same loop without: 1 is as long; the median of
    /// rounds in which one follows the other}
    public static double cachesOverNone(CpuModel model, CpuLoop loop, int rounds, Ticker ticker) {
        try (Bench none = new Bench(model, loop, null);
                Bench caches = new Bench(model, loop, CacheOptions.DEFAULT)) {
            double[] ratios = new double[rounds];
            for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
                ratios[Math.max(round, 0)] = none.round(ticker) / caches.round(ticker);
            }
            Arrays.sort(ratios);
            return ratios[rounds / 2];
        }
    }

    /// A machine with a loop in its memory.
    private static final class Bench implements AutoCloseable {
        private final CpuModel model;
        private final Machine machine;
        private long instructions;

        /// @param caches null for none
        Bench(CpuModel model, CpuLoop loop, @Nullable CacheOptions caches) {
            this.model = model;
            PhysicalMemoryBuilder builder = PhysicalMemory.builder();
            if (caches != null) {
                builder.caches(new CacheModel(caches, model.effectiveCtrEl0()), caches.tracked()::includes);
            }
            PhysicalMemory memory = builder.ram("ram", RAM, RAM_BYTES)
                    .maxResident(2 * RAM_BYTES)
                    .build();
            machine = new Machine(memory, model, 1, ExclusivePolicy.WORK);
            byte[] program = loop.program(CODE);
            memory.write(Agent.LOADER, MemoryAttributes.NORMAL_WB, CODE, program, 0, program.length);
            map(memory);
        }

        /// {@return million instructions a second}
        double round(Ticker ticker) {
            ProcessingElement pe = machine.processingElement(0);
            long before = pe.instructions();
            long start = ticker.nanos();
            runOnce(pe, model);
            double nanos = ticker.nanos() - start;
            instructions = pe.instructions() - before;
            return instructions * 1e3 / nanos;
        }

        @Override
        public void close() {
            machine.close();
        }
    }

    private static void map(PhysicalMemory memory) {
        long stage1 = Stage1Descriptor.leaf(RAM, 1, Stage1Descriptor.AF | Stage1Descriptor.SH_INNER, Granule.K4, false);
        long stage2 = Stage2Descriptor.leaf(
                RAM,
                1,
                Stage2Descriptor.AF
                        | Stage2Descriptor.SH_INNER
                        | Stage2Descriptor.S2AP_R
                        | Stage2Descriptor.S2AP_W
                        | Stage2Descriptor.memAttrBits(Stage2MemAttr.NORMAL_WB),
                Granule.K4,
                false);
        int index = Granule.K4.index(RAM, 1);
        memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, STAGE1_TABLE + 8L * index, 8, stage1);
        memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, STAGE2_TABLE + 8L * index, 8, stage2);
    }

    private static void runOnce(ProcessingElement pe, CpuModel model) {
        CpuContext ctx = new CpuContext(model);
        ctx.set(SysReg.MAIR_EL1, MairEl1.with(0, 0, Mair.encode(MemoryAttributes.NORMAL_WB)));
        ctx.set(SysReg.TCR_EL1, TcrEl1.lowerHalf(VA_TSZ, Granule.K4, IPA_BITS));
        ctx.set(SysReg.TTBR0_EL1, STAGE1_TABLE);
        ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.M | SctlrEl1.C | SctlrEl1.I | SctlrEl1.SA);
        int paBits = Math.min(model.paRangeBits(), PA_BITS);
        ctx.set(SysReg.VTCR_EL2, VtcrEl2.of(new Stage2Geometry(Granule.K4, IPA_BITS), paBits, false, false, false));
        ctx.set(SysReg.VTTBR_EL2, VttbrEl2.of(STAGE2_TABLE, VMID));
        ctx.set(SysReg.HCR_EL2, HcrEl2.VM | HcrEl2.RW | HcrEl2.PTW);
        ctx.setPc(CODE);
        ctx.setSp(STACK_TOP);
        ctx.setX(0, ITERATIONS);
        ctx.setX(2, BUFFER);
        Exit exit = pe.run(ctx, Long.MAX_VALUE);
        if (exit != Exit.TRAP || ctx.x(1) == 0) {
            throw new IllegalStateException("Loop ended by " + exit + " esr=0x" + Long.toHexString(pe.esrEl2())
                    + " pc=0x" + Long.toHexString(ctx.pc()));
        }
    }
}
