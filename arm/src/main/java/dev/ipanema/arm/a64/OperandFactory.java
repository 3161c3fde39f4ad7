package dev.ipanema.arm.a64;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Makes the operands that the table names between `<` and `>`, bound to the fields of one row.
final class OperandFactory {
    private static final Pattern REGISTER =
            Pattern.compile("([WXBHSDQR])([dnmats]|t2)(\\+1)?(\\|SP)?(?:\\.(r|w|rw))?(=m)?");
    private static final Pattern NUMBER = Pattern.compile("(s?)([A-Za-z]\\w*)(?:\\*(\\d+))?(:x)?");

    private final String row;
    private final Map<String, Field> fields;
    private final int log2Size;

    /// @param row the row's name, for errors
    /// @param log2Size of its access, if it is a load or store
    OperandFactory(String row, Map<String, Field> fields, int log2Size) {
        this.row = row;
        this.fields = fields;
        this.log2Size = log2Size;
    }

    Operand operand(String name) {
        Matcher register = REGISTER.matcher(name);
        if (register.matches()) {
            return register(register);
        }
        Operand special = special(name);
        return special == null ? number(name) : special;
    }

    private Operand register(Matcher name) {
        char kind = name.group(1).charAt(0);
        Field field = field("R" + name.group(2));
        if (name.group(6) != null) {
            return new AliasOperands.Twin(field, field("Rm"), kind);
        }
        String use = name.group(5);
        RegisterOperand.Use how = switch (use == null ? "" : use) {
            case "rw" -> RegisterOperand.Use.READ_AND_WRITTEN;
            case "w" -> RegisterOperand.Use.WRITTEN;
            case "r" -> RegisterOperand.Use.READ;
            default -> "d t t2".contains(name.group(2)) ? RegisterOperand.Use.WRITTEN : RegisterOperand.Use.READ;
        };
        int successor = name.group(3) == null ? 0 : 1;
        return new RegisterOperand(field, kind, name.group(4) != null, how, successor);
    }

    private Operand number(String name) {
        Matcher number = NUMBER.matcher(name);
        if (!number.matches()) {
            throw new IllegalStateException("Unknown operand " + name + " in " + row);
        }
        boolean signed = !number.group(1).isEmpty();
        int scale = number.group(3) == null ? 1 : Integer.parseInt(number.group(3));
        return new ImmediateOperand(field(number.group(2)), signed, scale, number.group(4) != null);
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
