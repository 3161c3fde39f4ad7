package dev.ipanema.differential;

import java.util.List;

/// Something that executes A64.
interface Implementation {
    /// {@return the states after the sequences, each run in the slot of its index}
    ///
    /// @param sequences at most [Layout#BATCH]
    List<State> run(List<Sequence> sequences);
}
