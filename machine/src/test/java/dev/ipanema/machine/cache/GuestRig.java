package dev.ipanema.machine.cache;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.MairEl1;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.cpu.Exit;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/// Two processing elements at EL1 that run one short program at a time, in turns, on memory that stage 1 maps once as
/// each type. A cell is the first word of a function of two: it says which value the function returns.
final class GuestRig implements AutoCloseable {
    static final int ELEMENTS = 2;
    static final int LINES = 3;

    /// What [#valueOf] answers for a word that no cell holds.
    static final int NO_VALUE = -1;

    private static final long RAM = 0x4000_0000L;
    private static final long RAM_SIZE = 0x2_0000;
    private static final long TABLE = RAM + 0x8000;
    private static final long FIRST_LINE = RAM + 0x1_1000 - 2 * Cells.LINE;
    private static final long ENOUGH = 100;
    private static final int GIB_SHIFT = 30;
    private static final int BYTES_OF_PROGRAM = 64;

    /// MOVZ W0, #0
    private static final int MOVZ_W0 = 0x5280_0000;

    private static final int MOVZ_IMM16_SHIFT = 5;
    private static final int RET = 0xd65f_03c0;

    /// The operand of DSB ISH.
    private static final int ISH = 0xb;

    /// What an element runs with an address in X1 and a word in W2.
    enum Program {
        LOAD(asm -> asm.ldr(Reg.W0, Reg.X1)),
        STORE(asm -> asm.str(Reg.W2, Reg.X1)),
        CALL(asm -> asm.blr(Reg.X1)),
        TLBI(asm -> asm.tlbi(TlbiOp.VMALLE1IS, Reg.XZR)),
        DC_CVAC(asm -> asm.cache(CacheOp.DC_CVAC, Reg.X1)),
        DC_CVAU(asm -> asm.cache(CacheOp.DC_CVAU, Reg.X1)),
        DC_CIVAC(asm -> asm.cache(CacheOp.DC_CIVAC, Reg.X1)),
        DC_IVAC(asm -> asm.cache(CacheOp.DC_IVAC, Reg.X1)),
        IC_IVAU(asm -> asm.cache(CacheOp.IC_IVAU, Reg.X1)),
        IC_IALLU(asm -> asm.cache(CacheOp.IC_IALLU, Reg.XZR)),
        IC_IALLUIS(asm -> asm.cache(CacheOp.IC_IALLUIS, Reg.XZR));

        private final Consumer<Assembler> body;

        Program(Consumer<Assembler> body) {
            this.body = body;
        }

        private long pa() {
            return RAM + (long) ordinal() * BYTES_OF_PROGRAM;
        }
    }

    private static final Map<Step.Via, Integer> TYPES = new EnumMap<>(Map.of(
            Step.Via.WB, Mair.NORMAL_WB,
            Step.Via.WT, Mair.NORMAL_WT,
            Step.Via.NC, Mair.NORMAL_NC,
            Step.Via.DEVICE, Mair.DEVICE_nGnRE));

    final PhysicalMemory memory;
    private final CacheModel caches;
    private final Machine machine;
    private final CpuContext[] contexts = new CpuContext[ELEMENTS];

    GuestRig(Setting setting) {
        CpuModel model = CpuModel.parse("max" + (setting.idc() ? "+idc" : "-idc") + (setting.dic() ? "+dic" : "-dic"));
        caches = new CacheModel(setting.options(), model.ctrEl0());
        memory = PhysicalMemory.builder()
                .caches(caches, any -> true)
                .ram("ram", RAM, RAM_SIZE, setting.mapMemory())
                .maxResident(4 * RAM_SIZE)
                .build();
        machine = new Machine(memory, model, ELEMENTS, ExclusivePolicy.WORK, () -> 0);
        long mair = 0;
        for (Step.Via via : Step.Via.values()) {
            mair = MairEl1.with(mair, via.ordinal(), Objects.requireNonNull(TYPES.get(via)));
            long leaf = Stage1Descriptor.AF | Stage1Descriptor.SH_INNER | Stage1Descriptor.attrIndxBits(via.ordinal());
            write(TABLE + 8L * (1 + via.ordinal()), Stage1Descriptor.leaf(RAM, 1, leaf, Granule.K4, false));
        }
        for (Program program : Program.values()) {
            Assembler asm = new Assembler(program.pa());
            program.body.accept(asm.isb());
            byte[] code = asm.dsb(ISH).isb().hvc(0).bytes();
            memory.write(Agent.LOADER, MemoryAttributes.NORMAL_WB, program.pa(), code, 0, code.length);
        }
        for (int cell = 0; cell < LINES * LineState.CELLS; cell++) {
            write(pa(cell), wordOf(0) | (long) RET << Integer.SIZE);
        }
        memory.maintenance().done(CacheOperation.DC_CLEAN_INVAL_POC, Origin.of(Agent.LOADER), RAM, RAM_SIZE);
        for (int pe = 0; pe < ELEMENTS; pe++) {
            contexts[pe] = context(model, mair);
        }
    }

    private static CpuContext context(CpuModel model, long mair) {
        CpuContext ctx = new CpuContext(model);
        ctx.set(SysReg.HCR_EL2, HcrEl2.RW);
        ctx.set(SysReg.MAIR_EL1, mair);
        ctx.set(SysReg.TCR_EL1, TcrEl1.lowerHalf(25, Granule.K4, 40));
        ctx.set(SysReg.TTBR0_EL1, TABLE);
        ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.SPAN | SctlrEl1.M | SctlrEl1.C | SctlrEl1.I);
        return ctx;
    }

    private void write(long pa, long value) {
        memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, Long.BYTES, value);
    }

    CoherenceMonitor monitor() {
        return caches.monitor();
    }

    /// {@return the physical address of a cell: of each line, at its start and in its middle}
    static long pa(int cell) {
        return FIRST_LINE + (long) cell / LineState.CELLS * Cells.LINE + cell % LineState.CELLS * (Cells.LINE / 2);
    }

    private static long va(long pa, Step.Via via) {
        return pa - RAM + ((1L + via.ordinal()) << GIB_SHIFT);
    }

    /// {@return the first word of a function that returns a value}
    static long wordOf(int value) {
        return (MOVZ_W0 | value << MOVZ_IMM16_SHIFT) & 0xffff_ffffL;
    }

    /// {@return the value of a word, or [#NO_VALUE]}
    static int valueOf(long word) {
        for (int value = 0; value < LineOracle.VALUES; value++) {
            if (wordOf(value) == word) {
                return value;
            }
        }
        return NO_VALUE;
    }

    /// Runs a program on an element.
    ///
    /// @return X0 at its end
    /// @throws IllegalStateException when it ended otherwise than by its last instruction
    long run(int pe, Program program, Step.Via via, int cell, int value) {
        CpuContext ctx = contexts[pe];
        ctx.setX(1, va(pa(cell), via));
        ctx.setX(2, wordOf(value));
        ctx.setPc(va(program.pa(), Step.Via.WB));
        Exit exit = machine.processingElement(pe).run(ctx, ENOUGH);
        if (exit != Exit.TRAP || machine.processingElement(pe).esrEl2() != Esr.hvc(0)) {
            throw new IllegalStateException(program + " ended with " + exit + " at " + Long.toHexString(ctx.pc())
                    + " ESR_EL1=" + Long.toHexString(ctx.get(SysReg.ESR_EL1)));
        }
        return ctx.x(0);
    }

    @Override
    public void close() {
        machine.close();
    }
}
