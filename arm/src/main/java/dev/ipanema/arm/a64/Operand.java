package dev.ipanema.arm.a64;

/// One operand of an encoding, bound to the fields it is made of: the single place that knows how its bits
/// decode, print and encode. An operand takes [#arity()] values, the numbers a programmer writes (register
/// number, byte offset, …).
abstract class Operand {
    /// {@return how many values the operand takes}
    int arity() {
        return 1;
    }

    /// Writes the operand's values in `insn` to `out[at]` and up.
    abstract void values(int insn, long[] out, int at);

    /// {@return the bits of a word for the values from `values[at]` up}
    ///
    /// @throws AssemblyException a value is out of range
    abstract int encode(long[] values, int at);

    /// Appends the operand as GNU objdump prints it.
    ///
    /// @param pc the instruction's address
    abstract void print(int insn, long pc, StringBuilder out);

    /// {@return what the operand adds to the word of the pre-decoded form}
    long word(int insn) {
        return 0;
    }

    /// {@return what the operand adds to the imm of the pre-decoded form}
    long imm(int insn) {
        return 0;
    }

    /// {@return whether the operand may be left out where the syntax says so}
    boolean isDefault(int insn) {
        long[] values = new long[arity()];
        values(insn, values, 0);
        for (long value : values) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    static void hex(long value, StringBuilder out) {
        out.append("0x").append(Long.toHexString(value));
    }

    static AssemblyException refused(String what, long value) {
        return new AssemblyException(what + " " + value + " cannot be encoded");
    }
}
