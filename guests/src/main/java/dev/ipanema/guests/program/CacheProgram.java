package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TlbiOp;
import java.util.EnumMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/// What the guests have in common that show what caches do: an address map, tables, and a way to
/// report.
///
/// A program is a headerless image for [#RAM], entered at EL1 with the MMU off and exceptions masked.
/// It reports values by 64-bit stores: report n goes to [#REPORT] + 8 n, where nothing is. It ends with
/// report [#END]; an exception is reported as [#SYNDROME], [#FAULT_ADDRESS] and [#LINK_ADDRESS] and
/// ends it too.
///
/// | virtual | intermediate physical | stage 1 |
/// |---|---|---|
/// | 0 to 1 GiB | the same | Device-nGnRE |
/// | [#RAM], 4 MiB | the same | Normal Write-Back |
/// | [#MEMORY], 2 MiB: memory of a device | the same | Normal Write-Back |
/// | [#DATA_UNCACHED], 2 MiB | [#DATA] | Normal Non-cacheable |
/// | [#MEMORY_UNCACHED], 2 MiB | [#MEMORY] | Normal Non-cacheable |
public abstract class CacheProgram {
    /// Where main memory begins, and the image.
    public static final long RAM = 0x4000_0000L;

    /// Bytes of main memory.
    public static final long RAM_SIZE = 4L << 20;

    /// The upper half of main memory, which the image does not touch.
    public static final long DATA = RAM + (2L << 20);

    /// Where memory of a device lies, for programs that use any.
    public static final long MEMORY = 0x8000_0000L;

    /// Bytes of it.
    public static final long MEMORY_SIZE = 2L << 20;

    /// Where [#DATA] is mapped Non-cacheable.
    public static final long DATA_UNCACHED = 0xc000_0000L;

    /// Where [#MEMORY] is mapped Non-cacheable.
    public static final long MEMORY_UNCACHED = 0xc020_0000L;

    /// Registers of a device, for programs that use one.
    public static final long DEVICE = 0x0a00_0000L;

    /// Where reports go.
    public static final long REPORT = 0x1000_0000L;

    /// The report that ends a program.
    public static final int END = 0;

    /// ESR_EL1 of an exception.
    public static final int SYNDROME = 1;

    /// FAR_EL1 of an exception.
    public static final int FAULT_ADDRESS = 2;

    /// ELR_EL1 of an exception.
    public static final int LINK_ADDRESS = 3;

    /// The first report that a program gives a meaning of its own.
    static final int FIRST = 8;

    /// Bytes of a page.
    static final int PAGE = 0x1000;

    /// What a DSB waits for: everything of the Inner Shareable domain.
    static final int ISH = 0b1011;

    /// Bytes of a cache line.
    static final int LINE = 64;

    private static final int VECTORS = 0x800;
    private static final int VECTOR_COUNT = 16;
    private static final int VECTOR_SIZE = 0x80;
    private static final int TABLES = 0x8000;
    private static final long LOW_GIB = 1L << 30;
    private static final long BLOCK = 2L << 20;

    /// Holds [#REPORT].
    private static final Reg REPORTS = Reg.X28;

    private static final Reg SCRATCH = Reg.X27;

    final Assembler asm = new Assembler(RAM);
    private final NavigableMap<Long, String> symbols = new TreeMap<>();

    CacheProgram() {}

    /// Emits the program; it may use X0 to X26. What follows it ends the program.
    abstract void body();

    /// Names what is emitted from here on.
    final void mark(String name) {
        symbols.put(asm.pc(), name);
    }

    /// {@return where in a program that has been assembled an address is, as `name+0x1c`; empty when it
    /// is not in the code}
    public final Optional<String> symbol(long address) {
        Map.Entry<Long, String> before = symbols.floorEntry(address);
        return before == null || address >= RAM + TABLES
                ? Optional.empty()
                : Optional.of(before.getValue() + "+0x" + Long.toHexString(address - before.getKey()));
    }

    /// Emits functions and constants.
    void functions() {}

    /// {@return the image}
    public final byte[] image() {
        Label vectors = asm.label("vectors");
        mark("start");
        asm.movImm(REPORTS, REPORT).adr(SCRATCH, vectors).msr(SysReg.VBAR_EL1, SCRATCH);
        asm.isb();
        body();
        end();
        functions();
        vectors(vectors);
        asm.zero(TABLES - asm.size());
        asm.data(tables());
        return asm.bytes();
    }

    private static byte[] tables() {
        ImageTables tables = new ImageTables(RAM + TABLES);
        tables.map(0, 0, LOW_GIB, DriverMmu.Type.DEVICE);
        tables.map(RAM, RAM, RAM_SIZE, DriverMmu.Type.WRITE_BACK);
        tables.map(MEMORY, MEMORY, MEMORY_SIZE, DriverMmu.Type.WRITE_BACK);
        tables.map(DATA_UNCACHED, DATA, BLOCK, DriverMmu.Type.NON_CACHEABLE);
        tables.map(MEMORY_UNCACHED, MEMORY, BLOCK, DriverMmu.Type.NON_CACHEABLE);
        return tables.bytes();
    }

    private void vectors(Label vectors) {
        asm.align(VECTORS).bind(vectors);
        mark("vectors");
        Label taken = asm.label("exception");
        for (int i = 0; i < VECTOR_COUNT; i++) {
            asm.b(taken).zero(VECTOR_SIZE - Integer.BYTES);
        }
        asm.bind(taken).movImm(REPORTS, REPORT);
        asm.mrs(SCRATCH, SysReg.ESR_EL1);
        report(SYNDROME, SCRATCH);
        asm.mrs(SCRATCH, SysReg.FAR_EL1);
        report(FAULT_ADDRESS, SCRATCH);
        asm.mrs(SCRATCH, SysReg.ELR_EL1);
        report(LINK_ADDRESS, SCRATCH);
        end();
    }

    /// Reports a value.
    final void report(int number, Reg value) {
        asm.str(value, REPORTS, (long) number * Long.BYTES);
    }

    private void end() {
        report(END, Reg.XZR);
        Label stop = asm.here();
        asm.b(stop);
    }

    /// {@return what the registers hold that stage 1 depends on, while the MMU and both caches are on; a VMM that
    /// restores a guest sets them}
    public static Map<SysReg, Long> stage1() {
        return Map.of(
                SysReg.MAIR_EL1,
                DriverMmu.Type.mairEl1(),
                SysReg.TCR_EL1,
                ImageTables.tcr(),
                SysReg.TTBR0_EL1,
                RAM + TABLES,
                SysReg.SCTLR_EL1,
                SctlrEl1.RES1 | SctlrEl1.I | SctlrEl1.SPAN | SctlrEl1.M | SctlrEl1.C);
    }

    /// Switches the MMU and both caches on.
    final void mmuOn() {
        mark("mmu_on");
        Map<SysReg, Long> registers = new EnumMap<>(stage1());
        long on = Objects.requireNonNull(registers.remove(SysReg.SCTLR_EL1));
        registers.forEach(this::set);
        asm.isb().tlbi(TlbiOp.VMALLE1, Reg.XZR).dsb(ISH).isb();
        set(SysReg.SCTLR_EL1, on);
        asm.isb();
    }

    /// Switches the MMU and both caches off.
    final void mmuOff() {
        mark("mmu_off");
        set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.SPAN);
        asm.isb();
    }

    private void set(SysReg register, long value) {
        asm.movImm(SCRATCH, value).msr(register, SCRATCH);
    }

    /// Reports what stage 1 makes of an address: PAR_EL1. Changes X0.
    final void reportTranslation(int number, Reg va) {
        asm.at(AtOp.S1E1R, va).isb().mrs(Reg.X0, SysReg.PAR_EL1);
        report(number, Reg.X0);
    }

    /// Does a cache maintenance operation on the lines from one address up to another; changes the
    /// first.
    final void maintain(CacheOp operation, Reg from, Reg end) {
        Label loop = asm.here();
        asm.cache(operation, from).add(from, from, LINE).cmp(from, end).b("cc", loop);
    }
}
