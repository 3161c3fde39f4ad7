package dev.ipanema.arm.a64;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes the operands that the table names between `<` and `>`, bound to the fields of one row.
final class OperandFactory {
    private static final String REGISTER_KINDS = "WXBHSDQR";

    private final String row;
    private final Map<String, Field> fields;
    private final int log2Size;
    private final VectorOperandFactory vectors;

    /// @param row the row's name, for errors
    /// @param log2Size of its access, if it is a load or store
    /// @param shape of the row, if it has one
    OperandFactory(String row, Map<String, Field> fields, int log2Size, @Nullable ShapeOperand shape) {
        this.row = row;
        this.fields = fields;
        this.log2Size = log2Size;
        this.vectors = new VectorOperandFactory(row, fields, shape);
    }

    Operand operand(String name) {
        Operand special = special(name);
        if (special != null) {
            return special;
        }
        Operand vector = vectors.operand(name);
        if (vector != null) {
            return vector;
        }
        return REGISTER_KINDS.indexOf(name.charAt(0)) >= 0 && !fields.containsKey(plainName(name))
                ? register(name)
                : number(name);
    }

    /// A register: kind and field letter, then `+1`, `|SP`, `.r`, `.w`, `.rw` or `=m`.
    private Operand register(String name) {
        int length = name.startsWith("t2", 1) ? 3 : 2;
        String letter = name.substring(1, length);
        String rest = name.substring(length);
        char kind = name.charAt(0);
        Field field = field("R" + letter);
        boolean destination = letter.equals("d") || letter.startsWith("t");
        RegisterOperand.Use plain = destination ? RegisterOperand.Use.WRITTEN : RegisterOperand.Use.READ;
        return switch (rest) {
            case "" -> new RegisterOperand(field, kind, false, plain, 0);
            case "+1" -> new RegisterOperand(field, kind, false, plain, 1);
            case "|SP" -> new RegisterOperand(field, kind, true, plain, 0);
            case ".r" -> new RegisterOperand(field, kind, false, RegisterOperand.Use.READ, 0);
            case ".w" -> new RegisterOperand(field, kind, false, RegisterOperand.Use.WRITTEN, 0);
            case ".rw" -> new RegisterOperand(field, kind, false, RegisterOperand.Use.READ_AND_WRITTEN, 0);
            case "=m" -> new AliasOperands.Twin(field, field("Rm"), kind);
            default -> throw new IllegalStateException("Unknown operand " + name + " in " + row);
        };
    }

    /// A number in a field: `s` when signed, the field, `*SCALE`, `:x` when shown in hexadecimal.
    private Operand number(String name) {
        boolean hex = name.endsWith(":x");
        String field = plainName(name);
        boolean signed = !fields.containsKey(field) && field.startsWith("s");
        int star = name.indexOf('*');
        int scale = star < 0 ? 1 : Integer.parseInt(name, star + 1, hex ? name.length() - 2 : name.length(), 10);
        return new ImmediateOperand(field(signed ? field.substring(1) : field), signed, scale, hex);
    }

    private static String plainName(String name) {
        int end = name.indexOf('*');
        if (end < 0) {
            end = name.indexOf(':');
        }
        return end < 0 ? name : name.substring(0, end);
    }

    private @Nullable Operand special(String name) {
        return switch (name) {
            case "aimm" -> new ImmediateOperands.Add(field("imm12"), field("sh"));
            case "bimm32" -> new ImmediateOperands.Bitmask(32);
            case "bimm64" -> new ImmediateOperands.Bitmask(64);
            case "movz" -> moveWide(ImmediateOperands.MoveWide.Kind.ZERO);
            case "movn32" -> moveWide(ImmediateOperands.MoveWide.Kind.NOT_32);
            case "movn64" -> moveWide(ImmediateOperands.MoveWide.Kind.NOT_64);
            case "movk" -> moveWide(ImmediateOperands.MoveWide.Kind.KEEP);
            case "shifts32" -> bitfield(32, false);
            case "shifts64" -> bitfield(64, false);
            case "insert32" -> bitfield(32, true);
            case "insert64" -> bitfield(64, true);
            case "shift" -> new RegisterOperands.Shift(field("shift"), field("amount"));
            case "extmW" -> extended(false);
            case "extmX" -> extended(true);
            case "cond" -> new RegisterOperands.Cond(field("cond"), false);
            case "nzcv" -> new RegisterOperands.Aux(field("nzcv"), 4, true);
            case "mask" -> new RegisterOperands.Aux(field("mask"), 0, false);
            case "index" -> index(false);
            case "indexX" -> index(true);
            default -> addressOrSystem(name);
        };
    }

    private @Nullable Operand addressOrSystem(String name) {
        return switch (name) {
            case "label26" -> new AddressOperands.Label(field("imm26"));
            case "label19" -> new AddressOperands.Label(field("imm19"));
            case "label14" -> new AddressOperands.Label(field("imm14"));
            case "adr" -> new AddressOperands.Adr(field("immhi"), field("immlo"), false);
            case "adrp" -> new AddressOperands.Adr(field("immhi"), field("immlo"), true);
            case "bit" -> new AddressOperands.Bit(field("b5"), field("b40"));
            case "pacoffset" -> new AddressOperands.SplitOffset(field("S"), field("imm9"));
            case "prfop" -> new AddressOperands.Prefetch(field("Rt"));
            case "sysreg" -> key(field("o0"));
            case "sysop" -> key(null);
            case "barrier" -> new SystemOperands.Barrier(field("CRm"), false);
            case "isb" -> new SystemOperands.Barrier(field("CRm"), true);
            case "nxs" -> new SystemOperands.BarrierNxs(field("imm2"));
            default -> alias(name);
        };
    }

    private @Nullable Operand alias(String name) {
        return switch (name) {
            case "moveZ32" -> new AliasOperands.MoveValue(field("imm16"), field("hw"), false, 32);
            case "moveZ64" -> new AliasOperands.MoveValue(field("imm16"), field("hw"), false, 64);
            case "moveN32" -> new AliasOperands.MoveValue(field("imm16"), field("hw"), true, 32);
            case "moveN64" -> new AliasOperands.MoveValue(field("imm16"), field("hw"), true, 64);
            case "extract32" -> range(32, true);
            case "extract64" -> range(64, true);
            case "put32" -> range(32, false);
            case "put64" -> range(64, false);
            case "lsl" -> new AliasOperands.LeftShift(field("immr"), field("imms"));
            case "invcond" -> new RegisterOperands.Cond(field("cond"), true);
            case "system" -> new AliasOperands.NamedSystem(key(null), field("Rt"));
            default -> null;
        };
    }

    private Operand moveWide(ImmediateOperands.MoveWide.Kind kind) {
        return new ImmediateOperands.MoveWide(field("imm16"), field("hw"), kind);
    }

    private Operand bitfield(int width, boolean insert) {
        return new ImmediateOperands.Bitfield(field("immr"), field("imms"), width, insert);
    }

    private Operand range(int width, boolean extract) {
        return new AliasOperands.BitRange(field("immr"), field("imms"), extract, width);
    }

    private Operand extended(boolean wide) {
        return new RegisterOperands.Extended(field("Rm"), field("option"), field("imm3"), wide);
    }

    private Operand index(boolean wide) {
        return new RegisterOperands.Index(field("option"), field("S"), wide, log2Size);
    }

    private Operand key(@Nullable Field o0) {
        return new SystemOperands.Key(o0, field("op1"), field("CRn"), field("CRm"), field("op2"));
    }

    private Field field(String name) {
        Field field = fields.get(name);
        if (field == null) {
            throw new IllegalStateException("No field " + name + " in " + row);
        }
        return field;
    }
}
