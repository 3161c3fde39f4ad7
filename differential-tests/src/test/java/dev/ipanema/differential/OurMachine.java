package dev.ipanema.differential;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.CpacrEl1;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.MairEl1;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.cpu.Exit;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.machine.cpu.ProcessingElement;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.ArrayList;
import java.util.List;

/// Ipanema's machine, running sequences at EL0 with stage 1 on, as a Linux process would.
final class OurMachine implements Implementation, AutoCloseable {
    static final int SIGILL = 4;
    static final int SIGTRAP = 5;
    static final int SIGBUS = 7;
    static final int SIGSEGV = 11;

    private static final long RAM = Layout.TEXT;
    private static final long RAM_SIZE = 32L << 20;

    /// Memory of EL1: vectors and tables.
    private static final long KERNEL = 0x8000_0000L;

    private static final long TABLE = KERNEL + 0x1000;
    private static final int END_OF_SEQUENCE = 0x77;
    private static final int VECTOR_STOP = 0x7ff;
    private static final int LIMIT = 1_000;

    private final PhysicalMemory memory;
    private final Machine machine;
    private final ProcessingElement pe;
    private final CpuContext ctx;

    OurMachine(CpuModel model) {
        memory = PhysicalMemory.builder()
                .ram("ram", RAM, RAM_SIZE)
                .ram("kernel", KERNEL, 1L << 16)
                .maxResident(RAM_SIZE + (1L << 16))
                .build();
        machine = new Machine(memory, model, 1, ExclusivePolicy.WORK, () -> 0);
        pe = machine.processingElement(0);
        ctx = new CpuContext(model);
        for (int entry = 0; entry < 16; entry++) {
            write(KERNEL + 0x80L * entry, new Assembler(0).hvc(VECTOR_STOP).bytes());
        }
        map(1, RAM, Stage1Descriptor.AP_EL0);
        map(2, KERNEL, 0);
        ctx.set(SysReg.HCR_EL2, HcrEl2.RW);
        ctx.set(SysReg.VBAR_EL1, KERNEL);
        ctx.set(SysReg.CPACR_EL1, CpacrEl1.FPEN_EL0 | CpacrEl1.FPEN_EL1);
        ctx.set(SysReg.MAIR_EL1, MairEl1.with(0, 0, Mair.NORMAL_WB));
        ctx.set(SysReg.TCR_EL1, TcrEl1.lowerHalf(25, Granule.K4, 40));
        ctx.set(SysReg.TTBR0_EL1, TABLE);
        ctx.set(
                SysReg.SCTLR_EL1,
                SctlrEl1.RES1
                        | SctlrEl1.SPAN
                        | SctlrEl1.M
                        | SctlrEl1.C
                        | SctlrEl1.I
                        | SctlrEl1.UCT
                        | SctlrEl1.UCI
                        | SctlrEl1.DZE
                        | SctlrEl1.NTWI
                        | SctlrEl1.NTWE);
    }

    private void map(int gib, long pa, long attributes) {
        long leaf = Stage1Descriptor.leaf(
                pa, 1, Stage1Descriptor.AF | Stage1Descriptor.SH_INNER | attributes, Granule.K4, false);
        memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, TABLE + 8L * gib, 8, leaf);
    }

    private void write(long pa, byte[] bytes) {
        memory.write(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, bytes, 0, bytes.length);
    }

    @Override
    public List<State> run(List<Sequence> sequences) {
        List<State> states = new ArrayList<>(sequences.size());
        byte[] end = new Assembler(0).svc(END_OF_SEQUENCE).bytes();
        for (int i = 0; i < sequences.size(); i++) {
            byte[] slot = sequences.get(i).slot().array();
            System.arraycopy(end, 0, slot, 4 * Layout.TAIL_WORD, end.length);
            write(Layout.slot(i), slot);
        }
        ctx.setPstate(Pstate.EL1H | Pstate.DAIF);
        invalidateCode();
        for (int i = 0; i < sequences.size(); i++) {
            states.add(run(i, sequences.get(i)));
        }
        return states;
    }

    /// The slots changed behind the guest's back.
    private void invalidateCode() {
        write(
                KERNEL + 0x2000,
                new Assembler(0).raw(0xd508_751f).isb().hvc(VECTOR_STOP).bytes());
        ctx.setPc(KERNEL + 0x2000);
        pe.run(ctx, LIMIT);
    }

    private State run(int index, Sequence sequence) {
        State start = sequence.startIn(index);
        write(Layout.WINDOW, start.window);
        ctx.setPstate(Pstate.EL0T | start.nzcv);
        for (int n = 0; n < start.x.length; n++) {
            ctx.setX(n, start.x[n]);
        }
        ctx.setSp(start.sp);
        for (int n = 0; n < start.v.length; n++) {
            ctx.setV(n >> 1, n & 1, start.v[n]);
        }
        ctx.set(SysReg.FPCR, start.fpcr);
        ctx.set(SysReg.FPSR, start.fpsr);
        ctx.setPc(Layout.start(index, sequence.words().length));
        Exit exit = pe.run(ctx, LIMIT);
        return result(index, exit);
    }

    private State result(int index, Exit exit) {
        State state = new State();
        for (int n = 0; n < state.x.length; n++) {
            state.x[n] = ctx.x(n);
        }
        for (int n = 0; n < state.v.length; n++) {
            state.v[n] = ctx.v(n >> 1, n & 1);
        }
        state.sp = ctx.get(SysReg.SP_EL0);
        state.nzcv = ctx.get(SysReg.SPSR_EL1) & Pstate.NZCV;
        state.fpcr = ctx.get(SysReg.FPCR);
        state.fpsr = ctx.get(SysReg.FPSR);
        state.pc = ctx.get(SysReg.ELR_EL1);
        memory.read(Agent.LOADER, MemoryAttributes.NORMAL_WB, Layout.WINDOW, state.window, 0, state.window.length);
        boolean stopped = exit == Exit.TRAP && Esr.ec(pe.esrEl2()) == ExceptionClass.HVC64;
        state.signal = stopped ? signal(ctx.get(SysReg.ESR_EL1)) : -1 - exit.ordinal();
        if (state.signal == 0) {
            state.pc = Layout.tail(index);
        }
        return state;
    }

    /// {@return the signal that Linux sends for an exception from EL0, 0 for the end of the sequence}
    private static int signal(long esr) {
        return switch (Esr.ec(esr)) {
            case ExceptionClass.SVC64 -> 0;
            case ExceptionClass.BRK64 -> SIGTRAP;
            case ExceptionClass.PC_ALIGNMENT, ExceptionClass.SP_ALIGNMENT -> SIGBUS;
            case ExceptionClass.DATA_ABORT_LOWER -> Esr.fsc(esr) == FaultStatus.ALIGNMENT ? SIGBUS : SIGSEGV;
            case ExceptionClass.INSTRUCTION_ABORT_LOWER -> SIGSEGV;
            default -> SIGILL;
        };
    }

    @Override
    public void close() {
        machine.close();
    }
}
