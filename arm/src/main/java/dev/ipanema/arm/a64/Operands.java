package dev.ipanema.arm.a64;

import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TlbiOp;
import org.jspecify.annotations.Nullable;

/// The operands a programmer gave for a row, turned into the row's values and checked for kind and width.
final class Operands {
    private final Encoding row;
    private final long[] values;
    private @Nullable Label label;
    private int labelPosition;
    private boolean page;

    Operands(Encoding row, Object... given) {
        this.row = row;
        this.values = new long[row.arity()];
        if (given.length != values.length) {
            throw new AssemblyException(row + " takes " + values.length + " operands, got " + given.length);
        }
        int at = 0;
        for (Operand operand : row.operands()) {
            for (int i = 0; i < operand.arity(); i++) {
                values[at + i] = value(operand, given[at + i], at + i);
            }
            at += operand.arity();
        }
    }

    long[] values() {
        return values;
    }

    @Nullable
    Label label() {
        return label;
    }

    int labelPosition() {
        return labelPosition;
    }

    /// {@return whether the label's page is meant (ADRP)}
    boolean page() {
        return page;
    }

    private long value(Operand operand, Object given, int position) {
        return switch (given) {
            case Reg register -> register(operand, register);
            case Integer number -> number;
            case Long number -> number;
            case SysReg register -> register.encoding();
            case CacheOp operation -> operation.encoding();
            case AtOp operation -> operation.encoding();
            case TlbiOp operation -> operation.encoding();
            case Label target -> label(operand, target, position);
            default -> throw new AssemblyException(row + " cannot take " + given);
        };
    }

    private long label(Operand operand, Label target, int position) {
        boolean isAdr = operand instanceof AddressOperands.Adr;
        if (!isAdr && !(operand instanceof AddressOperands.Label)) {
            throw new AssemblyException(row + " cannot take label " + target);
        }
        label = target;
        labelPosition = position;
        page = operand instanceof AddressOperands.Adr adr && adr.page();
        return 0;
    }

    private long register(Operand operand, Reg register) {
        boolean fits = switch (operand) {
            case RegisterOperand wanted -> accepts(wanted, register);
            case AliasOperands.Twin twin -> twin.kind() == register.kind() && !register.isStackPointer();
            case RegisterOperands.Extended _ -> !register.isStackPointer();
            case AliasOperands.NamedSystem _ -> register.isWide() && !register.isStackPointer();
            default -> false;
        };
        if (!fits) {
            throw new AssemblyException(row + " cannot take register " + register + " there");
        }
        return register.number();
    }

    private static boolean accepts(RegisterOperand wanted, Reg register) {
        boolean width = wanted.kind() == register.kind()
                || (wanted.kind() == 'R' && (register.kind() == 'X' || register.kind() == 'W'));
        boolean is31 = register.number() == PreDecoded.ZR && (register.kind() == 'X' || register.kind() == 'W');
        return width && (!is31 || wanted.stackPointer() == register.isStackPointer());
    }
}
