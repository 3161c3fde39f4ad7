package dev.ipanema.arm.a64;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One row of the encoding table: a bit pattern, its syntax and its meaning; or an alias, a preferred way
/// to write some words of another row.
public final class Encoding {
    private static final long[] NO_VALUES = {};

    private final RowText text;
    private final String opName;
    private final int op;
    private final int mask;
    private final int value;
    private final boolean constrained;
    private final @Nullable A64Feature feature;
    private final String refines;
    private volatile @Nullable Details details;

    /// What is made of the row's text when it is first needed: most rows of the table are not in most programs.
    private static final class Details {
        private final BitPattern pattern;
        private final Syntax syntax;
        private final Operand[] operands;
        private final Constraint[] constraints;
        private final @Nullable ShapeOperand shape;
        private final long constantWord;
        private final long constantImm;

        Details(RowText text, int op) {
            int access = text.access();
            pattern = BitPattern.parse(text.bits());
            String shapeText = text.attribute("shape", "");
            shape = shapeText.isEmpty() ? null : ShapeOperand.parse(shapeText, pattern.fields());
            syntax = Syntax.parse(
                    text.syntax(), new OperandFactory(text.name(), pattern.fields(), Access.log2Size(access), shape));
            List<Operand> all = syntax.operands();
            if (shape != null) {
                all.addFirst(shape);
            }
            operands = all.toArray(new Operand[0]);
            constraints = text.constraints(pattern).toArray(new Constraint[0]);
            int free = VectorShape.of(0, 0, Integer.parseInt(text.attribute("free", "0")));
            constantWord = PreDecoded.word(op, 0, 0, 0, 0, access | free);
            constantImm = Long.decode(text.attribute("imm", "0"));
        }
    }

    Encoding(RowText text, String opName, int op) {
        this.text = text;
        this.opName = opName;
        this.op = op;
        long fixed = BitPattern.fixed(text.bits());
        this.mask = (int) (fixed >>> Integer.SIZE);
        this.value = (int) fixed;
        this.constrained =
                text.attributes().contains("where=") || text.attributes().contains("shape=");
        String needed = text.attribute("feature", "");
        this.feature = needed.isEmpty() ? null : A64Feature.valueOf(needed);
        this.refines = text.attribute("refines", "");
    }

    private Details details() {
        Details known = details;
        if (known == null) {
            known = new Details(text, op);
            details = known;
        }
        return known;
    }

    /// {@return the row's name, as the assembler takes it: `ADD_IMM_X`, `LDADDAL_W`}
    public String name() {
        return text.name();
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
        return mask;
    }

    /// {@return the values of the fixed bits}
    public int value() {
        return value;
    }

    /// {@return the fields by name, in the order of the pattern}
    public Map<String, Field> fields() {
        return details().pattern.fields();
    }

    /// {@return how many values [#encode(long...)] takes}
    public int arity() {
        int arity = 0;
        for (Operand operand : details().operands) {
            arity += operand.arity();
        }
        return arity;
    }

    /// {@return whether the word has the fixed bits and satisfies the constraints of this row}
    public boolean matches(int insn) {
        if ((insn & mask) != value) {
            return false;
        }
        return !constrained || isAllowed(insn);
    }

    private boolean isAllowed(int insn) {
        Details row = details();
        for (Constraint constraint : row.constraints) {
            if (!constraint.holds(insn)) {
                return false;
            }
        }
        return row.shape == null || !row.shape.isReserved(insn);
    }

    /// {@return the operands' values in a word, left to right as the syntax names them}
    public long[] values(int insn) {
        int arity = arity();
        if (arity == 0) {
            return NO_VALUES;
        }
        long[] values = new long[arity];
        int at = 0;
        for (Operand operand : details().operands) {
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
            throw new AssemblyException(text.name() + " takes " + arity() + " values, got " + values.length);
        }
        int insn = value | details().pattern.shouldBeOne();
        int at = 0;
        for (Operand operand : details().operands) {
            insn |= operand.encode(values, at);
            at += operand.arity();
        }
        if (!matches(insn)) {
            throw new AssemblyException("These operands of " + text.name() + " are reserved");
        }
        return insn;
    }

    /// {@return the word with its ignored bits as they should be}
    public int canonical(int insn) {
        return details().pattern.canonical(insn);
    }

    List<Operand> operands() {
        return List.of(details().operands);
    }

    /// {@return how many of the first values are the row's shape, which the operands of the assembler imply}
    int shapeArity() {
        ShapeOperand shape = details().shape;
        return shape == null ? 0 : shape.arity();
    }

    String refines() {
        return refines;
    }

    /// {@return the word of the pre-decoded form}
    long word(int insn) {
        Details row = details();
        long word = row.constantWord;
        for (Operand operand : row.operands) {
            word |= operand.word(insn);
        }
        return word;
    }

    /// {@return the imm of the pre-decoded form}
    long imm(int insn) {
        Details row = details();
        long imm = row.constantImm;
        for (Operand operand : row.operands) {
            imm |= operand.imm(insn);
        }
        return imm;
    }

    void print(int insn, long pc, StringBuilder out) {
        details().syntax.print(insn, pc, out);
    }

    @Override
    public String toString() {
        return text.name();
    }
}
