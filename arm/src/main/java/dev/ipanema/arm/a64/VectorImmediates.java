package dev.ipanema.arm.a64;

import java.util.List;
import java.util.Locale;

/// Numbers of SIMD and floating-point instructions: shifts by the element's size, rotations, conditions, fraction bits
/// and floating-point constants.
final class VectorImmediates {
    private VectorImmediates() {}

    /// A shift amount in immh:immb, with the element size: left 0 to size - 1, right 1 to size. It goes to imm.
    static final class ElementShift extends Operand {
        private final Field immh;
        private final Field immb;
        private final ShapeOperand shape;
        private final boolean right;

        ElementShift(Field immh, Field immb, ShapeOperand shape, boolean right) {
            this.immh = immh;
            this.immb = immb;
            this.shape = shape;
            this.right = right;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = imm(insn);
        }

        @Override
        int encode(long[] values, int at) {
            int bits = 8 << shape.log2Size(values);
            long amount = values[at];
            if (amount < (right ? 1 : 0) || amount > (right ? bits : bits - 1)) {
                throw refused("Shift", amount);
            }
            long number = right ? 2L * bits - amount : bits + amount;
            return immh.put(number >> immb.width()) | immb.put(number & immb.max());
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(imm(insn));
        }

        @Override
        long imm(int insn) {
            int bits = 8 << shape.log2Size(insn);
            int number = immh.get(insn) << immb.width() | immb.get(insn);
            return right ? 2 * bits - number : number - bits;
        }
    }

    /// The shift of SHLL: the element's bits; no value.
    static final class WholeElement extends Operand {
        private final ShapeOperand shape;

        WholeElement(ShapeOperand shape) {
            this.shape = shape;
        }

        @Override
        int arity() {
            return 0;
        }

        @Override
        void values(int insn, long[] out, int at) {}

        @Override
        int encode(long[] values, int at) {
            return 0;
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(8 << shape.log2Size(insn));
        }
    }

    /// The bytes of a structure access, which a post-index adds; no value.
    static final class StructureBytes extends Operand {
        private final ShapeOperand shape;
        private final int registers;
        private final boolean single;

        /// @param single whether one element of each register is accessed
        StructureBytes(ShapeOperand shape, int registers, boolean single) {
            this.shape = shape;
            this.registers = registers;
            this.single = single;
        }

        @Override
        int arity() {
            return 0;
        }

        @Override
        void values(int insn, long[] out, int at) {}

        @Override
        int encode(long[] values, int at) {
            return 0;
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(imm(insn));
        }

        @Override
        long imm(int insn) {
            int each = single ? 1 << shape.log2Size(insn) : shape.isQ(insn) ? 16 : 8;
            return (long) registers * each;
        }
    }

    /// The lane of a structure access: Q, S and size, as many of them as the row has fields; to [VectorShape#free(int)]
    /// 11:8.
    static final class StructureLane extends Operand {
        private static final int POSITION = 8;

        private final List<Field> fields;

        /// @param fields from the top bit of the lane on
        StructureLane(List<Field> fields) {
            this.fields = fields;
        }

        private int lane(int insn) {
            int lane = 0;
            for (Field field : fields) {
                lane = lane << field.width() | field.get(insn);
            }
            return lane;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = lane(insn);
        }

        @Override
        int encode(long[] values, int at) {
            long rest = values[at];
            int bits = 0;
            for (Field field : fields.reversed()) {
                bits |= field.put(rest & field.max());
                rest >>= field.width();
            }
            if (rest != 0) {
                throw refused("Lane", values[at]);
            }
            return bits;
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(lane(insn));
        }

        @Override
        long word(int insn) {
            return (long) VectorShape.of(0, 0, lane(insn) << POSITION) << PreDecoded.AUX_SHIFT;
        }
    }

    /// A number that goes to [VectorShape#free(int)].
    static final class FreeNumber extends Operand {
        private final Field field;

        FreeNumber(Field field) {
            this.field = field;
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
            out.append(field.get(insn));
        }

        @Override
        long word(int insn) {
            return (long) VectorShape.of(0, 0, field.get(insn)) << PreDecoded.AUX_SHIFT;
        }
    }

    /// The `2` of a mnemonic that works on the upper half; no value.
    static final class SecondHalf extends Operand {
        private final ShapeOperand shape;

        SecondHalf(ShapeOperand shape) {
            this.shape = shape;
        }

        @Override
        int arity() {
            return 0;
        }

        @Override
        void values(int insn, long[] out, int at) {}

        @Override
        int encode(long[] values, int at) {
            return 0;
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            if (shape.isQ(insn)) {
                out.append('2');
            }
        }
    }

    /// A rotation by quarter turns, in degrees as a value; the quarters go to [VectorShape#free(int)] 1:0.
    static final class Rotation extends Operand {
        private final Field rot;

        /// @param rot 2 bits: 0 to 270 degrees; 1 bit: 90 or 270
        Rotation(Field rot) {
            this.rot = rot;
        }

        private int quarters(int insn) {
            int bits = rot.get(insn);
            return rot.width() == 1 ? 2 * bits + 1 : bits;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = quarters(insn) * 90L;
        }

        @Override
        int encode(long[] values, int at) {
            long quarters = values[at] / 90;
            boolean odd = rot.width() == 1;
            if (values[at] % 90 != 0 || (odd && (quarters & 1) == 0)) {
                throw refused("Rotation", values[at]);
            }
            return rot.put(odd ? quarters >> 1 : quarters);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append('#').append(90 * quarters(insn));
        }

        @Override
        long word(int insn) {
            return (long) VectorShape.of(0, 0, quarters(insn)) << PreDecoded.AUX_SHIFT;
        }
    }

    /// A number of fraction bits, 64 - scale. It goes to imm.
    static final class FractionBits extends Operand {
        private final Field scale;

        FractionBits(Field scale) {
            this.scale = scale;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = imm(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return scale.put(64 - values[at]);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(imm(insn));
        }

        @Override
        long imm(int insn) {
            return 64L - scale.get(insn);
        }
    }

    /// The condition of FCSEL and FCCMP, and the flags of FCCMP: like those of the integer instructions, but in imm
    /// (3:0
    /// and 7:4), as aux holds the shape.
    static final class InImmediate extends Operand {
        private final Operand inAux;

        InImmediate(Operand inAux) {
            this.inAux = inAux;
        }

        @Override
        void values(int insn, long[] out, int at) {
            inAux.values(insn, out, at);
        }

        @Override
        int encode(long[] values, int at) {
            return inAux.encode(values, at);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            inAux.print(insn, pc, out);
        }

        @Override
        long imm(int insn) {
            return inAux.word(insn) >>> PreDecoded.AUX_SHIFT;
        }
    }

    /// The 8 bits of a floating-point constant (`VFPExpandImm`); imm is the constant in the element's format,
    /// repeated to 64 bits.
    static final class FloatConstant extends Operand {
        private final Field high;
        private final Field low;
        private final ShapeOperand shape;

        /// @param high imm8, or abc
        /// @param low imm8, or defgh
        FloatConstant(Field high, Field low, ShapeOperand shape) {
            this.high = high;
            this.low = low;
            this.shape = shape;
        }

        private int imm8(int insn) {
            return high.equals(low) ? low.get(insn) : high.get(insn) << low.width() | low.get(insn);
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = imm8(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return high.equals(low)
                    ? low.put(values[at])
                    : high.put(values[at] >> low.width()) | low.put(values[at] & low.max());
        }

        /// Every such constant is a short binary fraction, so double precision shows it exactly.
        @Override
        void print(int insn, long pc, StringBuilder out) {
            double value = Double.longBitsToDouble(expand(imm8(insn), 11, 52));
            out.append('#').append(String.format(Locale.ROOT, "%.18e", value));
        }

        @Override
        long imm(int insn) {
            return switch (shape.log2Size(insn)) {
                case 1 -> expand(imm8(insn), 5, 10) * 0x0001_0001_0001_0001L;
                case 2 -> expand(imm8(insn), 8, 23) * 0x0000_0001_0000_0001L;
                default -> expand(imm8(insn), 11, 52);
            };
        }

        /// {@return `VFPExpandImm(imm8)` of a format (Arm ARM, shared pseudocode)}
        private static long expand(int imm8, int exponentBits, int fractionBits) {
            long sign = (long) imm8 >>> 7;
            long b = (long) imm8 >>> 6 & 1;
            long repeated = b != 0 ? (1L << (exponentBits - 3)) - 1 : 0;
            long exponent = (b ^ 1) << (exponentBits - 1) | repeated << 2 | (imm8 >>> 4 & 3);
            long fraction = (long) (imm8 & 15) << (fractionBits - 4);
            return sign << (exponentBits + fractionBits) | exponent << fractionBits | fraction;
        }
    }
}
