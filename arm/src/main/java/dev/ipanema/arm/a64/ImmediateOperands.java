package dev.ipanema.arm.a64;

/// The immediates of data processing: add and subtract, bitmask, move wide, bitfield.
final class ImmediateOperands {
    private static final long LOW_32 = 0xFFFF_FFFFL;

    private ImmediateOperands() {}

    /// `imm12` and `sh`, values: the number and its shift, 0 or 12.
    static final class Add extends Operand {
        private final Field imm12;
        private final Field sh;

        Add(Field imm12, Field sh) {
            this.imm12 = imm12;
            this.sh = sh;
        }

        @Override
        int arity() {
            return 2;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = imm12.get(insn);
            out[at + 1] = sh.get(insn) * 12L;
        }

        @Override
        int encode(long[] values, int at) {
            if (values[at + 1] != 0 && values[at + 1] != 12) {
                throw refused("Shift", values[at + 1]);
            }
            return imm12.put(values[at]) | sh.put(values[at + 1] / 12);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append('#');
            hex(imm12.get(insn), out);
            if (sh.get(insn) != 0) {
                out.append(", lsl #12");
            }
        }

        @Override
        long imm(int insn) {
            return (long) imm12.get(insn) << (12 * sh.get(insn));
        }
    }

    /// A bitmask immediate of a 32- or 64-bit register; its value is the mask.
    static final class Bitmask extends Operand {
        private static final int N_BIT = 22;
        private static final int IMMS_LSB = 10;

        private final int width;

        Bitmask(int width) {
            this.width = width;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = imm(insn);
        }

        @Override
        int encode(long[] values, int at) {
            int fields = BitmaskImmediate.encode(values[at], width);
            if (fields < 0) {
                throw new AssemblyException(
                        "Immediate 0x" + Long.toHexString(values[at]) + " is not a bitmask immediate");
            }
            return fields << IMMS_LSB;
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append('#');
            hex(imm(insn), out);
        }

        @Override
        long imm(int insn) {
            int fields = insn >>> IMMS_LSB;
            long mask = BitmaskImmediate.decode(insn >>> N_BIT & 1, fields >>> 6 & 63, fields & 63);
            return width == 64 ? mask : mask & LOW_32;
        }
    }

    /// `imm16` and `hw` of MOVZ, MOVN and MOVK, values: the 16 bits and their shift.
    static final class MoveWide extends Operand {
        /// Which of the three instructions it belongs to.
        enum Kind {
            ZERO,
            NOT_32,
            NOT_64,
            KEEP
        }

        private final Field imm16;
        private final Field hw;
        private final Kind kind;

        MoveWide(Field imm16, Field hw, Kind kind) {
            this.imm16 = imm16;
            this.hw = hw;
            this.kind = kind;
        }

        @Override
        int arity() {
            return 2;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = imm16.get(insn);
            out[at + 1] = hw.get(insn) * 16L;
        }

        @Override
        int encode(long[] values, int at) {
            if (values[at + 1] % 16 != 0) {
                throw refused("Shift", values[at + 1]);
            }
            return imm16.put(values[at]) | hw.put(values[at + 1] / 16);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append('#');
            hex(imm16.get(insn), out);
            if (hw.get(insn) != 0) {
                out.append(", lsl #").append(16 * hw.get(insn));
            }
        }

        @Override
        long imm(int insn) {
            long shifted = (long) imm16.get(insn) << (16 * hw.get(insn));
            return switch (kind) {
                case ZERO, KEEP -> shifted;
                case NOT_32 -> ~shifted & LOW_32;
                case NOT_64 -> ~shifted;
            };
        }

        @Override
        long word(int insn) {
            return kind == Kind.KEEP ? (16L * hw.get(insn)) << PreDecoded.AUX_SHIFT : 0;
        }
    }

    /// `immr` and `imms` of SBFM and UBFM (two shifts) or BFM (a rotation and a mask).
    static final class Bitfield extends Operand {
        private final Field immr;
        private final Field imms;
        private final int width;
        private final boolean insert;

        Bitfield(Field immr, Field imms, int width, boolean insert) {
            this.immr = immr;
            this.imms = imms;
            this.width = width;
            this.insert = insert;
        }

        @Override
        int arity() {
            return 2;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = immr.get(insn);
            out[at + 1] = imms.get(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return immr.put(values[at]) | imms.put(values[at + 1]);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append('#').append(immr.get(insn)).append(", #").append(imms.get(insn));
        }

        @Override
        long word(int insn) {
            int r = immr.get(insn);
            int s = imms.get(insn);
            if (insert) {
                return (long) r << PreDecoded.AUX_SHIFT;
            }
            int left = width - 1 - s;
            int right = s >= r ? left + r : r - s - 1;
            return (long) (left | right << 8) << PreDecoded.AUX_SHIFT;
        }

        /// The bits that BFM replaces: `imms - immr + 1` low ones, or `imms + 1` ones from bit `width -
        /// immr` up.
        @Override
        long imm(int insn) {
            if (!insert) {
                return 0;
            }
            int r = immr.get(insn);
            int s = imms.get(insn);
            return s >= r ? -1L >>> (63 - s + r) : -1L >>> (63 - s) << (width - r);
        }
    }
}
