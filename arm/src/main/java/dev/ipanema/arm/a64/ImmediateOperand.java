package dev.ipanema.arm.a64;

/// A plain number in one field, signed or not, in units of `scale`.
final class ImmediateOperand extends Operand {
    private final Field field;
    private final boolean signed;
    private final int scale;
    private final boolean hex;

    ImmediateOperand(Field field, boolean signed, int scale, boolean hex) {
        this.field = field;
        this.signed = signed;
        this.scale = scale;
        this.hex = hex;
    }

    @Override
    void values(int insn, long[] out, int at) {
        out[at] = imm(insn);
    }

    @Override
    int encode(long[] values, int at) {
        long value = values[at];
        if (value % scale != 0) {
            throw new AssemblyException("Immediate " + value + " is not a multiple of " + scale);
        }
        return signed ? field.putSigned(value / scale) : field.put(value / scale);
    }

    @Override
    void print(int insn, long pc, StringBuilder out) {
        if (hex) {
            hex(imm(insn), out);
        } else {
            out.append(imm(insn));
        }
    }

    @Override
    long imm(int insn) {
        return (long) (signed ? field.signed(insn) : field.get(insn)) * scale;
    }
}
