package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.CpacrEl1;
import dev.ipanema.arm.register.MairEl1;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.arm.register.TlbiOp;

/// Stage 1 of the [GpuDriver]: 48 bits, 4 KiB granule, identity mapped by blocks of 1 GiB as memory is found.
final class DriverMmu {
    /// Bits of an address that one entry of the root table covers.
    static final int ROOT_SHIFT = 39;

    /// Bytes of a table.
    static final int TABLE = 0x1000;

    /// Everything that a barrier can wait for.
    static final int SY = 0b1111;

    private static final int BLOCK_SHIFT = 30;
    private static final int ENTRIES = 512;
    private static final int T0SZ = 16;
    private static final int IPA_BITS = 48;

    /// Tables of the second level that there is room for: 512 GiB each.
    private static final int TABLES = 16;

    /// What a range is mapped as.
    enum Type {
        /// Normal Write-Back.
        WRITE_BACK(MemoryAttributes.NORMAL_WB),
        /// Normal Non-cacheable.
        NON_CACHEABLE(MemoryAttributes.NORMAL_NC),
        /// Device-nGnRE.
        DEVICE(MemoryAttributes.DEVICE_nGnRE);

        private final int mair;

        Type(MemoryAttributes attributes) {
            this.mair = Mair.encode(attributes);
        }

        /// {@return MAIR_EL1 for leaves of these types}
        static long mairEl1() {
            long value = 0;
            for (Type type : values()) {
                value = MairEl1.with(value, type.ordinal(), type.mair);
            }
            return value;
        }

        /// {@return the bits of a leaf at address 0}
        long leaf(int level) {
            long more = this == WRITE_BACK ? 0 : Stage1Descriptor.PXN | Stage1Descriptor.UXN;
            long bits = Stage1Descriptor.AF
                    | Stage1Descriptor.attrIndxBits(ordinal())
                    | Stage1Descriptor.shareabilityBits(Shareability.ISH)
                    | more;
            return Stage1Descriptor.leaf(0, level, bits, Granule.K4, false);
        }
    }

    private final Assembler asm;
    private final Label root;
    private final Label tables;
    private final Label nextTable;
    private final Label map;

    DriverMmu(Assembler asm) {
        this.asm = asm;
        this.root = asm.label("root-table");
        this.tables = asm.label("tables");
        this.nextTable = asm.label("next-table");
        this.map = asm.label("map");
    }

    /// {@return the label of the root table}
    Label root() {
        return root;
    }

    /// {@return the bits of a table descriptor for a table at address 0}
    static long tableBits() {
        return Stage1Descriptor.table(0, 0, Granule.K4, false);
    }

    /// Maps the blocks that a range touches; changes X0 to X7 and X30.
    void map(Reg start, Reg size, Type type) {
        asm.mov(Reg.X0, start).mov(Reg.X1, size).movImm(Reg.X2, type.leaf(1)).bl(map);
    }

    /// The same for a range that is known here.
    void map(long start, long size, Type type) {
        asm.movImm(Reg.X0, start)
                .movImm(Reg.X1, size)
                .movImm(Reg.X2, type.leaf(1))
                .bl(map);
    }

    /// Switches the MMU and SIMD on; changes X0.
    void enable() {
        set(SysReg.MAIR_EL1, Type.mairEl1());
        set(SysReg.TCR_EL1, TcrEl1.lowerHalf(T0SZ, Granule.K4, IPA_BITS));
        set(SysReg.CPACR_EL1, CpacrEl1.FPEN_EL1 | CpacrEl1.FPEN_EL0);
        asm.adr(Reg.X0, root).msr(SysReg.TTBR0_EL1, Reg.X0);
        invalidate();
        set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.I | SctlrEl1.SPAN | SctlrEl1.M | SctlrEl1.C);
        asm.isb();
    }

    private void set(SysReg register, long value) {
        asm.movImm(Reg.X0, value).msr(register, Reg.X0);
    }

    /// Makes written descriptors take effect.
    void invalidate() {
        asm.dsb(SY).tlbi(TlbiOp.VMALLE1, Reg.XZR).dsb(SY).isb();
    }

    /// Puts the function here. X0 goes through the blocks up to X1; X2 are the bits of a leaf.
    void functions() {
        Label there = asm.label();
        asm.bind(map).add(Reg.X1, Reg.X0, Reg.X1).adr(Reg.X3, root);
        asm.lsr(Reg.X0, Reg.X0, BLOCK_SHIFT).lsl(Reg.X0, Reg.X0, BLOCK_SHIFT);
        Label loop = asm.here();
        asm.lsr(Reg.X4, Reg.X0, ROOT_SHIFT).lsl(Reg.X4, Reg.X4, 3);
        asm.ldr(Reg.X5, Reg.X3, Reg.X4).cbnz(Reg.X5, there);
        asm.adr(Reg.X6, nextTable).ldr(Reg.X7, Reg.X6).adr(Reg.X5, tables).add(Reg.X5, Reg.X5, Reg.X7);
        asm.add(Reg.X7, Reg.X7, TABLE).str(Reg.X7, Reg.X6);
        asm.movImm(Reg.X7, tableBits()).orr(Reg.X5, Reg.X5, Reg.X7).str(Reg.X5, Reg.X3, Reg.X4);
        asm.bind(there).and(Reg.X5, Reg.X5, -TABLE);
        asm.lsr(Reg.X4, Reg.X0, BLOCK_SHIFT).and(Reg.X4, Reg.X4, ENTRIES - 1).lsl(Reg.X4, Reg.X4, 3);
        asm.orr(Reg.X6, Reg.X0, Reg.X2).str(Reg.X6, Reg.X5, Reg.X4);
        asm.movImm(Reg.X4, 1L << BLOCK_SHIFT).add(Reg.X0, Reg.X0, Reg.X4);
        asm.cmp(Reg.X0, Reg.X1).b("cc", loop).ret();
        asm.align(Long.BYTES).bind(nextTable).quad(0);
    }

    /// Puts the tables here.
    void data() {
        asm.align(TABLE).bind(root).zero(TABLE).bind(tables).zero(TABLES * TABLE);
    }
}
