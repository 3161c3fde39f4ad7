package dev.ipanema.arm.a64;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where the bits of a row say its [VectorShape]: the operand in front of all others, which prints nothing itself and
/// which the vector operands ask. Its values, of what the row leaves open: log2 of the element's bytes, then Q.
///
/// Written in the table as `shape=ELEMENT.LENGTH`. ELEMENT: `B` `H` `S` `D`, or a field: `size` (0–3), `sz` (0 S, 1
/// D), `immh` (highest bit set), `imm5` (lowest bit set). LENGTH: `Q` (the field), `64`, `128`, or `s` for a scalar.
/// What is reserved is no word of the row: D elements in 64 bits (allowed by `+1D` at the end), no bit set in immh or
/// in imm5 3:0.
final class ShapeOperand extends Operand {
    private enum Source {
        FIXED,
        SIZE,
        SZ,
        IMMH,
        IMM5
    }

    private static final String ELEMENTS = "BHSD";
    private static final int LOG2_D = 3;

    private final Source source;
    private final int fixedSize;
    private final @Nullable Field element;
    private final int fixedFlags;
    private final @Nullable Field length;
    private final boolean allows1d;

    private ShapeOperand(
            Source source,
            int fixedSize,
            @Nullable Field element,
            int fixedFlags,
            @Nullable Field length,
            boolean allows1d) {
        this.source = source;
        this.fixedSize = fixedSize;
        this.element = element;
        this.fixedFlags = fixedFlags;
        this.length = length;
        this.allows1d = allows1d;
    }

    /// {@return the shape the table writes as `text`, over these fields}
    static ShapeOperand parse(String text, Map<String, Field> fields) {
        boolean allows1d = text.endsWith("+1D");
        int dot = text.indexOf('.');
        String element = text.substring(0, dot);
        String length = text.substring(dot + 1, allows1d ? text.length() - "+1D".length() : text.length());
        Source source = switch (element) {
            case "size" -> Source.SIZE;
            case "sz" -> Source.SZ;
            case "immh" -> Source.IMMH;
            case "imm5" -> Source.IMM5;
            default -> Source.FIXED;
        };
        int flags = switch (length) {
            case "Q", "64" -> 0;
            case "128" -> VectorShape.Q;
            case "s" -> VectorShape.SCALAR;
            default -> throw new IllegalStateException("Unknown shape " + text);
        };
        int fixed = ELEMENTS.indexOf(element);
        Field sizeField = source == Source.FIXED ? null : fields.get(element);
        Field lengthField = length.equals("Q") ? fields.get("Q") : null;
        if (source == Source.FIXED ? fixed < 0 || element.length() != 1 : sizeField == null) {
            throw new IllegalStateException("Unknown shape " + text);
        }
        return new ShapeOperand(source, fixed, sizeField, flags, lengthField, allows1d);
    }

    /// {@return log2 of an element's bytes in a word that is not reserved}
    int log2Size(int insn) {
        if (element == null) {
            return fixedSize;
        }
        int value = element.get(insn);
        return switch (source) {
            case SZ -> value + 2;
            case IMMH -> 31 - Integer.numberOfLeadingZeros(value);
            case IMM5 -> Integer.numberOfTrailingZeros(value);
            case SIZE, FIXED -> value;
        };
    }

    /// {@return log2 of an element's bytes among the values of a row's operands, of which this is the first}
    int log2Size(long[] values) {
        return element == null ? fixedSize : (int) values[0];
    }

    boolean isQ(int insn) {
        return length == null ? (fixedFlags & VectorShape.Q) != 0 : length.get(insn) != 0;
    }

    boolean isReserved(int insn) {
        if (element != null) {
            int bits = source == Source.IMM5 ? 15 : element.max();
            if ((source == Source.IMM5 || source == Source.IMMH) && (element.get(insn) & bits) == 0) {
                return true;
            }
        }
        return (fixedFlags & VectorShape.SCALAR) == 0 && !allows1d && log2Size(insn) == LOG2_D && !isQ(insn);
    }

    @Override
    int arity() {
        return (element == null ? 0 : 1) + (length == null ? 0 : 1);
    }

    @Override
    void values(int insn, long[] out, int at) {
        int next = at;
        if (element != null) {
            out[next++] = log2Size(insn);
        }
        if (length != null) {
            out[next] = length.get(insn);
        }
    }

    @Override
    int encode(long[] values, int at) {
        int next = at;
        int bits = 0;
        if (element != null) {
            long size = values[next++];
            if (size < 0 || size > LOG2_D) {
                throw refused("Element size", size);
            }
            bits = element.put(
                    switch (source) {
                        case SZ -> size - 2;
                        case IMMH, IMM5 -> 1L << size;
                        case SIZE, FIXED -> size;
                    });
        }
        return length == null ? bits : bits | length.put(values[next]);
    }

    @Override
    void print(int insn, long pc, StringBuilder out) {}

    @Override
    long word(int insn) {
        int flags = fixedFlags | (isQ(insn) ? VectorShape.Q : 0);
        return (long) VectorShape.of(log2Size(insn), flags, 0) << PreDecoded.AUX_SHIFT;
    }
}
