package dev.ipanema.arm.a64;

/// A named bit field of an encoding: `width` bits from bit `lsb` up.
///
/// @param name the Arm ARM's name
/// @param lsb the lowest bit, 0–31
/// @param width the number of bits, 1–26
public record Field(String name, int lsb, int width) {
    /// {@return the field's unsigned value in a word}
    public int get(int insn) {
        return insn >>> lsb & max();
    }

    /// {@return the field's value in a word, sign-extended}
    int signed(int insn) {
        int unused = Integer.SIZE - width;
        return insn >>> lsb << unused >> unused;
    }

    /// {@return the bits of a word that has `value` in this field}
    int put(long value) {
        if (value < 0 || value > max()) {
            throw new AssemblyException("Value " + value + " does not fit in the " + width + " bits of " + name);
        }
        return (int) value << lsb;
    }

    /// {@return the bits of a word that has the signed `value` in this field}
    int putSigned(long value) {
        long limit = 1L << (width - 1);
        if (value < -limit || value >= limit) {
            throw new AssemblyException("Value " + value + " does not fit in the " + width + " signed bits of " + name);
        }
        return ((int) value & max()) << lsb;
    }

    /// {@return the largest unsigned value}
    int max() {
        return (1 << width) - 1;
    }
}
