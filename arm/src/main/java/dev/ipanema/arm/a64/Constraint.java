package dev.ipanema.arm.a64;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A condition on the fields of an encoding that no fixed bit expresses; where it fails, the word is not
/// this encoding.
///
/// Written in the table as `where=`: `FIELD!=N`, `FIELD<=N`, `FIELD>=N`, `FIELD<FIELD`, `FIELD==FIELD`, `even(FIELD)`,
/// or a name, joined by commas: `bitmask32`, `bitmask64` (allocated bitmask immediate), `sp` (Rd or Rn is
/// 31), `notMoveWide32`, `notMoveWide64` (MOV shows the bitmask), `movz` (not zero shifted), `lsl` (UBFM is
/// LSL), `systemName` (the SYS instruction has a name).
final class Constraint {
    private enum Kind {
        NOT_EQUAL("!="),
        EQUAL("=="),
        AT_MOST("<="),
        AT_LEAST(">="),
        LESS("<"),
        EVEN("even("),
        BITMASK_32("bitmask32"),
        BITMASK_64("bitmask64"),
        SP("sp"),
        NOT_MOVE_WIDE_32("notMoveWide32"),
        NOT_MOVE_WIDE_64("notMoveWide64"),
        MOVZ("movz"),
        LSL("lsl"),
        SYSTEM_NAME("systemName");

        private final String sign;

        Kind(String sign) {
            this.sign = sign;
        }
    }

    private static final Kind[] KINDS = Kind.values();
    private static final Field NONE = new Field("", 0, 0);

    private final Kind kind;
    private final Field left;
    private final @Nullable Field right;
    private final int number;

    private Constraint(Kind kind, Field left, @Nullable Field right, int number) {
        this.kind = kind;
        this.left = left;
        this.right = right;
        this.number = number;
    }

    /// {@return the constraint a table writes as `text`, over these fields}
    static Constraint parse(String text, Map<String, Field> fields) {
        for (Kind kind : KINDS) {
            if (text.equals(kind.sign)) {
                return named(kind, fields);
            }
            int at = text.indexOf(kind.sign);
            if (at > 0) {
                String right = text.substring(at + kind.sign.length());
                Field other = fields.get(right);
                Field left = field(fields, text.substring(0, at));
                return new Constraint(kind, left, other, other == null ? Integer.parseInt(right) : 0);
            }
            if (at == 0 && kind == Kind.EVEN) {
                String name = text.substring(kind.sign.length(), text.length() - 1);
                return new Constraint(kind, field(fields, name), null, 0);
            }
        }
        throw new IllegalStateException("Unknown constraint " + text);
    }

    private static Constraint named(Kind kind, Map<String, Field> fields) {
        return switch (kind) {
            case MOVZ -> new Constraint(kind, field(fields, "imm16"), field(fields, "hw"), 0);
            case LSL -> new Constraint(kind, field(fields, "imms"), field(fields, "immr"), 0);
            default -> new Constraint(kind, NONE, null, 0);
        };
    }

    /// {@return whether the word satisfies it}
    boolean holds(int insn) {
        int value = left.get(insn);
        int other = right == null ? number : right.get(insn);
        return switch (kind) {
            case NOT_EQUAL -> value != other;
            case EQUAL -> value == other;
            case AT_MOST -> value <= other;
            case AT_LEAST -> value >= other;
            case LESS -> value < other;
            case EVEN -> (value & 1) == 0;
            case BITMASK_32 -> BitmaskImmediate.isAllocated(0, insn >>> 10 & 63, 32);
            case BITMASK_64 -> BitmaskImmediate.isAllocated(insn >>> 22 & 1, insn >>> 10 & 63, 64);
            case SP -> (insn & 31) == 31 || (insn >>> 5 & 31) == 31;
            case NOT_MOVE_WIDE_32 -> toStackPointer(insn) || !isMoveWide(insn, 32);
            case NOT_MOVE_WIDE_64 -> toStackPointer(insn) || !isMoveWide(insn, 64);
            case MOVZ -> value != 0 || other == 0;
            case LSL -> value != left.max() && value + 1 == other;
            case SYSTEM_NAME -> SystemName.of(insn) != null;
        };
    }

    /// MOVZ and MOVN cannot write SP.
    private static boolean toStackPointer(int insn) {
        return (insn & 31) == 31;
    }

    /// Whether a bitmask immediate is also a MOVZ or MOVN, which MOV prefers (Arm ARM, MoveWidePreferred).
    private static boolean isMoveWide(int insn, int width) {
        long mask = BitmaskImmediate.decode(insn >>> 22 & 1, insn >>> 16 & 63, insn >>> 10 & 63);
        long value = width == 64 ? mask : mask & 0xFFFF_FFFFL;
        long inverse = width == 64 ? ~mask : ~mask & 0xFFFF_FFFFL;
        return isOneHalfword(value, width) || isOneHalfword(inverse, width);
    }

    private static boolean isOneHalfword(long value, int width) {
        for (int shift = 0; shift < width; shift += 16) {
            if ((value & ~(0xFFFFL << shift)) == 0) {
                return true;
            }
        }
        return false;
    }

    private static Field field(Map<String, Field> fields, String name) {
        Field field = fields.get(name);
        if (field == null) {
            throw new IllegalStateException("No field " + name);
        }
        return field;
    }
}
