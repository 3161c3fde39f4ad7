package dev.ipanema.arm.a64;

import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TlbiOp;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/// A fluent assembler of A64: a method for the common instructions, and [#emit(String, Object...)] for
/// every row and alias of the encoding table. Labels may be used before they are bound.
///
/// An operand that cannot be encoded is refused with an [AssemblyException]. Not for several threads.
public final class Assembler {
    private static final int NEAR_LIMIT = 4096;
    private static final int UXTX = 3;
    private static final int UXTW = 2;

    private final long base;
    private final CodeBuffer code;
    private int labels;

    /// @param base the address of the first byte, a multiple of 4
    public Assembler(long base) {
        this.base = base;
        this.code = new CodeBuffer(base);
    }

    /// {@return the address of the next byte}
    public long pc() {
        return base + code.size();
    }

    /// {@return the number of bytes so far}
    public int size() {
        return code.size();
    }

    /// {@return the address of a bound label}
    public long address(Label label) {
        return base + label.offset();
    }

    /// {@return a new label, not yet bound}
    public Label label() {
        return label("L" + labels++);
    }

    /// {@return a new label with a name for messages, not yet bound}
    public Label label(String name) {
        return new Label(name);
    }

    /// Binds a label to the next byte.
    public Assembler bind(Label label) {
        label.bind(code.size());
        return this;
    }

    /// {@return a new label bound to the next byte}
    public Label here() {
        Label label = label();
        bind(label);
        return label;
    }

    /// {@return the bytes, every label resolved}
    ///
    /// @throws AssemblyException a label was never bound or is too far
    public byte[] bytes() {
        return code.finish();
    }

    /// {@return the bytes as little-endian words; their number must be a multiple of 4}
    public int[] words() {
        byte[] bytes = bytes();
        if (bytes.length % Integer.BYTES != 0) {
            throw new AssemblyException("Code of " + bytes.length + " bytes is no whole number of words");
        }
        int[] words = new int[bytes.length / Integer.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
        return words;
    }

    // Any instruction.

    /// Emits the row or alias `name` of the table, such as `LDADDAL_X` or `CSET_W`.
    ///
    /// @param operands in the order of the row's syntax: a [Reg], an integer, a [Label] for a displacement,
    ///     a [SysReg], [CacheOp], [AtOp] or [TlbiOp]; an operand of several values takes them one by one
    /// @throws AssemblyException no such row, or an operand does not fit
    public Assembler emit(String name, Object... operands) {
        Encoding row = EncodingTable.find(name);
        Operands taken = new Operands(row, operands);
        Label label = taken.label();
        if (label == null) {
            code.putInt(row.encode(taken.values()));
        } else {
            code.putRelative(row, taken.values(), taken.labelPosition(), label, taken.page());
        }
        return this;
    }

    /// Emits a word as it is.
    public Assembler raw(int word) {
        code.putInt(word);
        return this;
    }

    // Data.

    /// Pads with zero bytes to a multiple of `alignment`, a power of two.
    public Assembler align(int alignment) {
        while ((pc() & (alignment - 1)) != 0) {
            code.putByte(0);
        }
        return this;
    }

    /// Puts `count` zero bytes.
    public Assembler zero(int count) {
        for (int i = 0; i < count; i++) {
            code.putByte(0);
        }
        return this;
    }

    /// Puts a 32-bit word of data.
    public Assembler word(int value) {
        code.putInt(value);
        return this;
    }

    /// Puts a 64-bit word of data.
    public Assembler quad(long value) {
        code.putLong(value);
        return this;
    }

    /// Puts the 64-bit address of a label.
    public Assembler quad(Label label) {
        code.putAddress(label);
        return this;
    }

    /// Puts bytes of data.
    public Assembler data(byte[] bytes) {
        for (byte value : bytes) {
            code.putByte(value);
        }
        return this;
    }

    /// Puts a string in UTF-8 and a zero byte.
    public Assembler asciz(String text) {
        return data(text.getBytes(StandardCharsets.UTF_8)).zero(1);
    }

    // Moves and addresses.

    /// Copies a register; either may be SP.
    public Assembler mov(Reg rd, Reg rn) {
        if (rd.isStackPointer() || rn.isStackPointer()) {
            return emit(sized("ADD_IMM", rd), rd, rn, 0, 0);
        }
        return emit(sized("MOV_REG", rd), rd, rn);
    }

    /// Loads any constant, in 1 to 4 instructions.
    public Assembler movImm(Reg rd, long value) {
        MoveSequence.emit(this, rd, value);
        return this;
    }

    /// Loads the address of a label within 1 MiB.
    public Assembler adr(Reg rd, Label label) {
        return emit("ADR", rd, label);
    }

    // Arithmetic and logic; the width is that of the first register.

    public Assembler add(Reg rd, Reg rn, Reg rm) {
        return addOrSub("ADD", rd, rn, rm);
    }

    /// Adds a constant of 12 bits, or 12 bits shifted by 12; a negative one is subtracted.
    public Assembler add(Reg rd, Reg rn, long imm) {
        return imm < 0 ? addImm("SUB_IMM", rd, rn, -imm) : addImm("ADD_IMM", rd, rn, imm);
    }

    public Assembler adds(Reg rd, Reg rn, Reg rm) {
        return addOrSub("ADDS", rd, rn, rm);
    }

    public Assembler sub(Reg rd, Reg rn, Reg rm) {
        return addOrSub("SUB", rd, rn, rm);
    }

    /// Subtracts a constant, as [#add(Reg, Reg, long)].
    public Assembler sub(Reg rd, Reg rn, long imm) {
        return add(rd, rn, -imm);
    }

    public Assembler subs(Reg rd, Reg rn, Reg rm) {
        return addOrSub("SUBS", rd, rn, rm);
    }

    /// Subtracts a constant of 12 bits and sets the flags.
    public Assembler subs(Reg rd, Reg rn, long imm) {
        return addImm("SUBS_IMM", rd, rn, imm);
    }

    public Assembler cmp(Reg rn, Reg rm) {
        return subs(rn.isWide() ? Reg.XZR : Reg.WZR, rn, rm);
    }

    public Assembler cmp(Reg rn, long imm) {
        return addImm("SUBS_IMM", rn.isWide() ? Reg.XZR : Reg.WZR, rn, imm);
    }

    public Assembler and(Reg rd, Reg rn, Reg rm) {
        return emit(sized("AND_REG", rd), rd, rn, rm);
    }

    /// Ands a bitmask immediate.
    public Assembler and(Reg rd, Reg rn, long mask) {
        return emit(sized("AND_IMM", rd), rd, rn, mask);
    }

    public Assembler orr(Reg rd, Reg rn, Reg rm) {
        return emit(sized("ORR_REG", rd), rd, rn, rm);
    }

    /// Ors a bitmask immediate.
    public Assembler orr(Reg rd, Reg rn, long mask) {
        return emit(sized("ORR_IMM", rd), rd, rn, mask);
    }

    public Assembler eor(Reg rd, Reg rn, Reg rm) {
        return emit(sized("EOR_REG", rd), rd, rn, rm);
    }

    /// Exclusive-ors a bitmask immediate.
    public Assembler eor(Reg rd, Reg rn, long mask) {
        return emit(sized("EOR_IMM", rd), rd, rn, mask);
    }

    /// Clears in `rn` the bits of `rm`.
    public Assembler bic(Reg rd, Reg rn, Reg rm) {
        return emit(sized("BIC_SHIFT", rd), rd, rn, rm, 0, 0);
    }

    /// Tests against a bitmask immediate.
    public Assembler tst(Reg rn, long mask) {
        return emit(sized("TST_IMM", rn), rn, mask);
    }

    public Assembler lsl(Reg rd, Reg rn, int amount) {
        if (amount == 0) {
            return mov(rd, rn);
        }
        return emit(sized("LSL_IMM", rd), rd, rn, amount);
    }

    public Assembler lsr(Reg rd, Reg rn, int amount) {
        return emit(sized("LSR_IMM", rd), rd, rn, amount);
    }

    public Assembler asr(Reg rd, Reg rn, int amount) {
        return emit(sized("ASR_IMM", rd), rd, rn, amount);
    }

    public Assembler mul(Reg rd, Reg rn, Reg rm) {
        return emit(sized("MUL", rd), rd, rn, rm);
    }

    public Assembler madd(Reg rd, Reg rn, Reg rm, Reg ra) {
        return emit(sized("MADD", rd), rd, rn, rm, ra);
    }

    public Assembler udiv(Reg rd, Reg rn, Reg rm) {
        return emit(sized("UDIV", rd), rd, rn, rm);
    }

    /// @param condition 0–15, see [Condition]
    public Assembler csel(Reg rd, Reg rn, Reg rm, int condition) {
        return emit(sized("CSEL", rd), rd, rn, rm, condition);
    }

    /// @param condition 0–13, see [Condition]
    public Assembler cset(Reg rd, int condition) {
        return emit(sized("CSET", rd), rd, condition);
    }

    // Branches.

    public Assembler b(Label target) {
        return emit("B", target);
    }

    /// @param condition `eq`, `ne`, … as [Condition#name(int)] spells them
    public Assembler b(String condition, Label target) {
        return emit("B_" + condition.toUpperCase(Locale.ROOT), target);
    }

    public Assembler bl(Label target) {
        return emit("BL", target);
    }

    public Assembler br(Reg rn) {
        return emit("BR", rn);
    }

    public Assembler blr(Reg rn) {
        return emit("BLR", rn);
    }

    public Assembler ret() {
        return emit("RET", Reg.X30);
    }

    public Assembler cbz(Reg rt, Label target) {
        return emit(sized("CBZ", rt), rt, target);
    }

    public Assembler cbnz(Reg rt, Label target) {
        return emit(sized("CBNZ", rt), rt, target);
    }

    public Assembler tbz(Reg rt, int bit, Label target) {
        return emit("TBZ", rt, bit, target);
    }

    public Assembler tbnz(Reg rt, int bit, Label target) {
        return emit("TBNZ", rt, bit, target);
    }

    // Loads and stores; the width is that of the register moved, a SIMD register among them.

    /// Loads from `base + offset`, scaled or unscaled as the offset allows.
    public Assembler ldr(Reg rt, Reg base, long offset) {
        return memory("LDR_" + rt.kind(), "LDUR_" + rt.kind(), scale(rt), rt, base, offset);
    }

    public Assembler ldr(Reg rt, Reg base) {
        return ldr(rt, base, 0);
    }

    /// Loads from `base + index`.
    public Assembler ldr(Reg rt, Reg base, Reg index) {
        return emit("LDR_" + rt.kind() + "_REG", rt, base, index, 0, 0);
    }

    /// Loads from `base`, then adds `offset` to it.
    public Assembler ldrPost(Reg rt, Reg base, long offset) {
        return emit("LDR_" + rt.kind() + "_POST", rt, base, offset);
    }

    /// Adds `offset` to `base`, then loads from it.
    public Assembler ldrPre(Reg rt, Reg base, long offset) {
        return emit("LDR_" + rt.kind() + "_PRE", rt, base, offset);
    }

    /// Loads from a label within 1 MiB.
    public Assembler ldr(Reg rt, Label literal) {
        return emit("LDR_" + rt.kind() + "_LIT", rt, literal);
    }

    public Assembler ldrb(Reg wt, Reg base, long offset) {
        return memory("LDRB", "LDURB", 1, wt, base, offset);
    }

    public Assembler ldrh(Reg wt, Reg base, long offset) {
        return memory("LDRH", "LDURH", 2, wt, base, offset);
    }

    public Assembler ldrsw(Reg xt, Reg base, long offset) {
        return memory("LDRSW", "LDURSW", 4, xt, base, offset);
    }

    /// Stores to `base + offset`, scaled or unscaled as the offset allows.
    public Assembler str(Reg rt, Reg base, long offset) {
        return memory("STR_" + rt.kind(), "STUR_" + rt.kind(), scale(rt), rt, base, offset);
    }

    public Assembler str(Reg rt, Reg base) {
        return str(rt, base, 0);
    }

    /// Stores to `base + index`.
    public Assembler str(Reg rt, Reg base, Reg index) {
        return emit("STR_" + rt.kind() + "_REG", rt, base, index, 0, 0);
    }

    /// Stores to `base`, then adds `offset` to it.
    public Assembler strPost(Reg rt, Reg base, long offset) {
        return emit("STR_" + rt.kind() + "_POST", rt, base, offset);
    }

    /// Adds `offset` to `base`, then stores to it.
    public Assembler strPre(Reg rt, Reg base, long offset) {
        return emit("STR_" + rt.kind() + "_PRE", rt, base, offset);
    }

    public Assembler strb(Reg wt, Reg base, long offset) {
        return memory("STRB", "STURB", 1, wt, base, offset);
    }

    public Assembler strh(Reg wt, Reg base, long offset) {
        return memory("STRH", "STURH", 2, wt, base, offset);
    }

    public Assembler ldp(Reg rt, Reg rt2, Reg base, long offset) {
        return emit("LDP_" + rt.kind() + "_IMM", rt, rt2, base, offset);
    }

    public Assembler ldpPost(Reg rt, Reg rt2, Reg base, long offset) {
        return emit("LDP_" + rt.kind() + "_POST", rt, rt2, base, offset);
    }

    public Assembler stp(Reg rt, Reg rt2, Reg base, long offset) {
        return emit("STP_" + rt.kind() + "_IMM", rt, rt2, base, offset);
    }

    public Assembler stpPre(Reg rt, Reg rt2, Reg base, long offset) {
        return emit("STP_" + rt.kind() + "_PRE", rt, rt2, base, offset);
    }

    public Assembler ldxr(Reg rt, Reg base) {
        return emit(sized("LDXR", rt), rt, base);
    }

    public Assembler ldaxr(Reg rt, Reg base) {
        return emit(sized("LDAXR", rt), rt, base);
    }

    /// @param ws becomes 0 when the store was done, else 1
    public Assembler stxr(Reg ws, Reg rt, Reg base) {
        return emit(sized("STXR", rt), ws, rt, base);
    }

    /// @param ws becomes 0 when the store was done, else 1
    public Assembler stlxr(Reg ws, Reg rt, Reg base) {
        return emit(sized("STLXR", rt), ws, rt, base);
    }

    public Assembler ldar(Reg rt, Reg base) {
        return emit(sized("LDAR", rt), rt, base);
    }

    public Assembler stlr(Reg rt, Reg base) {
        return emit(sized("STLR", rt), rt, base);
    }

    // System.

    public Assembler mrs(Reg xt, SysReg register) {
        return emit("MRS", xt, register);
    }

    public Assembler msr(SysReg register, Reg xt) {
        return emit("MSR", register, xt);
    }

    /// Masks the exceptions of a set of the bits D (8), A (4), I (2) and F (1).
    public Assembler daifSet(int bits) {
        return emit("MSR_DAIFSET", bits);
    }

    /// Unmasks the exceptions of a set of the bits D (8), A (4), I (2) and F (1).
    public Assembler daifClr(int bits) {
        return emit("MSR_DAIFCLR", bits);
    }

    public Assembler cache(CacheOp operation, Reg xt) {
        return emit("SYS", operation, xt);
    }

    public Assembler at(AtOp operation, Reg xt) {
        return emit("SYS", operation, xt);
    }

    public Assembler tlbi(TlbiOp operation, Reg xt) {
        return emit("SYS", operation, xt);
    }

    public Assembler svc(int imm16) {
        return emit("SVC", imm16);
    }

    public Assembler hvc(int imm16) {
        return emit("HVC", imm16);
    }

    public Assembler smc(int imm16) {
        return emit("SMC", imm16);
    }

    public Assembler brk(int imm16) {
        return emit("BRK", imm16);
    }

    public Assembler eret() {
        return emit("ERET");
    }

    public Assembler isb() {
        return emit("ISB", 15);
    }

    /// A DSB, its option given as CRm: 15 SY, 11 ISH, 10 ISHST, 9 ISHLD, …
    public Assembler dsb(int crm) {
        return emit("DSB", crm);
    }

    /// A DMB, its option given as CRm: 15 SY, 11 ISH, 10 ISHST, 9 ISHLD, …
    public Assembler dmb(int crm) {
        return emit("DMB", crm);
    }

    public Assembler nop() {
        return emit("NOP");
    }

    public Assembler wfi() {
        return emit("WFI");
    }

    public Assembler wfe() {
        return emit("WFE");
    }

    private Assembler addOrSub(String name, Reg rd, Reg rn, Reg rm) {
        if (rd.isStackPointer() || rn.isStackPointer()) {
            return emit(sized(name + "_EXT", rd), rd, rn, rm, rd.isWide() ? UXTX : UXTW, 0);
        }
        return emit(sized(name + "_REG", rd), rd, rn, rm);
    }

    private Assembler addImm(String name, Reg rd, Reg rn, long imm) {
        boolean shifted = imm >= NEAR_LIMIT && imm % NEAR_LIMIT == 0;
        return emit(sized(name, rd), rd, rn, shifted ? imm / NEAR_LIMIT : imm, shifted ? 12 : 0);
    }

    private Assembler memory(String scaled, String unscaled, int scale, Reg rt, Reg base, long offset) {
        boolean fits = offset >= 0 && offset % scale == 0 && offset / scale < NEAR_LIMIT;
        return emit(fits ? scaled + "_IMM" : unscaled, rt, base, offset);
    }

    private static int scale(Reg rt) {
        return switch (rt.kind()) {
            case 'B' -> 1;
            case 'H' -> 2;
            case 'W', 'S' -> 4;
            case 'Q' -> 16;
            default -> 8;
        };
    }

    private static String sized(String name, Reg register) {
        return name + "_" + register.kind();
    }

    /// {@return the names [#emit(String, Object...)] takes, rows and aliases}
    public static List<String> names() {
        return EncodingTable.table().byName().keySet().stream().sorted().toList();
    }
}
