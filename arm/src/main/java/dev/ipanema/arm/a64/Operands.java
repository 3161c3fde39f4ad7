package dev.ipanema.arm.a64;

import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TlbiOp;
import java.util.List;
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
        int hidden = row.shapeArity();
        if (given.length != values.length - hidden) {
            throw new AssemblyException(row + " takes " + (values.length - hidden) + " operands, got " + given.length);
        }
        int at = 0;
        for (Operand operand : row.operands()) {
            if (!(operand instanceof ShapeOperand)) {
                for (int i = 0; i < operand.arity(); i++) {
                    values[at + i] = value(operand, given[at + i - hidden], at + i);
                }
            }
            at += operand.arity();
        }
        if (namesVectors()) {
            findShape(given);
        }
    }

    private boolean namesVectors() {
        for (Operand operand : row.operands()) {
            if (operand instanceof VectorOperand) {
                return true;
            }
        }
        return false;
    }

    /// Finds the shape with which every SIMD register is written as given.
    private void findShape(Object... given) {
        int hidden = row.shapeArity();
        for (int shape = 0; shape < 1 << (2 * hidden); shape++) {
            for (int i = 0; i < hidden; i++) {
                values[i] = (long) shape >>> (2 * i) & 3;
            }
            if (fits(given)) {
                return;
            }
        }
        throw new AssemblyException(row + " cannot take " + List.of(given));
    }

    private boolean fits(Object... given) {
        int insn;
        try {
            insn = row.encode(values);
        } catch (AssemblyException _) {
            return false;
        }
        int at = -row.shapeArity();
        for (Operand operand : row.operands()) {
            if (operand instanceof VectorOperand vector
                    && !vector.register(insn).equals(given[at].toString())) {
                return false;
            }
            at += operand.arity();
        }
        return true;
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
            case Reg register when operand instanceof VectorOperand -> register.number();
            case VReg register when operand instanceof VectorOperand -> register.number();
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
