package dev.ipanema.differential;

import dev.ipanema.arm.a64.Decoder;
import dev.ipanema.arm.a64.Disassembler;
import dev.ipanema.arm.a64.Encoding;
import dev.ipanema.arm.a64.EncodingTable;
import dev.ipanema.arm.a64.Field;
import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.register.SysReg;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A sequence in the making. Registers that an instruction takes an address from are set in the first state, so no
/// instruction before it may write them.
final class Draft {
    private static final int ATTEMPTS = 60;

    /// The longest access, and the step by which the exclusives and atomics are aligned.
    private static final int MAX_ACCESS = 64;

    private static final int ALIGNMENT = 16;
    private static final SysReg[] EL0_REGISTERS = {SysReg.NZCV, SysReg.FPCR, SysReg.FPSR};
    private static final String[] REGISTER_FIELDS = {"Rd", "Rn", "Rm", "Ra", "Rt", "Rt2", "Rs"};

    private final RandomGenerator random;
    private final State state;
    private final long[] literals = new long[Layout.LITERAL_BYTES / 8];
    private final List<Integer> words = new ArrayList<>();
    private final List<String> rows = new ArrayList<>();

    /// Words with a branch, whose displacement waits for the length of the sequence.
    private final List<Branch> branches = new ArrayList<>();

    /// Registers with a value that an instruction needs, and registers that an instruction may have written.
    private final BitSet pinned = new BitSet();

    private final BitSet written = new BitSet();

    /// Whether there is an exclusive access: another one, of another size or to another place, would be CONSTRAINED
    /// UNPREDICTABLE.
    private boolean exclusive;

    private record Branch(int at, @Nullable Field displacement, int register) {}

    Draft(RandomGenerator random, Values values) {
        this.random = random;
        this.state = values.state();
        for (int i = 0; i < literals.length; i++) {
            literals[i] = random.nextBoolean() ? values.general() : values.lanes(32);
        }
    }

    /// Adds an instruction of a row.
    ///
    /// @return false when none was found that can follow what is there
    boolean add(Encoding row) {
        if (isExclusive(row) && exclusive) {
            return false;
        }
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int word = word(row);
            if (Decoder.all().find(word) == row && prepare(row, word)) {
                append(row, word);
                return true;
            }
        }
        return false;
    }

    /// Adds a load exclusive and a store exclusive to the same place.
    boolean addExclusivePair(Encoding load, Encoding store) {
        if (exclusive) {
            return false;
        }
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int first = word(load);
            Field base = field(load, "Rn");
            int n = base.get(first);
            int second = Relocation.with(word(store), base, n);
            MemoryOperand operand = MemoryOperand.of(Disassembler.disassemble(second, 0));
            boolean kept = operand != null && field(load, "Rt").get(first) != n;
            Field rt2 = load.fields().get("Rt2");
            kept &= rt2 == null || rt2.get(first) != n;
            if (kept && load.matches(first) && predictable(store, second, operand) && prepare(load, first)) {
                append(load, first);
                append(store, second);
                return true;
            }
        }
        return false;
    }

    private void append(Encoding row, int word) {
        words.add(word);
        rows.add(row.name());
        exclusive |= isExclusive(row);
        MemoryOperand operand = memory(row, word);
        for (String name : new String[] {"Rd", "Rt", "Rt2", "Rs"}) {
            Field field = row.fields().get(name);
            if (field != null) {
                written.set(field.get(word));
                written.set(field.get(word) + 1);
            }
        }
        if (operand != null && operand.writesBack()) {
            written.set(operand.base());
        }
        if (row.op() == Op.BL || row.op() == Op.BLR) {
            written.set(30);
        }
    }

    private int word(Encoding row) {
        if (row.op() == Op.MRS || row.op() == Op.MSR) {
            long key = EL0_REGISTERS[random.nextInt(EL0_REGISTERS.length)].encoding();
            long rt = random.nextInt(32);
            return row.op() == Op.MRS ? row.encode(rt, key) : row.encode(key, rt);
        }
        int word = row.canonical(random.nextInt());
        if (random.nextInt(4) == 0) {
            Field from = row.fields().get(REGISTER_FIELDS[random.nextInt(REGISTER_FIELDS.length)]);
            Field to = row.fields().get(REGISTER_FIELDS[random.nextInt(REGISTER_FIELDS.length)]);
            if (from != null && to != null && to.width() == from.width()) {
                word = Relocation.with(word, to, from.get(word));
            }
        }
        if (isLiteral(row)) {
            word = literal(row, word);
        }
        return word;
    }

    private static Field field(Encoding row, String name) {
        Field field = row.fields().get(name);
        if (field == null) {
            throw new IllegalStateException(row + " has no field " + name);
        }
        return field;
    }

    private static boolean isExclusive(Encoding row) {
        return row.op() == Op.LDXR || row.op() == Op.LDXP || row.op() == Op.STXR || row.op() == Op.STXP;
    }

    private static boolean isBranch(Encoding row) {
        return row.op() >= Op.FIRST_BRANCH && row.op() <= Op.LAST_BRANCH;
    }

    private static boolean isLiteral(Encoding row) {
        return row.fields().containsKey("imm19") && !isBranch(row);
    }

    /// The displacement is filled in by [#sequence()]; until then it is the index of a literal, in words.
    private int literal(Encoding row, int word) {
        return Relocation.with(word, field(row, "imm19"), random.nextInt(Layout.LITERAL_BYTES / 4 - 3));
    }

    private static @Nullable MemoryOperand memory(Encoding row, int word) {
        return isLiteral(row) || isBranch(row) ? null : MemoryOperand.of(Disassembler.disassemble(word, 0));
    }

    private boolean prepare(Encoding row, int word) {
        if (isBranch(row)) {
            return prepareBranch(row, word);
        }
        if (row.op() == Op.MSR) {
            return prepareWrite(row, word);
        }
        MemoryOperand operand = memory(row, word);
        if (operand == null) {
            return true;
        }
        if (!predictable(row, word, operand) || !isFree(operand.base())) {
            return false;
        }
        long index = 0;
        if (operand.index() != MemoryOperand.NONE && operand.index() != 31) {
            if (operand.index() == operand.base() || !isFree(operand.index())) {
                return false;
            }
            index = indexValue(operand);
            pin(operand.index(), index);
        }
        boolean aligned = row.op() >= Op.FIRST_EXCLUSIVE && row.op() <= Op.LAST_ATOMIC;
        int offset = random.nextInt(Layout.WINDOW_BYTES - MAX_ACCESS);
        long target = Layout.WINDOW + (aligned ? offset & -ALIGNMENT : offset);
        pin(operand.base(), target - operand.displacement(index));
        return true;
    }

    /// The registers get values without the bits that only processors with AArch32 have.
    private boolean prepareWrite(Encoding row, int word) {
        int rt = field(row, "Rt").get(word);
        if (rt == 31) {
            return true;
        }
        if (!isFree(rt)) {
            return false;
        }
        long key = row.values(word)[0];
        long bits = key == SysReg.FPCR.encoding()
                ? Values.FPCR_BITS
                : key == SysReg.FPSR.encoding() ? Values.FPSR_BITS : -1;
        pin(rt, random.nextLong() & bits);
        return true;
    }

    private long indexValue(MemoryOperand operand) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(-64, 64);
            case 1 -> random.nextInt();
            case 2 -> operand.indexBits() == 32 ? random.nextLong() : random.nextInt(4096);
            default -> random.nextLong();
        };
    }

    private boolean isFree(int register) {
        return !pinned.get(register) && !written.get(register);
    }

    private void pin(int register, long value) {
        pinned.set(register);
        if (register == MemoryOperand.SP) {
            state.sp = value;
        } else {
            state.x[register] = value;
        }
    }

    /// Leaves out what the architecture calls CONSTRAINED UNPREDICTABLE: a base that is written back and transferred, a
    /// pair loaded into one register, a status register that is something else too.
    private static boolean predictable(Encoding row, int word, MemoryOperand operand) {
        Field rt = row.fields().get("Rt");
        Field rt2 = row.fields().get("Rt2");
        Field rs = row.fields().get("Rs");
        boolean general = !Disassembler.disassemble(word, 0).matches("\\S+ (\\{|[bhsdq]\\d).*");
        if (rt != null && general && operand.writesBack() && rt.get(word) == operand.base()) {
            return false;
        }
        if (rt2 != null) {
            boolean same = rt != null && rt.get(word) == rt2.get(word);
            if (same || (general && operand.writesBack() && rt2.get(word) == operand.base())) {
                return false;
            }
        }
        if (rs != null && (row.op() == Op.STXR || row.op() == Op.STXP)) {
            int status = rs.get(word);
            boolean clash = status == operand.base()
                    || (rt != null && status == rt.get(word))
                    || (rt2 != null && status == rt2.get(word));
            return !clash;
        }
        return true;
    }

    private boolean prepareBranch(Encoding row, int word) {
        for (String name : new String[] {"imm26", "imm19", "imm14"}) {
            Field displacement = row.fields().get(name);
            if (displacement != null) {
                branches.add(new Branch(words.size(), displacement, 0));
                return true;
            }
        }
        int register = field(row, "Rn").get(word);
        if (register == 31 || !isFree(register)) {
            return false;
        }
        pin(register, 0);
        branches.add(new Branch(words.size(), null, register));
        return true;
    }

    /// {@return the sequence, its branches going forward to an instruction or to the end}
    ///
    /// The displacement of a literal depends on the place in the slot, which is the same in every slot.
    Sequence sequence() {
        int[] code = words.stream().mapToInt(Integer::intValue).toArray();
        int first = Layout.TAIL_WORD - code.length;
        List<Sequence.RegisterTarget> registerTargets = new ArrayList<>();
        for (Branch branch : branches) {
            int target = branch.at + 1 + random.nextInt(code.length - branch.at);
            if (branch.displacement == null) {
                registerTargets.add(new Sequence.RegisterTarget(branch.register, target));
            } else {
                code[branch.at] = Relocation.with(code[branch.at], branch.displacement, target - branch.at);
            }
        }
        for (int i = 0; i < code.length; i++) {
            Encoding row = EncodingTable.table().row(rows.get(i));
            if (isLiteral(row)) {
                Field field = field(row, "imm19");
                int target = Layout.LITERALS / 4 + field.get(code[i]);
                code[i] = Relocation.with(code[i], field, target - (first + i));
            }
        }
        return new Sequence(List.copyOf(rows), code, literals, registerTargets, state);
    }
}
