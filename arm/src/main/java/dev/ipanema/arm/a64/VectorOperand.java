package dev.ipanema.arm.a64;

/// An operand that names SIMD registers by their arrangement.
abstract class VectorOperand extends Operand {
    /// {@return what a programmer writes for the register in `insn`: [VReg#toString()] or [Reg#toString()]}
    abstract String register(int insn);

    /// {@return the position in the pre-decoded word of the register in a field}
    static int slot(Field field) {
        return switch (field.name()) {
            case "Rd", "Rt" -> PreDecoded.RD_SHIFT;
            case "Rn" -> PreDecoded.RN_SHIFT;
            case "Rm", "Rs" -> PreDecoded.RM_SHIFT;
            default -> PreDecoded.RA_SHIFT;
        };
    }

    @Override
    boolean isDefault(int insn) {
        return false;
    }
}
