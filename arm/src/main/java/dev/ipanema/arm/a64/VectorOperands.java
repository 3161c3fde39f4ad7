package dev.ipanema.arm.a64;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// SIMD registers: whole vectors, scalars by the row's shape, lists and elements.
final class VectorOperands {
    private static final String LETTERS = "bhsdq";

    private VectorOperands() {}

    /// How a register's arrangement follows from the row's shape.
    enum Arrangement {
        /// `T`: the shape itself.
        SAME,
        /// `W`: elements twice as large, 128 bits.
        WIDE,
        /// `P`: elements twice as large, as many bits.
        PAIRWISE,
        /// `B` `H` `S` `D`: these elements, bits as the shape.
        ELEMENT,
        /// `8B`, `1Q`, `d[1]` …: as written.
        LITERAL,
        /// `l`: the shape's element, one lane of which is meant.
        LANE,
        /// `s`: one element in its register.
        SCALAR,
        /// `sw`: one element of twice the size in its register.
        WIDE_SCALAR
    }

    /// One register.
    static final class Register extends VectorOperand {
        private final Field field;
        private final Arrangement arrangement;
        private final String text;
        private final @Nullable ShapeOperand shape;
        private final int count;

        /// @param suffix what the table writes behind the dot
        /// @param count how many consecutive registers, 0 for one that is no list
        Register(Field field, String suffix, @Nullable ShapeOperand shape, int count) {
            this.field = field;
            this.text = suffix.toLowerCase(Locale.ROOT);
            this.shape = shape;
            this.count = count;
            this.arrangement = switch (suffix) {
                case "T" -> Arrangement.SAME;
                case "W" -> Arrangement.WIDE;
                case "P" -> Arrangement.PAIRWISE;
                case "B", "H", "S", "D" -> Arrangement.ELEMENT;
                case "l" -> Arrangement.LANE;
                case "s" -> Arrangement.SCALAR;
                case "sw" -> Arrangement.WIDE_SCALAR;
                default -> Arrangement.LITERAL;
            };
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
        String register(int insn) {
            return name(insn, field.get(insn));
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            int first = field.get(insn);
            if (count == 0) {
                out.append(name(insn, first));
            } else {
                list(out, first, count, name(insn, 0).substring(2));
            }
        }

        @Override
        long word(int insn) {
            return (long) field.get(insn) << slot(field);
        }

        private String name(int insn, int number) {
            if (arrangement == Arrangement.LITERAL || shape == null) {
                return "v" + number + "." + text;
            }
            int size = shape.log2Size(insn);
            boolean q = shape.isQ(insn);
            return switch (arrangement) {
                case SCALAR -> LETTERS.charAt(size) + Integer.toString(number);
                case WIDE_SCALAR -> LETTERS.charAt(size + 1) + Integer.toString(number);
                case LANE -> "v" + number + "." + LETTERS.charAt(size);
                case SAME -> arranged(number, size, q);
                case WIDE -> arranged(number, size + 1, true);
                case PAIRWISE -> arranged(number, size + 1, q);
                case ELEMENT -> arranged(number, LETTERS.indexOf(text), q);
                case LITERAL -> throw new IllegalStateException(text);
            };
        }
    }

    /// A whole vector that an alias names once and its row twice.
    static final class Twin extends VectorOperand {
        private final Field first;
        private final Field second;
        private final ShapeOperand shape;

        Twin(Field first, Field second, ShapeOperand shape) {
            this.first = first;
            this.second = second;
            this.shape = shape;
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
        String register(int insn) {
            return arranged(first.get(insn), shape.log2Size(insn), shape.isQ(insn));
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(register(insn));
        }
    }

    /// An element that a field selects together with the element's size: `v3.s[1]`. Values register and index.
    static final class Lane extends VectorOperand {
        private final Field field;
        private final Field index;
        private final ShapeOperand shape;

        /// @param index imm5: the index above the lowest bit set
        Lane(Field field, Field index, ShapeOperand shape) {
            this.field = field;
            this.index = index;
            this.shape = shape;
        }

        private static int shift(int log2Size) {
            return log2Size + 1;
        }

        private int index(int insn) {
            return index.get(insn) >>> shift(shape.log2Size(insn));
        }

        @Override
        int arity() {
            return 2;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = field.get(insn);
            out[at + 1] = index(insn);
        }

        @Override
        int encode(long[] values, int at) {
            if (values[at + 1] < 0) {
                throw refused("Index", values[at + 1]);
            }
            return field.put(values[at]) | index.put(values[at + 1] << shift(shape.log2Size(values)));
        }

        @Override
        String register(int insn) {
            return "v" + field.get(insn) + "." + LETTERS.charAt(shape.log2Size(insn));
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(register(insn)).append('[').append(index(insn)).append(']');
        }

        @Override
        long word(int insn) {
            return (long) field.get(insn) << slot(field);
        }

        @Override
        long imm(int insn) {
            return index(insn);
        }
    }

    /// The element of arithmetic by element: the register has 4 bits or, with M, 5; the index is what is left of H, L
    /// and M. Values register and index; the index goes to imm.
    static final class Element extends VectorOperand {
        private final Field rm;
        private final Field m;
        private final Field l;
        private final Field h;
        private final @Nullable ShapeOperand shape;
        private final String text;

        /// @param suffix `e` for the row's shape (H, S or D); `h` for H whatever the shape; `ci` for a complex pair of
        ///     the shape's elements; else the arrangement shown, of a 32-bit element: `4B`, `2H`, `2B`
        Element(Field rm, Field m, Field l, Field h, @Nullable ShapeOperand shape, String suffix) {
            this.rm = rm;
            this.m = m;
            this.l = l;
            this.h = h;
            this.shape = shape;
            this.text = suffix.toLowerCase(Locale.ROOT);
        }

        /// log2 of the bytes that one index step is.
        private int step(int log2Size) {
            return switch (text) {
                case "e" -> log2Size;
                case "h" -> 1;
                case "ci" -> log2Size + 1;
                default -> 2;
            };
        }

        private int stepOf(int insn) {
            return step(shape == null ? 0 : shape.log2Size(insn));
        }

        private int register(int insn, int step) {
            return step == 1 ? rm.get(insn) : rm.get(insn) | m.get(insn) << rm.width();
        }

        private int index(int insn, int step) {
            return switch (step) {
                case 1 -> h.get(insn) << 2 | l.get(insn) << 1 | m.get(insn);
                case 2 -> h.get(insn) << 1 | l.get(insn);
                default -> h.get(insn);
            };
        }

        @Override
        int arity() {
            return 2;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = register(insn, stepOf(insn));
            out[at + 1] = index(insn, stepOf(insn));
        }

        @Override
        int encode(long[] values, int at) {
            int step = step(shape == null ? 0 : shape.log2Size(values));
            long number = values[at];
            long index = values[at + 1];
            return switch (step) {
                case 1 -> rm.put(number) | h.put(index >> 2) | l.put(index >> 1 & 1) | m.put(index & 1);
                case 2 -> rm.put(number & 15) | m.put(number >> 4) | h.put(index >> 1) | l.put(index & 1);
                default -> rm.put(number & 15) | m.put(number >> 4) | h.put(index);
            };
        }

        @Override
        String register(int insn) {
            String shown = switch (text) {
                case "e", "ci" -> String.valueOf(LETTERS.charAt(shape == null ? 1 : shape.log2Size(insn)));
                default -> text;
            };
            return "v" + register(insn, stepOf(insn)) + "." + shown;
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(register(insn))
                    .append('[')
                    .append(index(insn, stepOf(insn)))
                    .append(']');
        }

        @Override
        long word(int insn) {
            return (long) register(insn, stepOf(insn)) << PreDecoded.RM_SHIFT;
        }

        @Override
        long imm(int insn) {
            return index(insn, stepOf(insn));
        }
    }

    private static String arranged(int number, int log2Size, boolean q) {
        int lanes = (q ? 16 : 8) >> log2Size;
        return "v" + number + "." + lanes + LETTERS.charAt(log2Size);
    }

    /// Appends a list: a range from three registers on, unless it wraps behind v31.
    ///
    /// @param arrangement with the dot
    static void list(StringBuilder out, int first, int count, String arrangement) {
        int last = first + count - 1 & 31;
        out.append('{');
        if (count > 2 && last > first) {
            out.append('v')
                    .append(first)
                    .append(arrangement)
                    .append("-v")
                    .append(last)
                    .append(arrangement);
        } else {
            for (int i = 0; i < count; i++) {
                out.append(i == 0 ? "v" : ", v").append(first + i & 31).append(arrangement);
            }
        }
        out.append('}');
    }
}
