package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.MairEl1;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.arm.register.TlbiOp;
import java.util.EnumMap;
import java.util.Map;

/// The payload of the recordings: does one [Operation] at an address and reports by a store to [#REPORT_IPA].
///
/// It runs at EL1 with DAIF masked. Its stage 1 has the 4 KiB granule, T0SZ 25 and 1 GiB blocks that map identically:
/// 0–1 GiB Device-nGnRnE and not executable, 1–2 GiB (where it stands) Normal Write-Back, from 2 GiB up whatever
/// [Stage1] is asked for. SCTLR_EL1.A and WXN are 0.
///
/// Before a run the VMM sets PC to [#ENTRY] and the general-purpose registers to [#registers]. The value stored to
/// [#REPORT_IPA] says how the run ended: [#REPORT_DONE] with the result in [#FIRST_RESULT] and [#SECOND_RESULT], or
/// [#REPORT_EXCEPTION] with the syndrome in [#SYNDROME] and [#FAULT_ADDRESS].
public final class ProbePayload {
    /// Where the image has to stand in the guest.
    public static final long BASE = 0x4000_0000L;

    /// Bytes of the image.
    public static final int SIZE = 0x8000;

    /// Where the guest starts.
    public static final long ENTRY = BASE;

    /// Where the guest reports: an address with nothing behind it.
    public static final long REPORT_IPA = 0x1000_0000L;

    /// Reported when the operation was done.
    public static final long REPORT_DONE = 1;

    /// Reported when an exception was taken.
    public static final long REPORT_EXCEPTION = 2;

    /// The register of the first result.
    public static final int FIRST_RESULT = 1;

    /// The register of the second result.
    public static final int SECOND_RESULT = 3;

    /// The register of ESR_EL1 after an exception.
    public static final int SYNDROME = 20;

    /// The register of FAR_EL1 after an exception.
    public static final int FAULT_ADDRESS = 21;

    /// What the stores store.
    public static final long STORE_VALUE = 0xa5a5_0000_1111_2222L;

    /// The offset at which unaligned accesses are made.
    public static final int UNALIGNED_OFFSET = 0x101;

    /// The offset of the block that `DC ZVA` zeroes.
    public static final int ZVA_OFFSET = 0x400;

    /// The offset of the code that is called.
    public static final int CODE_OFFSET = 0x800;

    private static final int REGISTERS = 31;
    private static final int VECTORS = 0x1000;
    private static final int VECTORS_ALIGNMENT = 0x800;
    private static final int VECTOR_COUNT = 16;
    private static final int VECTOR_SIZE = 0x80;
    private static final int TABLES = 0x4000;
    private static final int TABLE_SIZE = 0x1000;
    private static final int TABLE_ENTRIES = 512;
    private static final long GIB = 1L << 30;
    private static final int T0SZ = 25;
    private static final int IPA_BITS = 40;
    private static final int DSB_NSH = 0b0111;

    private static final Reg A = Reg.X0;
    private static final Reg RESULT = Reg.X1;
    private static final Reg VALUE = Reg.X2;
    private static final Reg SECOND = Reg.X3;
    private static final Reg TARGET = Reg.X4;
    private static final Reg REPORT = Reg.X5;
    private static final Reg REASON = Reg.X6;
    private static final int OPERATION_REGISTER = 9;
    private static final int MAIR_REGISTER = 10;
    private static final int TCR_REGISTER = 11;
    private static final int TTBR_REGISTER = 12;
    private static final int SCTLR_REGISTER = 13;
    private static final int VBAR_REGISTER = 14;

    private final byte[] image;
    private final Map<Operation, Long> operations;

    private ProbePayload(byte[] image, Map<Operation, Long> operations) {
        this.image = image;
        this.operations = operations;
    }

    private static final class Holder {
        static final ProbePayload PAYLOAD = build();
    }

    /// {@return the payload, assembled once}
    public static ProbePayload instance() {
        return Holder.PAYLOAD;
    }

    /// {@return the bytes that belong at [#BASE]}
    public byte[] image() {
        return image.clone();
    }

    /// {@return X0 to X30 for a run}
    ///
    /// @param address A, the address of the operation
    public long[] registers(Operation operation, Stage1 stage1, long address) {
        long[] x = new long[REGISTERS];
        x[0] = address;
        x[2] = STORE_VALUE;
        x[OPERATION_REGISTER] = operations.getOrDefault(operation, ENTRY);
        x[MAIR_REGISTER] = mair();
        x[TCR_REGISTER] = TcrEl1.lowerHalf(T0SZ, Granule.K4, IPA_BITS);
        x[TTBR_REGISTER] = table(stage1);
        x[SCTLR_REGISTER] =
                SctlrEl1.RES1 | SctlrEl1.I | SctlrEl1.SPAN | (stage1 == Stage1.OFF ? 0 : SctlrEl1.M | SctlrEl1.C);
        x[VBAR_REGISTER] = BASE + VECTORS;
        return x;
    }

    private static ProbePayload build() {
        Assembler asm = new Assembler(BASE);
        Label done = asm.label("done");
        asm.msr(SysReg.VBAR_EL1, Reg.x(VBAR_REGISTER))
                .msr(SysReg.MAIR_EL1, Reg.x(MAIR_REGISTER))
                .msr(SysReg.TCR_EL1, Reg.x(TCR_REGISTER))
                .msr(SysReg.TTBR0_EL1, Reg.x(TTBR_REGISTER))
                .isb()
                .tlbi(TlbiOp.VMALLE1, Reg.XZR)
                .dsb(DSB_NSH)
                .isb()
                .msr(SysReg.SCTLR_EL1, Reg.x(SCTLR_REGISTER))
                .isb()
                .add(TARGET, A, CODE_OFFSET)
                .br(Reg.x(OPERATION_REGISTER));
        Map<Operation, Long> operations = new EnumMap<>(Operation.class);
        for (Operation operation : Operation.values()) {
            operations.put(operation, asm.pc());
            emit(asm, operation);
            asm.b(done);
        }
        asm.bind(done);
        report(asm, REPORT_DONE);
        asm.zero(VECTORS - asm.size());
        vectors(asm);
        asm.zero(TABLES - asm.size());
        for (Stage1 stage1 : Stage1.values()) {
            if (stage1 != Stage1.OFF) {
                table(asm, stage1);
            }
        }
        return new ProbePayload(asm.bytes(), operations);
    }

    private static void emit(Assembler asm, Operation operation) {
        switch (operation) {
            case R -> asm.ldr(RESULT, A);
            case W -> asm.str(VALUE, A);
            case RU -> asm.movImm(TARGET, UNALIGNED_OFFSET).ldr(RESULT, A, TARGET);
            case WU -> asm.movImm(TARGET, UNALIGNED_OFFSET).str(VALUE, A, TARGET);
            case R32 -> asm.ldr(Reg.W1, A);
            case X -> asm.blr(TARGET);
            case LDXR_STXR -> asm.ldxr(RESULT, A).stxr(Reg.W3, VALUE, A);
            case LDADD -> asm.emit("LDADD_X", VALUE, RESULT, A);
            case DCZVA -> asm.add(TARGET, A, ZVA_OFFSET).cache(CacheOp.DC_ZVA, TARGET);
            case DCCIVAC -> asm.cache(CacheOp.DC_CIVAC, A);
            case DCIVAC -> asm.cache(CacheOp.DC_IVAC, A);
            case ICIVAU -> asm.cache(CacheOp.IC_IVAU, A);
            case LDP -> asm.ldp(RESULT, SECOND, A, 0);
            case STP -> asm.stp(VALUE, VALUE, A, 0);
            case LDR_POST -> asm.mov(SECOND, A).ldrPost(RESULT, SECOND, Long.BYTES);
            case AT_S1E1R -> asm.at(AtOp.S1E1R, A).isb().mrs(RESULT, SysReg.PAR_EL1);
            case R_W -> asm.ldr(RESULT, A).str(VALUE, A);
            case W_X -> asm.str(VALUE, A).blr(TARGET);
            case X_W -> asm.blr(TARGET).str(VALUE, A);
            case R_X -> asm.ldr(SECOND, A).blr(TARGET);
        }
    }

    private static void report(Assembler asm, long reason) {
        asm.movImm(REASON, reason).movImm(REPORT, REPORT_IPA).str(REASON, REPORT);
        Label stop = asm.here();
        asm.b(stop);
    }

    private static void vectors(Assembler asm) {
        asm.align(VECTORS_ALIGNMENT);
        Label taken = asm.label("exception");
        for (int i = 0; i < VECTOR_COUNT; i++) {
            asm.b(taken).zero(VECTOR_SIZE - Integer.BYTES);
        }
        asm.bind(taken).mrs(Reg.x(SYNDROME), SysReg.ESR_EL1).mrs(Reg.x(FAULT_ADDRESS), SysReg.FAR_EL1);
        report(asm, REPORT_EXCEPTION);
    }

    private static void table(Assembler asm, Stage1 stage1) {
        asm.quad(block(0, Stage1.DEVICE_NGNRNE, Stage1Descriptor.PXN | Stage1Descriptor.UXN));
        asm.quad(block(GIB, Stage1.WB, 0));
        for (int i = 2; i < TABLE_ENTRIES; i++) {
            asm.quad(block(i * GIB, stage1, 0));
        }
    }

    private static long block(long address, Stage1 stage1, long more) {
        long attributes = Stage1Descriptor.AF
                | Stage1Descriptor.attrIndxBits(index(stage1))
                | Stage1Descriptor.shareabilityBits(Shareability.ISH)
                | more;
        return Stage1Descriptor.leaf(address, 1, attributes, Granule.K4, false);
    }

    private static int index(Stage1 stage1) {
        return switch (stage1) {
            case WB, OFF -> 0;
            case NC -> 1;
            case DEVICE_NGNRNE -> 2;
            case DEVICE_NGNRE -> 3;
        };
    }

    private static long table(Stage1 stage1) {
        return BASE + TABLES + (long) index(stage1) * TABLE_SIZE;
    }

    private static long mair() {
        long mair = MairEl1.with(0, index(Stage1.WB), Mair.encode(MemoryAttributes.NORMAL_WB));
        mair = MairEl1.with(mair, index(Stage1.NC), Mair.encode(MemoryAttributes.NORMAL_NC));
        mair = MairEl1.with(mair, index(Stage1.DEVICE_NGNRNE), Mair.encode(MemoryAttributes.DEVICE_nGnRnE));
        return MairEl1.with(mair, index(Stage1.DEVICE_NGNRE), Mair.encode(MemoryAttributes.DEVICE_nGnRE));
    }
}
