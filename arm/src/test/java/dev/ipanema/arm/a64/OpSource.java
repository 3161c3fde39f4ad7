package dev.ipanema.arm.a64;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Writes the source of [Op] from the encoding table.
final class OpSource {
    private static final String HEAD = """
        package dev.ipanema.arm.a64;

        /// Operation numbers of the pre-decoded form, dense from 0, so that a switch over them is a table switch.
        ///
        /// An operation is a meaning, not an encoding: rows of the encoding table that mean the same share one
        /// (`LDUR` is `LDR_X_IMM`, `MOVZ` and `MOVN` are `MOV_CONST`). The groups are contiguous: `FIRST_…` and
        /// `LAST_…` bound them. What each field of a pre-decoded instruction holds is described at [PreDecoded].
        ///
        /// Generated from `encodings.txt`, in the order of its rows, by `OpSource` of the tests; a test fails
        /// when it is stale.
        public final class Op {
            /// A word that no encoding matches, or one whose feature the decoder was not given; aux and imm are 0.
            public static final int UNALLOCATED = 0;

        """;

    private OpSource() {}

    /// Rewrites the file named by the first argument.
    public static void main(String[] arguments) throws IOException {
        Files.writeString(Path.of(arguments[0]), text());
    }

    /// {@return the whole text of `Op.java`}
    static String text() {
        StringBuilder out = new StringBuilder(HEAD);
        int number = 1;
        for (Map.Entry<String, List<String>> group :
                EncodingTable.table().groups().entrySet()) {
            String name = group.getKey();
            out.append("    // ")
                    .append(name.toLowerCase(Locale.ROOT).replace('_', ' '))
                    .append('\n');
            constant(out, "FIRST_" + name, number);
            for (String op : group.getValue()) {
                constant(out, op, number++);
            }
            constant(out, "LAST_" + name, number - 1);
            out.append('\n');
        }
        out.append("    /// How many operation numbers there are.\n");
        constant(out, "COUNT", number);
        return out.append("\n    private Op() {}\n}\n").toString();
    }

    private static void constant(StringBuilder out, String name, int value) {
        out.append("    public static final int ")
                .append(name)
                .append(" = ")
                .append(value)
                .append(";\n");
    }
}
