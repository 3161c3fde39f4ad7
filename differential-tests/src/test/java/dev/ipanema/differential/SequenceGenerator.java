package dev.ipanema.differential;

import dev.ipanema.arm.a64.A64Feature;
import dev.ipanema.arm.a64.Encoding;
import dev.ipanema.arm.a64.EncodingTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/// Makes sequences: one instruction of a wanted row, often with others before and behind it.
final class SequenceGenerator {
    private static final int ATTEMPTS = 200;

    private final RandomGenerator random;
    private final Values values;
    private final List<Encoding> others;

    /// @param others the rows of the instructions around the wanted one
    SequenceGenerator(RandomGenerator random, List<Encoding> others) {
        this.random = random;
        this.values = new Values(random);
        this.others = List.copyOf(others);
    }

    /// {@return a sequence with an instruction of `row`}
    Sequence of(Encoding row) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Draft draft = new Draft(random, values);
            int count = random.nextInt(3) == 0 ? 2 + random.nextInt(4) : 1;
            int place = random.nextInt(count);
            boolean made = true;
            for (int i = 0; i < count && made; i++) {
                made = i == place ? wanted(draft, row) : draft.add(others.get(random.nextInt(others.size())));
            }
            if (made) {
                return draft.sequence();
            }
        }
        throw new IllegalStateException("No sequence with " + row + " found");
    }

    /// A store exclusive mostly has its load exclusive before it.
    private boolean wanted(Draft draft, Encoding row) {
        String name = row.name();
        if ((name.startsWith("STX") || name.startsWith("STLX")) && random.nextInt(4) != 0) {
            Encoding load =
                    EncodingTable.table().row(name.replace("STLX", "LDAX").replace("STX", "LDX"));
            return draft.addExclusivePair(load, row);
        }
        return draft.add(row);
    }

    /// {@return the rows whose names match, of those that may be compared}
    static List<Encoding> rows(String names, NotCompared not, Set<A64Feature> features) {
        List<Encoding> rows = new ArrayList<>();
        for (Encoding row : EncodingTable.table().rows()) {
            boolean present = row.feature() == null || features.contains(row.feature());
            if (present && not.allows(row) && row.name().matches(names)) {
                rows.add(row);
            }
        }
        return rows;
    }
}
