package dev.ipanema.differential;

import dev.ipanema.arm.a64.Encoding;
import dev.ipanema.arm.a64.EncodingTable;
import dev.ipanema.arm.a64.Field;
import dev.ipanema.arm.a64.Op;

/// Moves an instruction from its place in a sequence to be the only one: it then stands directly before the tail.
final class Relocation {
    private Relocation() {}

    /// {@return the word of instruction `at`, with what is relative to its address adapted: a literal stays the same,
    /// a branch goes to the end}
    static int alone(Sequence sequence, int at) {
        Encoding row = EncodingTable.table().row(sequence.rows().get(at));
        int word = sequence.words()[at];
        boolean branch = row.op() >= Op.FIRST_BRANCH && row.op() <= Op.LAST_BRANCH;
        for (String name : new String[] {"imm26", "imm19", "imm14"}) {
            Field field = row.fields().get(name);
            if (field != null) {
                int moved = sequence.words().length - 1 - at;
                return with(word, field, branch ? 1 : field.get(word) - moved);
            }
        }
        return word;
    }

    /// {@return a word with another value in a field; what does not fit is cut}
    static int with(int word, Field field, int value) {
        int mask = (1 << field.width()) - 1;
        return (word & ~(mask << field.lsb())) | (value & mask) << field.lsb();
    }
}
