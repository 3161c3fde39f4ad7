package dev.ipanema.arm.a64;

import java.util.List;

/// What follows a register of data processing and of an address: shifts, extensions, conditions.
final class RegisterOperands {
    private static final List<String> SHIFTS = List.of("lsl", "lsr", "asr", "ror");
    private static final List<String> EXTENDS = List.of("uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx");
    private static final int UXTW = 2;
    private static final int UXTX = 3;
    private static final int STACK_POINTER = 31;

    private RegisterOperands() {}

    /// `, lsl #3` after a register: values kind (0 LSL, 1 LSR, 2 ASR, 3 ROR) and amount; LSL #0 is not
    /// printed.
    static final class Shift extends Operand {
        private final Field kind;
        private final Field amount;

        Shift(Field kind, Field amount) {
            this.kind = kind;
            this.amount = amount;
        }

        @Override
        int arity() {
            return 2;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = kind.get(insn);
            out[at + 1] = amount.get(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return kind.put(values[at]) | amount.put(values[at + 1]);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            if (kind.get(insn) != 0 || amount.get(insn) != 0) {
                out.append(", ").append(SHIFTS.get(kind.get(insn))).append(" #").append(amount.get(insn));
            }
        }

        @Override
        long word(int insn) {
            return (long) (kind.get(insn) << 6 | amount.get(insn)) << PreDecoded.AUX_SHIFT;
        }
    }

    /// The extended register of ADD and SUB: values Rm, option (0 UXTB … 7 SXTX) and shift amount 0–4.
    static final class Extended extends Operand {
        private final Field rm;
        private final Field option;
        private final Field amount;
        private final boolean wide;

        Extended(Field rm, Field option, Field amount, boolean wide) {
            this.rm = rm;
            this.option = option;
            this.amount = amount;
            this.wide = wide;
        }

        @Override
        int arity() {
            return 3;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = rm.get(insn);
            out[at + 1] = option.get(insn);
            out[at + 2] = amount.get(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return rm.put(values[at]) | option.put(values[at + 1]) | amount.put(values[at + 2]);
        }

        /// With SP as destination or first source, the extension that changes nothing is written LSL.
        @Override
        void print(int insn, long pc, StringBuilder out) {
            int how = option.get(insn);
            char kind = wide && (how & 3) == UXTX ? 'X' : 'W';
            out.append(RegisterOperand.name(kind, rm.get(insn), false));
            boolean setsFlags = (insn >>> 29 & 1) != 0;
            boolean usesSp = (insn >>> 5 & 31) == STACK_POINTER || ((insn & 31) == STACK_POINTER && !setsFlags);
            boolean plain = usesSp && how == (wide ? UXTX : UXTW);
            int shift = amount.get(insn);
            if (!plain) {
                out.append(", ").append(EXTENDS.get(how));
            } else if (shift != 0) {
                out.append(", lsl");
            }
            if (shift != 0) {
                out.append(" #").append(shift);
            }
        }

        @Override
        long word(int insn) {
            int aux = PreDecoded.extendBits(option.get(insn), amount.get(insn));
            return (long) aux << PreDecoded.AUX_SHIFT | (long) rm.get(insn) << PreDecoded.RM_SHIFT;
        }
    }

    /// What follows the index register of an address: values sign (0 LSL or UXTW, 1 SXTX or SXTW) and
    /// whether the index is scaled by the access size.
    static final class Index extends Operand {
        private final Field sign;
        private final Field scaled;
        private final boolean wide;
        private final int log2Size;

        Index(Field sign, Field scaled, boolean wide, int log2Size) {
            this.sign = sign;
            this.scaled = scaled;
            this.wide = wide;
            this.log2Size = log2Size;
        }

        @Override
        int arity() {
            return 2;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = sign.get(insn);
            out[at + 1] = scaled.get(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return sign.put(values[at]) | scaled.put(values[at + 1]);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            boolean scale = scaled.get(insn) != 0;
            if (option(insn) != UXTX) {
                out.append(", ").append(EXTENDS.get(option(insn)));
            } else if (scale) {
                out.append(", lsl");
            }
            if (scale) {
                out.append(" #").append(log2Size);
            }
        }

        @Override
        long word(int insn) {
            int shift = scaled.get(insn) != 0 ? log2Size : 0;
            return (long) PreDecoded.extendBits(option(insn), shift) << PreDecoded.AUX_SHIFT;
        }

        private int option(int insn) {
            return sign.get(insn) << 2 | (wide ? UXTX : UXTW);
        }
    }

    /// A condition, or its inverse where an alias shows that.
    static final class Cond extends Operand {
        private final Field cond;
        private final int flip;

        Cond(Field cond, boolean inverse) {
            this.cond = cond;
            this.flip = inverse ? 1 : 0;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = cond.get(insn) ^ flip;
        }

        @Override
        int encode(long[] values, int at) {
            return cond.put(values[at] ^ flip);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(Condition.name(cond.get(insn) ^ flip));
        }

        @Override
        long word(int insn) {
            return (long) cond.get(insn) << PreDecoded.AUX_SHIFT;
        }
    }

    /// A few bits of `aux` printed as a number: the flags of CCMP, the mask of RMIF.
    static final class Aux extends Operand {
        private final Field field;
        private final int position;
        private final boolean hex;

        Aux(Field field, int position, boolean hex) {
            this.field = field;
            this.position = position;
            this.hex = hex;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = field.get(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return field.put(values[at]);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append('#');
            if (hex) {
                hex(field.get(insn), out);
            } else {
                out.append(field.get(insn));
            }
        }

        @Override
        long word(int insn) {
            return (long) field.get(insn) << (PreDecoded.AUX_SHIFT + position);
        }
    }
}
