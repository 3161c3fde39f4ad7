package dev.ipanema.arm.a64;

/// Operands that only preferred forms (aliases) have: they show the fields of the real instruction in
/// another way.
final class AliasOperands {
    private AliasOperands() {}

    /// The constant that MOV loads by MOVZ or MOVN; its value is that constant.
    static final class MoveValue extends Operand {
        private final ImmediateOperands.MoveWide wide;
        private final Field imm16;
        private final Field hw;
        private final boolean inverted;
        private final int width;

        MoveValue(Field imm16, Field hw, boolean inverted, int width) {
            this.imm16 = imm16;
            this.hw = hw;
            this.inverted = inverted;
            this.width = width;
            this.wide = new ImmediateOperands.MoveWide(imm16, hw, kind(inverted, width));
        }

        private static ImmediateOperands.MoveWide.Kind kind(boolean inverted, int width) {
            if (!inverted) {
                return ImmediateOperands.MoveWide.Kind.ZERO;
            }
            return width == Integer.SIZE
                    ? ImmediateOperands.MoveWide.Kind.NOT_32
                    : ImmediateOperands.MoveWide.Kind.NOT_64;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = wide.imm(insn);
        }

        @Override
        int encode(long[] values, int at) {
            long unmasked = inverted ? ~values[at] : values[at];
            long value = width == Integer.SIZE ? unmasked & 0xFFFF_FFFFL : unmasked;
            int shift = value == 0 ? 0 : Long.numberOfTrailingZeros(value) / 16 * 16;
            if (value >>> shift > imm16.max()) {
                throw new AssemblyException("Immediate 0x" + Long.toHexString(values[at]) + " needs more than one MOV");
            }
            return imm16.put(value >>> shift) | hw.put(shift / 16);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append('#');
            hex(wide.imm(insn), out);
        }

        @Override
        long imm(int insn) {
            return wide.imm(insn);
        }
    }

    /// `#lsb, #width` of the bitfield aliases; values lsb and width.
    static final class BitRange extends Operand {
        private final Field immr;
        private final Field imms;
        private final boolean extract;
        private final int registerWidth;

        /// @param extract whether the field is taken from `lsb` (SBFX, UBFX, BFXIL) rather than put there
        BitRange(Field immr, Field imms, boolean extract, int registerWidth) {
            this.immr = immr;
            this.imms = imms;
            this.extract = extract;
            this.registerWidth = registerWidth;
        }

        @Override
        int arity() {
            return 2;
        }

        @Override
        void values(int insn, long[] out, int at) {
            int r = immr.get(insn);
            int s = imms.get(insn);
            out[at] = extract ? r : registerWidth - r;
            out[at + 1] = extract ? s - r + 1 : s + 1;
        }

        @Override
        int encode(long[] values, int at) {
            long lsb = values[at];
            long width = values[at + 1];
            if (lsb < 0 || width < 1 || lsb + width > registerWidth) {
                throw new AssemblyException(
                        "Bits from " + lsb + ", " + width + " wide, do not fit in " + registerWidth + " bits");
            }
            if (extract) {
                return immr.put(lsb) | imms.put(lsb + width - 1);
            }
            return immr.put(registerWidth - lsb & registerWidth - 1) | imms.put(width - 1);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            long[] values = new long[2];
            values(insn, values, 0);
            out.append('#').append(values[0]).append(", #").append(values[1]);
        }
    }

    /// The amount of LSL by an immediate.
    static final class LeftShift extends Operand {
        private final Field immr;
        private final Field imms;

        LeftShift(Field immr, Field imms) {
            this.immr = immr;
            this.imms = imms;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = (long) imms.max() - imms.get(insn);
        }

        @Override
        int encode(long[] values, int at) {
            long amount = values[at];
            if (amount < 0 || amount > imms.max()) {
                throw refused("Shift", amount);
            }
            return immr.put(-amount & immr.max()) | imms.put(imms.max() - amount);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append('#').append(imms.max() - imms.get(insn));
        }
    }

    /// One register that stands in two fields: Rn and Rm of CINC or ROR.
    static final class Twin extends Operand {
        private final Field first;
        private final Field second;
        private final char kind;

        Twin(Field first, Field second, char kind) {
            this.first = first;
            this.second = second;
            this.kind = kind;
        }

        char kind() {
            return kind;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = first.get(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return first.put(values[at]) | second.put(values[at]);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(RegisterOperand.name(kind, first.get(insn), false));
        }
    }

    /// Name and register of a SYS instruction that has a name; its values are those of SYS, key and
    /// register.
    static final class NamedSystem extends Operand {
        private final Operand key;
        private final Field rt;

        NamedSystem(Operand key, Field rt) {
            this.key = key;
            this.rt = rt;
        }

        @Override
        int arity() {
            return 2;
        }

        @Override
        void values(int insn, long[] out, int at) {
            key.values(insn, out, at);
            out[at + 1] = rt.get(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return key.encode(values, at) | rt.put(values[at + 1]);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            SystemName name = SystemName.of(insn);
            if (name == null) {
                throw new IllegalStateException("No name for 0x" + Integer.toHexString(insn));
            }
            out.append(name.text());
            if (name.takesRegister()) {
                out.append(", ").append(RegisterOperand.name('X', rt.get(insn), false));
            }
        }
    }
}
