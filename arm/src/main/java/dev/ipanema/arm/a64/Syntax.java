package dev.ipanema.arm.a64;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// The text of an instruction: literals, operands, and parts left out when all their operands have their
/// default.
///
/// Written in the table as `ldr <Xt>, [<Xn|SP>{, #<imm12*8>}]`: operands in `<>`, optional parts in `{}`.
final class Syntax {
    /// A piece of text, an operand, or an optional part: exactly one of the three is there.
    private sealed interface Piece {}

    private record Text(String text) implements Piece {}

    private record Value(Operand operand) implements Piece {}

    private record Optional(Syntax inner) implements Piece {}

    private final List<Piece> pieces = new ArrayList<>();

    /// {@return the syntax written as `template`}
    ///
    /// @param operand makes the operand of a name between `<` and `>`
    static Syntax parse(String template, Function<String, Operand> operand) {
        Syntax syntax = new Syntax();
        int at = 0;
        while (at < template.length()) {
            char c = template.charAt(at);
            if (c == '<') {
                int end = template.indexOf('>', at);
                syntax.pieces.add(new Value(operand.apply(template.substring(at + 1, end))));
                at = end + 1;
            } else if (c == '{') {
                int end = template.indexOf('}', at);
                syntax.pieces.add(new Optional(parse(template.substring(at + 1, end), operand)));
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
            switch (piece) {
                case Text _ -> {}
                case Value value -> operands.add(value.operand());
                case Optional optional -> operands.addAll(optional.inner().operands());
            }
        }
        return operands;
    }

    void print(int insn, long pc, StringBuilder out) {
        for (Piece piece : pieces) {
            switch (piece) {
                case Text text -> out.append(text.text());
                case Value value -> value.operand().print(insn, pc, out);
                case Optional optional -> {
                    if (!optional.inner().allDefault(insn)) {
                        optional.inner().print(insn, pc, out);
                    }
                }
            }
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
