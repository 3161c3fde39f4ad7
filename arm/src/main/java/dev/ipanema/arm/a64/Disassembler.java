package dev.ipanema.arm.a64;

/// Prints instruction words as GNU objdump does, preferred aliases included, with one space after the
/// mnemonic.
public final class Disassembler {
    private Disassembler() {}

    /// {@return the instruction in assembly, or `.inst 0x… ; undefined` when nothing matches the word}
    ///
    /// @param pc the instruction's address, to print targets as addresses
    public static String disassemble(int insn, long pc) {
        StringBuilder out = new StringBuilder();
        Encoding row = Decoder.all().find(insn);
        if (row == null) {
            return String.format(".inst 0x%08x ; undefined", insn);
        }
        preferred(row, insn).print(insn, pc, out);
        return out.toString();
    }

    /// {@return the alias a word of `row` is written as, or the row itself}
    static Encoding preferred(Encoding row, int insn) {
        EncodingTable table = EncodingTable.isSimd(insn) ? EncodingTable.table() : EncodingTable.base();
        for (Encoding alias : table.aliases(row)) {
            if (alias.matches(insn)) {
                return alias;
            }
        }
        return row;
    }
}
