package dev.ipanema.arm.a64;

import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Makes the operands of SIMD and floating-point rows.
final class VectorOperandFactory {
    private final String row;
    private final Map<String, Field> fields;
    private final @Nullable ShapeOperand shape;

    VectorOperandFactory(String row, Map<String, Field> fields, @Nullable ShapeOperand shape) {
        this.row = row;
        this.fields = fields;
        this.shape = shape;
    }

    /// {@return the operand of this name, or null when it is none of SIMD's}
    @Nullable
    Operand operand(String name) {
        if (name.charAt(0) == 'V' && name.indexOf('.') > 0) {
            return register(name);
        }
        if (name.startsWith("all*") || name.startsWith("each*")) {
            int registers = Integer.parseInt(name.substring(name.indexOf('*') + 1));
            return new VectorImmediates.StructureBytes(shape(), registers, name.startsWith("each*"));
        }
        return switch (name) {
            case "vimm8" -> constant(ModifiedImmediate.Kind.BYTES, false);
            case "vimm16" -> constant(ModifiedImmediate.Kind.HALFWORDS, false);
            case "vimm32" -> constant(ModifiedImmediate.Kind.WORDS, false);
            case "vones" -> constant(ModifiedImmediate.Kind.ONES, false);
            case "vmask" -> constant(ModifiedImmediate.Kind.MASK, false);
            case "nimm16" -> constant(ModifiedImmediate.Kind.HALFWORDS, true);
            case "nimm32" -> constant(ModifiedImmediate.Kind.WORDS, true);
            case "nones" -> constant(ModifiedImmediate.Kind.ONES, true);
            case "src" -> new VectorImmediates.FreeNumber(field("src"));
            case "lane" ->
                new VectorImmediates.StructureLane(Stream.of("Q", "S", "size")
                        .filter(fields::containsKey)
                        .map(this::field)
                        .toList());
            case "2" -> new VectorImmediates.SecondHalf(shape());
            case "lshift" -> new VectorImmediates.ElementShift(field("immh"), field("immb"), shape(), false);
            case "rshift" -> new VectorImmediates.ElementShift(field("immh"), field("immb"), shape(), true);
            case "eshift" -> new VectorImmediates.WholeElement(shape());
            case "rot" -> new VectorImmediates.Rotation(field("rot"));
            case "fbits" -> new VectorImmediates.FractionBits(field("scale"));
            case "fcond" -> new VectorImmediates.InImmediate(new RegisterOperands.Cond(field("cond"), false));
            case "fnzcv" -> new VectorImmediates.InImmediate(new RegisterOperands.Aux(field("nzcv"), 4, true));
            case "fpimm" -> new VectorImmediates.FloatConstant(field("imm8"), field("imm8"), shape());
            case "vfpimm" -> new VectorImmediates.FloatConstant(field("abc"), field("defgh"), shape());
            default -> null;
        };
    }

    /// `V`, the field letter, a dot, the arrangement, and `*N` for a list of N.
    private Operand register(String name) {
        int dot = name.indexOf('.');
        Field field = field("R" + name.substring(1, dot));
        int star = name.indexOf('*');
        int count = star < 0 ? 0 : Integer.parseInt(name, star + 1, name.length(), 10);
        String suffix = name.substring(dot + 1, star < 0 ? name.length() : star);
        return switch (suffix) {
            case "e5" -> new VectorOperands.Lane(field, field("imm5"), shape());
            case "e" -> element(field, suffix);
            case "ci" -> element(field, suffix);
            case "hi" -> element(field, "h");
            case "4Bi", "2Hi", "2Bi" -> element(field, suffix.substring(0, 2));
            case "T=m" -> new VectorOperands.Twin(field, field("Rm"), shape());
            default -> new VectorOperands.Register(field, suffix, shape, count);
        };
    }

    private Operand constant(ModifiedImmediate.Kind kind, boolean inverted) {
        Field shift = fields.getOrDefault("shift", field("abc"));
        return new ModifiedImmediate(kind, inverted, field("abc"), field("defgh"), shift);
    }

    private Operand element(Field field, String suffix) {
        return new VectorOperands.Element(field, field("M"), field("L"), field("H"), shape, suffix);
    }

    private ShapeOperand shape() {
        if (shape == null) {
            throw new IllegalStateException("No shape in " + row);
        }
        return shape;
    }

    private Field field(String name) {
        Field field = fields.get(name);
        if (field == null) {
            throw new IllegalStateException("No field " + name + " in " + row);
        }
        return field;
    }
}
