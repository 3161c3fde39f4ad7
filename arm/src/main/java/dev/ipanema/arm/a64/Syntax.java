package dev.ipanema.arm.a64;

import java.util.ArrayList;
import java.util.List;

/// The text of an instruction: literals, operands, and parts left out when all their operands have their
/// default.
///
/// Written in the table as `ldr <Xt>, [<Xn|SP>{, #<imm12*8>}]`: operands in `<>`, optional parts in `{}`.
final class Syntax {
    /// A piece of text, an operand, or an optional part; no pattern switch over the kinds, for the start-up time.
    private interface Piece {
        void print(int insn, long pc, StringBuilder out);

        default void collect(List<Operand> operands) {}
    }

    private record Text(String text) implements Piece {
        @Override
        public void print(int insn, long pc, StringBuilder out) {
            out.append(text);
        }
    }

    private record Value(Operand operand) implements Piece {
        @Override
        public void print(int insn, long pc, StringBuilder out) {
            operand.print(insn, pc, out);
        }

        @Override
        public void collect(List<Operand> operands) {
            operands.add(operand);
        }
    }

    private record Optional(Syntax inner) implements Piece {
        @Override
        public void print(int insn, long pc, StringBuilder out) {
            if (!inner.allDefault(insn)) {
                inner.print(insn, pc, out);
            }
        }

        @Override
        public void collect(List<Operand> operands) {
            operands.addAll(inner.operands());
        }
    }

    private final List<Piece> pieces = new ArrayList<>();

    /// {@return the syntax written as `template`}
    ///
    /// @param operands makes the operand of a name between `<` and `>`
    static Syntax parse(String template, OperandFactory operands) {
        Syntax syntax = new Syntax();
        int at = 0;
        while (at < template.length()) {
            char c = template.charAt(at);
            if (c == '<') {
                int end = template.indexOf('>', at);
                syntax.pieces.add(new Value(operands.operand(template.substring(at + 1, end))));
                at = end + 1;
            } else if (c == '{') {
                int end = template.indexOf('}', at);
                syntax.pieces.add(new Optional(parse(template.substring(at + 1, end), operands)));
                at = end + 1;
            } else {
                int end = at;
                while (end < template.length() && template.charAt(end) != '<' && template.charAt(end) != '{') {
                    end++;
                }
                syntax.pieces.add(new Text(template.substring(at, end)));
                at = end;
            }
        }
        return syntax;
    }

    /// {@return the operands from left to right, those of optional parts too}
    List<Operand> operands() {
        List<Operand> operands = new ArrayList<>();
        for (Piece piece : pieces) {
            piece.collect(operands);
        }
        return operands;
    }

    void print(int insn, long pc, StringBuilder out) {
        for (Piece piece : pieces) {
            piece.print(insn, pc, out);
        }
    }

    private boolean allDefault(int insn) {
        for (Operand operand : operands()) {
            if (!operand.isDefault(insn)) {
                return false;
            }
        }
        return true;
    }
}
