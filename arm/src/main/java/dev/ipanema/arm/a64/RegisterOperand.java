package dev.ipanema.arm.a64;

import java.util.Locale;

/// A register in a field of its own.
final class RegisterOperand extends Operand {
    /// What the instruction does with the register.
    enum Use {
        READ,
        WRITTEN,
        /// Both: the source copy goes to `ra`.
        READ_AND_WRITTEN
    }

    private final Field field;
    private final char kind;
    private final boolean stackPointer;
    private final Use use;
    private final int successor;

    /// @param field the register's field, Rd, Rn, Rm, Ra, Rt, Rt2 or Rs
    /// @param kind W or X; B, H, S, D or Q for SIMD; R for the register of TBZ, whose width is its bit number's
    /// @param stackPointer whether number 31 is SP rather than ZR
    /// @param use read, written or both
    /// @param successor 1 for the second register of a pair named by its first, else 0
    RegisterOperand(Field field, char kind, boolean stackPointer, Use use, int successor) {
        this.field = field;
        this.kind = kind;
        this.stackPointer = stackPointer;
        this.use = use;
        this.successor = successor;
    }

    char kind() {
        return kind;
    }

    boolean stackPointer() {
        return stackPointer;
    }

    @Override
    int arity() {
        return 1 - successor;
    }

    @Override
    void values(int insn, long[] out, int at) {
        if (successor == 0) {
            out[at] = field.get(insn);
        }
    }

    @Override
    int encode(long[] values, int at) {
        return successor == 0 ? field.put(values[at]) : 0;
    }

    @Override
    boolean isDefault(int insn) {
        return field.get(insn) == PreDecoded.ZR;
    }

    @Override
    void print(int insn, long pc, StringBuilder out) {
        char shown = kind == 'R' ? (insn < 0 ? 'X' : 'W') : kind;
        out.append(name(shown, field.get(insn) + successor & 31, stackPointer));
    }

    @Override
    long word(int insn) {
        if (successor != 0) {
            return 0;
        }
        int number = field.get(insn);
        long source = (long) (number == 31 && stackPointer ? PreDecoded.SP : number) << PreDecoded.RA_SHIFT;
        long bits = (long) index(number) << slotShift();
        return use == Use.READ_AND_WRITTEN ? bits | source : bits;
    }

    private int index(int number) {
        if (number != 31 || isSimd()) {
            return number;
        }
        if (stackPointer) {
            return PreDecoded.SP;
        }
        return use == Use.READ ? PreDecoded.ZR : PreDecoded.DISCARD;
    }

    private boolean isSimd() {
        return "BHSDQ".indexOf(kind) >= 0;
    }

    private int slotShift() {
        return switch (field.name()) {
            case "Rd", "Rt" -> PreDecoded.RD_SHIFT;
            case "Rn" -> PreDecoded.RN_SHIFT;
            case "Rm", "Rs" -> PreDecoded.RM_SHIFT;
            default -> PreDecoded.RA_SHIFT;
        };
    }

    static String name(char kind, int number, boolean stackPointer) {
        String prefix = String.valueOf(kind).toLowerCase(Locale.ROOT);
        if (number != 31 || "bhsdq".contains(prefix)) {
            return prefix + number;
        }
        if (stackPointer) {
            return kind == 'W' ? "wsp" : "sp";
        }
        return prefix + "zr";
    }
}
