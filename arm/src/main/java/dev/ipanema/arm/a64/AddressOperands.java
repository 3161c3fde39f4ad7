package dev.ipanema.arm.a64;

/// Operands relative to the instruction's address, bit numbers of TBZ, and the split offset of LDRAA. The
/// value of an address is its displacement in bytes.
final class AddressOperands {
    private AddressOperands() {}

    /// A branch target or a literal: a signed count of words.
    static final class Label extends Operand {
        private final Field words;

        Label(Field words) {
            this.words = words;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = imm(insn);
        }

        @Override
        int encode(long[] values, int at) {
            if (values[at] % Integer.BYTES != 0) {
                throw new AssemblyException("Displacement " + values[at] + " is not a multiple of 4");
            }
            return words.putSigned(values[at] / Integer.BYTES);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            hex(pc + imm(insn), out);
        }

        @Override
        long imm(int insn) {
            return (long) words.signed(insn) * Integer.BYTES;
        }
    }

    /// The target of ADR or ADRP, in bytes.
    static final class Adr extends Operand {
        private static final int PAGE = 4096;

        private final Field immhi;
        private final Field immlo;
        private final boolean page;

        Adr(Field immhi, Field immlo, boolean page) {
            this.immhi = immhi;
            this.immlo = immlo;
            this.page = page;
        }

        boolean page() {
            return page;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = imm(insn);
        }

        @Override
        int encode(long[] values, int at) {
            int unit = page ? PAGE : 1;
            if (values[at] % unit != 0) {
                throw new AssemblyException("Displacement " + values[at] + " is not a multiple of " + unit);
            }
            long units = values[at] / unit;
            return immhi.putSigned(units >> immlo.width()) | immlo.put(units & immlo.max());
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            hex((page ? pc & -PAGE : pc) + imm(insn), out);
        }

        @Override
        long imm(int insn) {
            long units = (long) immhi.signed(insn) << immlo.width() | immlo.get(insn);
            return page ? units * PAGE : units;
        }
    }

    /// The bit number of TBZ and TBNZ.
    static final class Bit extends Operand {
        private final Field b5;
        private final Field b40;

        Bit(Field b5, Field b40) {
            this.b5 = b5;
            this.b40 = b40;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = number(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return b5.put(values[at] >> b40.width()) | b40.put(values[at] & b40.max());
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append('#').append(number(insn));
        }

        @Override
        long word(int insn) {
            return (long) number(insn) << PreDecoded.AUX_SHIFT;
        }

        private int number(int insn) {
            return b5.get(insn) << b40.width() | b40.get(insn);
        }
    }

    /// A signed offset split in a sign and low bits, in units of 8 bytes: LDRAA, LDRAB.
    static final class SplitOffset extends Operand {
        private static final int SCALE = 8;

        private final Field sign;
        private final Field low;

        SplitOffset(Field sign, Field low) {
            this.sign = sign;
            this.low = low;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = imm(insn);
        }

        @Override
        int encode(long[] values, int at) {
            long units = values[at] / SCALE;
            if (values[at] % SCALE != 0 || units < -low.max() - 1 || units > low.max()) {
                throw refused("Offset", values[at]);
            }
            return sign.put(units < 0 ? 1 : 0) | low.put(units & low.max());
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(imm(insn));
        }

        @Override
        long imm(int insn) {
            return (long) ((-sign.get(insn) << low.width()) | low.get(insn)) * SCALE;
        }
    }

    /// The operation of PRFM; printed by name where it has one.
    static final class Prefetch extends Operand {
        private static final String[] TYPES = {"pld", "pli", "pst"};

        private final Field rt;

        Prefetch(Field rt) {
            this.rt = rt;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = rt.get(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return rt.put(values[at]);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            int operation = rt.get(insn);
            int type = operation >>> 3;
            int level = operation >>> 1 & 3;
            if (type < TYPES.length && level < 3) {
                out.append(TYPES[type]).append('l').append(level + 1);
                out.append((operation & 1) == 0 ? "keep" : "strm");
            } else {
                out.append(String.format("#0x%02x", operation));
            }
        }

        @Override
        long word(int insn) {
            return (long) rt.get(insn) << PreDecoded.RD_SHIFT;
        }
    }
}
