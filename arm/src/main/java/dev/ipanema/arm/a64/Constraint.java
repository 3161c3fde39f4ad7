package dev.ipanema.arm.a64;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A condition on the fields of an encoding that no fixed bit expresses; where it fails, the word is not
/// this encoding.
///
/// Written in the table as `where=`: `FIELD!=N`, `FIELD<=N`, `FIELD<FIELD`, `FIELD==FIELD`, `even(FIELD)`,
/// or one of the names below, joined by commas.
@FunctionalInterface
interface Constraint {
    /// {@return whether the word satisfies it}
    boolean holds(int insn);

    /// {@return the constraint a table writes as `text`, over these fields}
    static Constraint parse(String text, Map<String, Field> fields) {
        Constraint named = named(text, fields);
        if (named != null) {
            return named;
        }
        if (text.startsWith("even(")) {
            Field field = field(fields, text.substring(5, text.length() - 1));
            return insn -> (field.get(insn) & 1) == 0;
        }
        for (String sign : new String[] {"!=", "==", "<=", "<"}) {
            int at = text.indexOf(sign);
            if (at > 0) {
                return comparison(
                        field(fields, text.substring(0, at)), sign, text.substring(at + sign.length()), fields);
            }
        }
        throw new IllegalStateException("Unknown constraint " + text);
    }

    private static @Nullable Constraint named(String text, Map<String, Field> fields) {
        return switch (text) {
            case "bitmask32" -> insn -> BitmaskImmediate.isAllocated(0, insn >>> 10 & 63, 32);
            case "bitmask64" -> insn -> BitmaskImmediate.isAllocated(insn >>> 22 & 1, insn >>> 10 & 63, 64);
            case "sp" -> insn -> (insn & 31) == 31 || (insn >>> 5 & 31) == 31;
            case "notMoveWide32" -> insn -> toStackPointer(insn) || !isMoveWide(insn, 32);
            case "notMoveWide64" -> insn -> toStackPointer(insn) || !isMoveWide(insn, 64);
            case "movz" -> {
                Field imm16 = field(fields, "imm16");
                Field hw = field(fields, "hw");
                yield insn -> imm16.get(insn) != 0 || hw.get(insn) == 0;
            }
            case "lsl" -> {
                Field immr = field(fields, "immr");
                Field imms = field(fields, "imms");
                yield insn -> imms.get(insn) != imms.max() && imms.get(insn) + 1 == immr.get(insn);
            }
            case "systemName" -> insn -> SystemName.of(insn) != null;
            default -> null;
        };
    }

    private static Constraint comparison(Field left, String sign, String right, Map<String, Field> fields) {
        Field other = fields.get(right);
        if (other != null) {
            return switch (sign) {
                case "==" -> insn -> left.get(insn) == other.get(insn);
                case "<" -> insn -> left.get(insn) < other.get(insn);
                case "<=" -> insn -> left.get(insn) <= other.get(insn);
                default -> insn -> left.get(insn) != other.get(insn);
            };
        }
        int number = Integer.parseInt(right);
        return switch (sign) {
            case "==" -> insn -> left.get(insn) == number;
            case "<" -> insn -> left.get(insn) < number;
            case "<=" -> insn -> left.get(insn) <= number;
            default -> insn -> left.get(insn) != number;
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
