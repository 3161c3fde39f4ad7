package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Assembler;
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
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.arm.register.VttbrEl2;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalMemoryBuilder;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One processing element with 16 MiB of RAM at [#RAM], translation off until asked for. Code stands at [#CODE], the
/// vectors at [#VECTORS], where `HVC #0x7ff` of every entry stops the run.
final class Rig implements AutoCloseable {
    static final long RAM = 0x4000_0000L;
    static final long RAM_SIZE = 16L << 20;
    static final long CODE = RAM;
    static final long VECTORS = RAM + 0x1_0000;
    static final long DATA = RAM + 0x2_0000;
    static final long STACK = RAM + 0x4_0000;
    static final long STAGE1_TABLE = RAM + 0x10_0000;
    static final long STAGE2_TABLE = RAM + 0x11_0000;

    /// An IPA that stage 2 does not map.
    static final long UNMAPPED = 0x1000_0000L;

    static final int VECTOR_STOP = 0x7ff;

    final CpuModel model;
    final PhysicalMemory memory;
    final Machine machine;
    final ProcessingElement pe;
    final CpuContext ctx;
    long nanos;
    Ticker ticker = () -> nanos;

    Rig() {
        this("max");
    }

    Rig(String cpu) {
        this(cpu, 1);
    }

    Rig(String cpu, int processingElements) {
        this(cpu, processingElements, null);
    }

    /// @param caches what stands before the RAM, null for nothing
    Rig(String cpu, int processingElements, @Nullable CacheSystem caches) {
        model = CpuModel.parse(cpu);
        PhysicalMemoryBuilder builder = PhysicalMemory.builder();
        if (caches != null) {
            builder.caches(caches, mapMemory -> true);
        }
        memory = builder.ram("ram", RAM, RAM_SIZE).maxResident(RAM_SIZE).build();
        machine = new Machine(memory, model, processingElements, ExclusivePolicy.WORK, () -> ticker.nanos());
        pe = machine.processingElement(0);
        ctx = new CpuContext(model);
        ctx.set(SysReg.HCR_EL2, HcrEl2.RW);
        ctx.set(SysReg.VBAR_EL1, VECTORS);
        ctx.setPc(CODE);
        ctx.setSp(STACK);
        for (int entry = 0; entry < 16; entry++) {
            load(VECTORS + 0x80L * entry, asm -> asm.hvc(VECTOR_STOP));
        }
    }

    /// Writes a program to an address, for whatever caches there are.
    void load(long pa, Consumer<Assembler> program) {
        Assembler asm = new Assembler(pa);
        program.accept(asm);
        byte[] bytes = asm.bytes();
        memory.write(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, bytes, 0, bytes.length);
        memory.maintenance().dcCleanPoc(Agent.LOADER, pa, bytes.length);
        memory.maintenance().icInvalPou(Agent.LOADER, pa, bytes.length);
    }

    /// Writes a program to [#CODE] and runs it from there until something ends it.
    Exit run(Consumer<Assembler> program) {
        load(CODE, program);
        ctx.setPc(CODE);
        return pe.run(ctx, 100_000);
    }

    /// Writes one instruction to [#CODE] and executes it.
    Exit step(Consumer<Assembler> program) {
        load(CODE, program);
        ctx.setPc(CODE);
        return pe.run(ctx, 1);
    }

    /// Turns stage 1 on: identity, 1 GiB blocks, the first two GiB; EL0 may do everything when `attributes` say so.
    Rig stage1(long attributes) {
        for (int gib = 0; gib < 2; gib++) {
            long leaf = Stage1Descriptor.leaf(
                    (long) gib << 30,
                    1,
                    Stage1Descriptor.AF | Stage1Descriptor.SH_INNER | attributes,
                    Granule.K4,
                    false);
            write(STAGE1_TABLE + 8L * gib, leaf);
        }
        ctx.set(SysReg.MAIR_EL1, MairEl1.with(0, 0, Mair.NORMAL_WB));
        ctx.set(SysReg.TCR_EL1, TcrEl1.lowerHalf(25, Granule.K4, 40));
        ctx.set(SysReg.TTBR0_EL1, STAGE1_TABLE);
        ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.SPAN | SctlrEl1.M | SctlrEl1.C | SctlrEl1.I);
        return this;
    }

    /// Turns stage 2 on: identity for the GiB of RAM, nothing below it.
    Rig stage2() {
        write(
                STAGE2_TABLE + 8,
                Stage2Descriptor.leaf(
                        RAM,
                        1,
                        Stage2Descriptor.AF
                                | Stage2Descriptor.SH_INNER
                                | Stage2Descriptor.S2AP_R
                                | Stage2Descriptor.S2AP_W
                                | Stage2Descriptor.memAttrBits(Stage2MemAttr.NORMAL_WB),
                        Granule.K4,
                        false));
        ctx.set(SysReg.VTCR_EL2, VtcrEl2.of(new Stage2Geometry(Granule.K4, 40), 40, false, false, false));
        ctx.set(SysReg.VTTBR_EL2, VttbrEl2.of(STAGE2_TABLE, 1));
        hcr(HcrEl2.VM | HcrEl2.PTW);
        return this;
    }

    /// Sets bits of HCR_EL2.
    Rig hcr(long bits) {
        ctx.set(SysReg.HCR_EL2, ctx.get(SysReg.HCR_EL2) | bits);
        return this;
    }

    /// Goes to EL0, with the stack pointer of EL0 where that of EL1 was.
    Rig el0() {
        ctx.setPstate(Pstate.EL0T);
        ctx.setSp(STACK);
        return this;
    }

    long read(long pa) {
        return memory.load(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, 8);
    }

    void write(long pa, long value) {
        memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, 8, value);
    }

    /// {@return whether the guest reached the vector at this offset, by the trap that stands there}
    boolean reachedVector(int offset) {
        return ctx.pc() == VECTORS + offset + 4;
    }

    @Override
    public void close() {
        machine.close();
    }
}
