package dev.ipanema.arm.a64;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One row of the encoding table: a bit pattern, its syntax and its meaning; or an alias, a preferred way
/// to write some words of another row.
public final class Encoding {
    private static final long[] NO_VALUES = {};

    private final String name;
    private final String opName;
    private final int op;
    private final BitPattern pattern;
    private final Syntax syntax;
    private final Operand[] operands;
    private final Constraint[] constraints;
    private final @Nullable A64Feature feature;
    private final String refines;
    private final long constantWord;
    private final long constantImm;

    Encoding(
            String name,
            String opName,
            int op,
            BitPattern pattern,
            Syntax syntax,
            List<Constraint> constraints,
            @Nullable A64Feature feature,
            String refines,
            int access,
            long constantImm) {
        this.name = name;
        this.opName = opName;
        this.op = op;
        this.pattern = pattern;
        this.syntax = syntax;
        this.operands = syntax.operands().toArray(new Operand[0]);
        this.constraints = constraints.toArray(new Constraint[0]);
        this.feature = feature;
        this.refines = refines;
        this.constantWord = PreDecoded.word(op, 0, 0, 0, 0, access);
        this.constantImm = constantImm;
    }

    /// {@return the row's name, as the assembler takes it: `ADD_IMM_X`, `LDADDAL_W`}
    public String name() {
        return name;
    }

    /// {@return the [Op] it decodes to}
    public int op() {
        return op;
    }

    /// {@return the name of [#op()]}
    public String opName() {
        return opName;
    }

    /// {@return the feature it needs, or null}
    public @Nullable A64Feature feature() {
        return feature;
    }

    /// {@return the bits that are fixed}
    public int mask() {
        return pattern.mask();
    }

    /// {@return the values of the fixed bits}
    public int value() {
        return pattern.value();
    }

    /// {@return the fields by name, in the order of the pattern}
    public Map<String, Field> fields() {
        return pattern.fields();
    }

    /// {@return how many values [#encode(long...)] takes}
    public int arity() {
        int arity = 0;
        for (Operand operand : operands) {
            arity += operand.arity();
        }
        return arity;
    }

    /// {@return whether the word has the fixed bits and satisfies the constraints of this row}
    public boolean matches(int insn) {
        if ((insn & pattern.mask()) != pattern.value()) {
            return false;
        }
        for (Constraint constraint : constraints) {
            if (!constraint.holds(insn)) {
                return false;
            }
        }
        return true;
    }

    /// {@return the operands' values in a word, left to right as the syntax names them}
    public long[] values(int insn) {
        int arity = arity();
        if (arity == 0) {
            return NO_VALUES;
        }
        long[] values = new long[arity];
        int at = 0;
        for (Operand operand : operands) {
            operand.values(insn, values, at);
            at += operand.arity();
        }
        return values;
    }

    /// {@return the word with these operand values, left to right as the syntax names them}
    ///
    /// @throws AssemblyException a value is out of range or the combination is reserved
    public int encode(long... values) {
        if (values.length != arity()) {
            throw new AssemblyException(name + " takes " + arity() + " values, got " + values.length);
        }
        int insn = pattern.value() | pattern.shouldBeOne();
        int at = 0;
        for (Operand operand : operands) {
            insn |= operand.encode(values, at);
            at += operand.arity();
        }
        if (!matches(insn)) {
            throw new AssemblyException("These operands of " + name + " are reserved");
        }
        return insn;
    }

    /// {@return the word with its ignored bits as they should be}
    public int canonical(int insn) {
        return pattern.canonical(insn);
    }

    List<Operand> operands() {
        return List.of(operands);
    }

    String refines() {
        return refines;
    }

    /// {@return the word of the pre-decoded form}
    long word(int insn) {
        long word = constantWord;
        for (Operand operand : operands) {
            word |= operand.word(insn);
        }
        return word;
    }

    /// {@return the imm of the pre-decoded form}
    long imm(int insn) {
        long imm = constantImm;
        for (Operand operand : operands) {
            imm |= operand.imm(insn);
        }
        return imm;
    }

    void print(int insn, long pc, StringBuilder out) {
        syntax.print(insn, pc, out);
    }

    @Override
    public String toString() {
        return name;
    }
}
