package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.Clidr;
import dev.ipanema.arm.register.Ctr;
import dev.ipanema.arm.register.MairEl1;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.arm.register.TlbiOp;
import java.util.function.Consumer;

/// A test image that writes code and runs it, many times, with the maintenance that `CTR_EL0` and `CLIDR_EL1` ask for
/// and no more: with IDC = 0 and a level of unification that is not 0 it cleans lines of `DminLine`, with DIC = 0 it
/// invalidates lines of `IminLine`, every 256th time all instructions. A processor passes whose registers are honest.
///
/// Three checks: that the registers agree with each other; a function that is replaced; and longer ones of several
/// lines, each place of which holds one of two instructions.
///
/// Source: Arm ARM DDI 0487, B2.7.4 "Ordering and completion of data and instruction cache instructions"; the register
/// descriptions of `CTR_EL0` and `CLIDR_EL1`.
public final class CacheSelfTest {
    /// How often [UnitTestImage#CACHES] replaces the function.
    public static final int ROUNDS = 30_000;

    /// Where it writes code.
    private static final long BUFFER = UnitTestImage.BASE + 0x10_0000;

    /// Functions of the first test stand so far apart, and there are so many.
    private static final int FUNCTION_SHIFT = 5;

    private static final int FUNCTIONS = 256;

    /// Rounds of the first test for one of the second, whose functions have so many places.
    private static final int ROUNDS_FOR_LONG = 16;

    private static final int PLACES = 64;

    private static final int IMMEDIATE_MASK = 0xffff;
    private static final int ALL_INTERVAL = 256;
    private static final int SY = 15;
    private static final int ISH = 11;
    private static final int T0SZ = 25;
    private static final int IPA_BITS = 40;
    private static final int TABLE = 0x1000;
    private static final int BLOCK_SHIFT = 30;

    /// Multiplier and increment of Knuth's MMIX generator.
    private static final long MULTIPLIER = 6364136223846793005L;

    private static final long INCREMENT = 1442695040888963407L;

    private static final Reg CLEANS = Reg.X20;
    private static final Reg INVALIDATES = Reg.X21;
    private static final Reg DATA_LINE = Reg.X22;
    private static final Reg INSTRUCTION_LINE = Reg.X23;
    private static final Reg ROUND = Reg.X24;
    private static final Reg CODE = Reg.X25;
    private static final Reg EXPECTED = Reg.X26;
    private static final Reg RANDOM = Reg.X27;

    private final UnitTestProgram image;
    private final boolean maintains;
    private final Assembler asm;
    private final Label table;
    private final Label synchronize;
    private final Label failed;

    /// @param maintains false leaves all maintenance out, whatever the registers say
    CacheSelfTest(UnitTestProgram image, boolean maintains) {
        this.image = image;
        this.maintains = maintains;
        this.asm = image.asm;
        this.table = asm.label("table");
        this.synchronize = asm.label("synchronize");
        this.failed = asm.label("failed");
    }

    /// {@return an image that replaces the function so often}
    ///
    /// @param rounds at least 1
    /// @param maintains false leaves all maintenance out, whatever the registers say
    public static byte[] flat(int rounds, boolean maintains) {
        UnitTestProgram image = new UnitTestProgram();
        new CacheSelfTest(image, maintains).write(rounds);
        return image.bytes();
    }

    void write(int rounds) {
        switchOn();
        readRegisters();
        registersAgree();
        if (!maintains) {
            asm.movImm(CLEANS, 0).movImm(INVALIDATES, 0);
        }
        functions(rounds);
        longFunctions(Math.max(1, rounds / ROUNDS_FOR_LONG));
        image.exit("SUMMARY: 3 tests\n", UnitTestProgram.EXIT_PASS);
        asm.bind(failed);
        image.exit(
                "FAIL: what was written is run\nSUMMARY: 3 tests, 1 unexpected failures\n", UnitTestProgram.EXIT_FAIL);
        synchronizeFunction();
        asm.align(TABLE).bind(table);
        asm.quad(block(0, 1, Stage1Descriptor.PXN | Stage1Descriptor.UXN)).quad(block(1, 0, 0));
        asm.zero(TABLE - 2 * Long.BYTES);
    }

    private static long block(int index, int attributes, long more) {
        long bits = Stage1Descriptor.AF
                | Stage1Descriptor.attrIndxBits(attributes)
                | Stage1Descriptor.shareabilityBits(Shareability.ISH)
                | more;
        return Stage1Descriptor.leaf((long) index << BLOCK_SHIFT, 1, bits, Granule.K4, false);
    }

    /// Translation and caches on: two GiB, the first of them devices.
    private void switchOn() {
        long mair = MairEl1.with(0, 0, Mair.NORMAL_WB);
        set(SysReg.MAIR_EL1, MairEl1.with(mair, 1, Mair.encode(MemoryAttributes.DEVICE_nGnRE)));
        set(SysReg.TCR_EL1, TcrEl1.lowerHalf(T0SZ, Granule.K4, IPA_BITS));
        asm.adr(Reg.X0, table).msr(SysReg.TTBR0_EL1, Reg.X0);
        asm.dsb(SY).tlbi(TlbiOp.VMALLE1, Reg.XZR).dsb(SY).isb();
        set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.SPAN | SctlrEl1.M | SctlrEl1.C | SctlrEl1.I);
        asm.isb();
    }

    private void set(SysReg register, long value) {
        asm.movImm(Reg.X0, value).msr(register, Reg.X0);
    }

    private void readRegisters() {
        asm.mrs(Reg.X4, SysReg.CTR_EL0).mrs(Reg.X5, SysReg.CLIDR_EL1);
        asm.movImm(Reg.X6, Clidr.LOU).and(Reg.X6, Reg.X5, Reg.X6);
        Label none = asm.label();
        asm.movImm(CLEANS, 0).cbz(Reg.X6, none);
        asm.and(CLEANS, Reg.X4, Ctr.IDC).eor(CLEANS, CLEANS, Ctr.IDC).bind(none);
        asm.and(INVALIDATES, Reg.X4, Ctr.DIC).eor(INVALIDATES, INVALIDATES, Ctr.DIC);
        asm.lsr(Reg.X7, Reg.X4, Ctr.DMINLINE_SHIFT).and(Reg.X7, Reg.X7, Ctr.LINE_MASK);
        asm.and(Reg.X8, Reg.X4, Ctr.LINE_MASK).movImm(Reg.X9, Integer.BYTES);
        asm.emit("LSLV_X", DATA_LINE, Reg.X9, Reg.X7).emit("LSLV_X", INSTRUCTION_LINE, Reg.X9, Reg.X8);
    }

    /// X4 is CTR_EL0, X6 what of CLIDR_EL1 has to be 0 with IDC.
    private void registersAgree() {
        Label agree = asm.label();
        asm.tst(Reg.X4, Ctr.IDC).b("eq", agree).cbz(Reg.X6, agree);
        image.exit(
                "FAIL: CLIDR_EL1 agrees with CTR_EL0.IDC\nSUMMARY: 3 tests, 1 unexpected failures\n",
                UnitTestProgram.EXIT_FAIL);
        asm.bind(agree);
        image.print("PASS: CLIDR_EL1 agrees with CTR_EL0.IDC\n");
    }

    private static int word(Consumer<Assembler> instruction) {
        Assembler one = new Assembler(0);
        instruction.accept(one);
        return one.words()[0];
    }

    /// A function that answers the number of its round, in one of several places.
    private void functions(int rounds) {
        int zero = word(one -> one.movImm(Reg.X0, 0));
        int step = word(one -> one.movImm(Reg.X0, 1)) - zero;
        asm.movImm(ROUND, rounds);
        Label loop = asm.here();
        asm.and(Reg.X1, ROUND, FUNCTIONS - 1).lsl(Reg.X1, Reg.X1, FUNCTION_SHIFT);
        asm.movImm(CODE, BUFFER).add(CODE, CODE, Reg.X1);
        asm.and(EXPECTED, ROUND, IMMEDIATE_MASK);
        asm.movImm(Reg.X2, step).movImm(Reg.X3, zero & 0xffff_ffffL).madd(Reg.X2, EXPECTED, Reg.X2, Reg.X3);
        asm.str(Reg.W2, CODE, 0)
                .movImm(Reg.X3, word(Assembler::ret) & 0xffff_ffffL)
                .str(Reg.W3, CODE, Integer.BYTES);
        asm.add(Reg.X1, CODE, 2L * Integer.BYTES);
        callAndCompare();
        asm.subs(ROUND, ROUND, 1).b("ne", loop);
        image.print("PASS: a function that is replaced is run, " + rounds + " times\n");
    }

    /// A function over several lines, whose places count or do not, by chance.
    private void longFunctions(int rounds) {
        asm.movImm(ROUND, rounds).movImm(RANDOM, rounds);
        Label loop = asm.here();
        asm.movImm(Reg.X1, MULTIPLIER).movImm(Reg.X2, INCREMENT).madd(RANDOM, RANDOM, Reg.X1, Reg.X2);
        asm.movImm(CODE, BUFFER).mov(Reg.X1, CODE).mov(Reg.X4, RANDOM).movImm(EXPECTED, 0);
        asm.movImm(Reg.X5, word(one -> one.add(Reg.X0, Reg.X0, 1)) & 0xffff_ffffL);
        asm.movImm(Reg.X6, word(Assembler::nop) & 0xffff_ffffL);
        asm.movImm(Reg.X2, word(one -> one.movImm(Reg.X0, 0)) & 0xffff_ffffL).strPost(Reg.W2, Reg.X1, Integer.BYTES);
        asm.movImm(Reg.X7, PLACES);
        Label place = asm.here();
        Label counted = asm.label();
        asm.mov(Reg.X2, Reg.X6).tbz(Reg.X4, 0, counted);
        asm.mov(Reg.X2, Reg.X5).add(EXPECTED, EXPECTED, 1).bind(counted);
        asm.strPost(Reg.W2, Reg.X1, Integer.BYTES).lsr(Reg.X4, Reg.X4, 1);
        asm.subs(Reg.X7, Reg.X7, 1).b("ne", place);
        asm.movImm(Reg.X2, word(Assembler::ret) & 0xffff_ffffL).strPost(Reg.W2, Reg.X1, Integer.BYTES);
        callAndCompare();
        asm.subs(ROUND, ROUND, 1).b("ne", loop);
        image.print("PASS: a function of several lines that is replaced is run, " + rounds + " times\n");
    }

    /// X1 is the end of what was written from [#CODE] on.
    private void callAndCompare() {
        asm.mov(Reg.X0, CODE).bl(synchronize).blr(CODE);
        asm.cmp(Reg.X0, EXPECTED).b("ne", failed);
    }

    /// Makes what was written from X0 to X1 run; changes X2 and X3.
    private void synchronizeFunction() {
        Label cleaned = asm.label();
        Label done = asm.label();
        Label byLine = asm.label();
        asm.bind(synchronize).cbz(CLEANS, cleaned);
        eachLine(DATA_LINE, CacheOp.DC_CVAU);
        asm.bind(cleaned).dsb(ISH).cbz(INVALIDATES, done);
        asm.tst(ROUND, ALL_INTERVAL - 1).b("ne", byLine);
        asm.cache(CacheOp.IC_IALLU, Reg.XZR).dsb(ISH).b(done);
        asm.bind(byLine);
        eachLine(INSTRUCTION_LINE, CacheOp.IC_IVAU);
        asm.dsb(ISH).bind(done).isb().ret();
    }

    private void eachLine(Reg bytes, CacheOp operation) {
        asm.sub(Reg.X3, bytes, 1).bic(Reg.X2, Reg.X0, Reg.X3);
        Label line = asm.here();
        asm.cache(operation, Reg.X2)
                .add(Reg.X2, Reg.X2, bytes)
                .cmp(Reg.X2, Reg.X1)
                .b("cc", line);
    }
}
