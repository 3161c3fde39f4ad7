package dev.ipanema.arm.a64;

/// The constant of MOVI, MVNI, ORR and BIC (vector, immediate): 8 bits abc:defgh, shifted and repeated. Values: the 8
/// bits, then, where there is a choice, the shift; of the 64-bit form the constant itself, each byte 0x00 or 0xff.
/// imm is the constant of 64 bits, complemented for MVNI.
///
/// Source: Arm ARM DDI 0487, shared pseudocode `AdvSIMDExpandImm`.
final class ModifiedImmediate extends Operand {
    /// How the 8 bits become a constant.
    enum Kind {
        /// In each byte.
        BYTES,
        /// In each halfword, shifted by 0 or 8.
        HALFWORDS,
        /// In each word, shifted by 0, 8, 16 or 24.
        WORDS,
        /// In each word, shifted by 8 or 16 with ones shifted in.
        ONES,
        /// Each bit a byte of 64 bits.
        MASK
    }

    private final Kind kind;
    private final boolean inverted;
    private final Field abc;
    private final Field defgh;
    private final Field shift;

    /// @param shift 2 bits for WORDS, 1 for HALFWORDS and ONES, else not looked at
    ModifiedImmediate(Kind kind, boolean inverted, Field abc, Field defgh, Field shift) {
        this.kind = kind;
        this.inverted = inverted;
        this.abc = abc;
        this.defgh = defgh;
        this.shift = shift;
    }

    private int imm8(int insn) {
        return abc.get(insn) << defgh.width() | defgh.get(insn);
    }

    private int amount(int insn) {
        return 8 * (kind == Kind.ONES ? shift.get(insn) + 1 : shift.get(insn));
    }

    private boolean isShifted() {
        return kind != Kind.BYTES && kind != Kind.MASK;
    }

    private long constant(int insn) {
        long bits = imm8(insn);
        return switch (kind) {
            case BYTES -> bits * 0x0101_0101_0101_0101L;
            case HALFWORDS -> (bits << amount(insn)) * 0x0001_0001_0001_0001L;
            case WORDS -> (bits << amount(insn)) * 0x0000_0001_0000_0001L;
            case ONES -> (bits << amount(insn) | (1L << amount(insn)) - 1) * 0x0000_0001_0000_0001L;
            case MASK -> Long.expand(bits, 0x0101_0101_0101_0101L) * 0xff;
        };
    }

    @Override
    int arity() {
        return isShifted() ? 2 : 1;
    }

    @Override
    void values(int insn, long[] out, int at) {
        out[at] = kind == Kind.MASK ? constant(insn) : imm8(insn);
        if (isShifted()) {
            out[at + 1] = amount(insn);
        }
    }

    @Override
    int encode(long[] values, int at) {
        long bits = values[at];
        if (kind == Kind.MASK) {
            bits = Long.compress(bits, 0x0101_0101_0101_0101L);
            if (Long.expand(bits, 0x0101_0101_0101_0101L) * 0xff != values[at]) {
                throw refused("Constant", values[at]);
            }
        }
        int word = abc.put(bits >> defgh.width()) | defgh.put(bits & defgh.max());
        if (!isShifted()) {
            return word;
        }
        long amount = values[at + 1];
        if (amount % 8 != 0) {
            throw refused("Shift", amount);
        }
        return word | shift.put(amount / 8 - (kind == Kind.ONES ? 1 : 0));
    }

    @Override
    void print(int insn, long pc, StringBuilder out) {
        out.append('#');
        hex(kind == Kind.MASK ? constant(insn) : imm8(insn), out);
        if (kind == Kind.ONES) {
            out.append(", msl #").append(amount(insn));
        } else if (isShifted() && amount(insn) != 0) {
            out.append(", lsl #").append(amount(insn));
        }
    }

    @Override
    long imm(int insn) {
        return inverted ? ~constant(insn) : constant(insn);
    }
}
