package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.guests.program.DriverSuite.Failures;

/// What memory has to do to be memory, each as code of the [GpuDriver]: one method a property. X22 is the coherent
/// memory; each property uses [#ROOM] bytes of its own there.
final class DriverProperties {
    /// Bytes that a property has.
    private static final int ROOM = 0x8000;

    private static final long VALUE = 0x1122_3344_5566_7788L;
    private static final long OTHER = 0x99aa_bbcc_ddee_ff00L;
    private static final int LINE = 64;
    private static final int TRIES = 1000;
    private static final int ADDITIONS = 10;
    private static final int FETCHED = 0x5a5a;

    /// An entry of the root table that nothing else uses.
    private static final int ROOT_ENTRY = 255;

    private static final Reg AT = Reg.X13;

    private final Assembler asm;
    private final DriverSuite suite;
    private final DriverMmu mmu;
    private int used;

    DriverProperties(Assembler asm, DriverSuite suite, DriverMmu mmu) {
        this.asm = asm;
        this.suite = suite;
        this.mmu = mmu;
    }

    /// Loads the address of memory that no other property uses.
    private void fresh() {
        asm.movImm(AT, (long) used++ * ROOM).add(AT, Reg.X22, AT);
    }

    /// An access that crosses every boundary up to 16 bytes. It comes first: memory that is mapped as a device does not
    /// survive it.
    void unaligned() {
        suite.property("unaligned", failures -> {
            fresh();
            asm.add(AT, AT, 13).movImm(Reg.X2, VALUE).str(Reg.X2, AT).ldr(Reg.X3, AT);
            suite.expect(Reg.X3, VALUE, failures);
        });
    }

    /// All properties but [#unaligned].
    void others() {
        suite.property("aligned", this::aligned);
        suite.property("pair", this::pair);
        suite.property("exclusives", this::exclusives);
        suite.property("lse-atomic", this::lseAtomic);
        suite.property("cas", this::cas);
        suite.property("casp", this::casp);
        suite.property("dc-zva", this::dcZva);
        suite.property("simd", this::simd);
        suite.property("page-table-walk", this::pageTableWalk);
        suite.property("instruction-fetch", this::instructionFetch);
    }

    private void aligned(Failures failures) {
        fresh();
        asm.movImm(Reg.X2, VALUE).str(Reg.X2, AT).movImm(Reg.X4, 0xab).strb(Reg.W4, AT, 1);
        asm.ldr(Reg.X3, AT).ldrh(Reg.W5, AT, 6);
        suite.expect(Reg.X3, (VALUE & ~0xff00L) | 0xab00, failures);
        suite.expect(Reg.X5, VALUE >>> 48, failures);
    }

    private void pair(Failures failures) {
        fresh();
        asm.movImm(Reg.X2, VALUE).movImm(Reg.X3, OTHER).stp(Reg.X2, Reg.X3, AT, 8);
        asm.ldp(Reg.X4, Reg.X5, AT, 8);
        suite.expect(Reg.X4, VALUE, failures);
        suite.expect(Reg.X5, OTHER, failures);
    }

    /// Adds by a loop of LDXR and STXR, which may fail now and then but not for ever.
    private void exclusives(Failures failures) {
        Label given = asm.label();
        fresh();
        asm.str(Reg.XZR, AT).movImm(Reg.X6, ADDITIONS).movImm(Reg.X7, TRIES);
        Label loop = asm.here();
        asm.sub(Reg.X7, Reg.X7, 1).cbz(Reg.X7, given);
        asm.ldxr(Reg.X3, AT).add(Reg.X3, Reg.X3, 3).stxr(Reg.W4, Reg.X3, AT).cbnz(Reg.X4, loop);
        asm.sub(Reg.X6, Reg.X6, 1).cbnz(Reg.X6, loop);
        asm.bind(given).ldr(Reg.X3, AT);
        suite.expect(Reg.X3, 3 * ADDITIONS, failures);
    }

    private void lseAtomic(Failures failures) {
        fresh();
        asm.movImm(Reg.X2, VALUE).str(Reg.X2, AT).movImm(Reg.X3, 5);
        asm.emit("LDADD_X", Reg.X3, Reg.X4, AT).ldr(Reg.X5, AT);
        suite.expect(Reg.X4, VALUE, failures);
        suite.expect(Reg.X5, VALUE + 5, failures);
    }

    /// One that swaps, and one that finds something else.
    private void cas(Failures failures) {
        fresh();
        asm.movImm(Reg.X2, VALUE).movImm(Reg.X3, OTHER).str(Reg.X2, AT).mov(Reg.X4, Reg.X2);
        asm.emit("CAS_X", Reg.X4, Reg.X3, AT).ldr(Reg.X5, AT);
        suite.expect(Reg.X4, VALUE, failures);
        suite.expect(Reg.X5, OTHER, failures);
        asm.mov(Reg.X4, Reg.X2).emit("CAS_X", Reg.X4, Reg.X2, AT).ldr(Reg.X5, AT);
        suite.expect(Reg.X4, OTHER, failures);
        suite.expect(Reg.X5, OTHER, failures);
    }

    private void casp(Failures failures) {
        fresh();
        asm.movImm(Reg.X2, VALUE).movImm(Reg.X3, OTHER).stp(Reg.X2, Reg.X3, AT, 0);
        asm.movImm(Reg.X4, 1).movImm(Reg.X5, 2).emit("CASP_X", Reg.X2, Reg.X4, AT);
        asm.ldp(Reg.X6, Reg.X7, AT, 0);
        suite.expect(Reg.X2, VALUE, failures);
        suite.expect(Reg.X3, OTHER, failures);
        suite.expect(Reg.X6, 1, failures);
        suite.expect(Reg.X7, 2, failures);
    }

    /// A block has 64 bytes on every processor here.
    private void dcZva(Failures failures) {
        fresh();
        asm.movImm(Reg.X2, VALUE).str(Reg.X2, AT).str(Reg.X2, AT, LINE - 8).add(Reg.X3, AT, LINE / 2);
        asm.cache(CacheOp.DC_ZVA, Reg.X3).ldr(Reg.X4, AT).ldr(Reg.X5, AT, LINE - 8);
        suite.expect(Reg.X4, 0, failures);
        suite.expect(Reg.X5, 0, failures);
    }

    private void simd(Failures failures) {
        fresh();
        asm.movImm(Reg.X2, VALUE).movImm(Reg.X3, OTHER).stp(Reg.X2, Reg.X3, AT, 0);
        asm.emit("LDUR_Q", Reg.q(0), AT, 0).emit("STUR_Q", Reg.q(0), AT, 32).ldp(Reg.X4, Reg.X5, AT, 32);
        suite.expect(Reg.X4, VALUE, failures);
        suite.expect(Reg.X5, OTHER, failures);
        asm.emit("STUR_Q", Reg.q(0), AT, 61).emit("LDUR_Q", Reg.q(1), AT, 61);
        asm.emit("STUR_Q", Reg.q(1), AT, 96).ldp(Reg.X4, Reg.X5, AT, 96);
        suite.expect(Reg.X4, VALUE, failures);
        suite.expect(Reg.X5, OTHER, failures);
    }

    /// Tables of levels 1, 2 and 3 in GPU memory map a page of GPU memory at an address that nothing else has.
    private void pageTableWalk(Failures failures) {
        fresh();
        asm.movImm(Reg.X2, VALUE)
                .movImm(Reg.X4, 3L * DriverMmu.TABLE)
                .add(Reg.X4, AT, Reg.X4)
                .str(Reg.X2, Reg.X4);
        entry(Reg.X4, DriverMmu.Type.WRITE_BACK.leaf(3), 2 * DriverMmu.TABLE);
        for (int level = 2; level > 0; level--) {
            asm.movImm(Reg.X4, (long) level * DriverMmu.TABLE).add(Reg.X4, AT, Reg.X4);
            entry(Reg.X4, DriverMmu.tableBits(), (level - 1) * DriverMmu.TABLE);
        }
        asm.movImm(Reg.X5, DriverMmu.tableBits()).orr(Reg.X5, AT, Reg.X5).adr(Reg.X6, mmu.root());
        asm.str(Reg.X5, Reg.X6, ROOT_ENTRY * 8L);
        mmu.invalidate();
        asm.movImm(Reg.X6, (long) ROOT_ENTRY << DriverMmu.ROOT_SHIFT).ldr(Reg.X3, Reg.X6);
        suite.expect(Reg.X3, VALUE, failures);
    }

    /// Writes the first entry of a table that lies `offset` from the property's memory.
    private void entry(Reg target, long bits, int offset) {
        asm.movImm(Reg.X5, bits)
                .orr(Reg.X5, target, Reg.X5)
                .movImm(Reg.X6, offset)
                .str(Reg.X5, AT, Reg.X6);
    }

    private void instructionFetch(Failures failures) {
        int[] code = new Assembler(0).movImm(Reg.X3, FETCHED).ret().words();
        fresh();
        for (int i = 0; i < code.length; i++) {
            asm.movImm(Reg.X2, Integer.toUnsignedLong(code[i])).str(Reg.W2, AT, 4L * i);
        }
        asm.cache(CacheOp.DC_CVAU, AT).dsb(DriverMmu.SY).cache(CacheOp.IC_IVAU, AT);
        asm.dsb(DriverMmu.SY).isb().blr(AT);
        suite.expect(Reg.X3, FETCHED, failures);
    }
}
