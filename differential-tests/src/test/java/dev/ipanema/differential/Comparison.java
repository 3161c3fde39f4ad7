package dev.ipanema.differential;

import java.util.ArrayList;
import java.util.List;

/// Runs sequences on two implementations and shrinks where they disagree.
///
/// @param ours the one under test; it also gives the states between the instructions of a sequence
/// @param theirs the other one
record Comparison(Implementation ours, Implementation theirs) {
    /// A sequence after which the states differ.
    record Difference(Sequence sequence, int slot, State ours, State theirs) {}

    /// {@return the sequences of a batch that end differently}
    List<Difference> differences(List<Sequence> sequences) {
        List<State> our = ours.run(sequences);
        List<State> their = theirs.run(sequences);
        List<Difference> differences = new ArrayList<>();
        for (int i = 0; i < sequences.size(); i++) {
            if (!our.get(i).agrees(their.get(i))) {
                differences.add(new Difference(sequences.get(i), i, our.get(i), their.get(i)));
            }
        }
        return differences;
    }

    /// {@return the first instruction that alone, from the state before it, makes a difference; else the whole}
    Difference shrink(Difference difference) {
        Sequence sequence = difference.sequence();
        if (sequence.words().length == 1) {
            return difference;
        }
        List<Sequence> singles = singles(difference);
        List<Difference> found = singles.isEmpty() ? List.of() : differences(singles);
        return found.isEmpty() ? difference : found.getFirst();
    }

    /// The instructions alone, each from the state that ours reaches before it; those of a sequence with branches that
    /// a branch may skip are taken too.
    private List<Sequence> singles(Difference difference) {
        Sequence whole = difference.sequence();
        List<Sequence> singles = new ArrayList<>();
        State before = whole.startIn(difference.slot());
        for (int i = 0; i < whole.words().length; i++) {
            List<Sequence.RegisterTarget> target = new ArrayList<>();
            for (Sequence.RegisterTarget wanted : whole.targets()) {
                target.add(new Sequence.RegisterTarget(wanted.register(), 1));
            }
            Sequence single = new Sequence(
                    List.of(whole.rows().get(i)),
                    new int[] {Relocation.alone(whole, i)},
                    whole.literals(),
                    isRegisterBranch(whole.rows().get(i)) ? target : List.of(),
                    before);
            singles.add(single);
            State after = ours.run(List.of(single)).getFirst();
            if (after.signal != 0) {
                break;
            }
            before = after.copy();
            before.pc = 0;
        }
        return singles;
    }

    private static boolean isRegisterBranch(String row) {
        return row.equals("BR") || row.equals("BLR") || row.equals("RET");
    }
}
